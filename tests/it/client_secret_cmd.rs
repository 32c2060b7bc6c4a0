//! Clients whose secret a command prints: when it runs, what of it counts, and what becomes of one that fails.

use nix::sys::signal::kill;
use nix::unistd::Pid;
use pizauth_test_server::{Endpoint, Entry};
use serde_json::Value;

use crate::support::{Running, Setup, eventually};

const SECRET: &str = "a-secret-of-the-client";

/// Writes down that it runs, and for whom, and goes on as the file `command` says.
const COMMAND: &str = "client_secret_cmd = \"echo $PIZAUTH_ACCOUNT >> runs; . ./command\";";

fn setup() -> Setup {
    let secrets = ["work", "basic"].map(|name| (format!("client-of-{name}"), SECRET.to_owned()));
    Setup::new().policy(|policy| policy.client_secrets.extend(secrets)).account("work", COMMAND)
}

fn running() -> Running {
    let running = setup().start();
    running.commands("echo a-secret-of-the-client; echo user: me");
    running
}

impl Running {
    /// What the command does from now on.
    fn commands(&self, script: &str) {
        self.sandbox.write("command", script);
    }

    fn runs(&self) -> usize {
        self.sandbox.read("runs").lines().count()
    }

    /// A refresh comes to nothing: why.
    #[track_caller]
    fn refresh_fails(&self) -> String {
        let before = self.status_of("work")["last_refresh"].clone();
        let told = self.sandbox.applet("refresh").args(["--wait", "60s", "work"]).run().exits(1).stderr;
        let row = self.status_of("work");
        assert_eq!(
            (&row["needs_attention"], &row["waits_for_secret"]),
            (&true.into(), &false.into()),
            "{told}"
        );
        assert_ne!(before, Value::Null, "it has signed in");
        row["last_error"].as_str().expect("an error").to_owned()
    }

    #[track_caller]
    fn refreshes(&self) -> Entry {
        let count = self.server.log().count(Endpoint::Refresh);
        self.sandbox.applet("refresh").args(["--wait", "60s", "work"]).run().exits(0);
        self.wait_finished(Endpoint::Refresh, count + 1)
    }
}

#[test]
fn it_runs_when_it_is_first_needed_and_what_it_prints_is_kept() {
    let mut running = running();
    running.restart_by("exec \"$@\" -vvvv");
    running.pending_url("work");
    assert_eq!(running.runs(), 0, "neither the start nor a URL needs it");
    running.sign_in("work");
    let exchange = running.wait_finished(Endpoint::Exchange, 1);
    assert_eq!(exchange.request.form("client_secret"), Some(SECRET));
    for _ in 0..2 {
        assert_eq!(running.refreshes().request.form("client_secret"), Some(SECRET));
    }
    assert_eq!(running.sandbox.read("runs"), "work\n");
    let log = running.daemon.log();
    assert!(log.contains("event=hook_started") && log.contains("hook=client_secret_cmd"), "{log}");
    assert!(!log.contains(SECRET) && !log.contains("user: me"), "{log}");
    running.sandbox.applet("reload").run().exits(0);
    running.refreshes();
    assert_eq!(running.runs(), 2, "a reload forgets it");
}

#[test]
fn it_is_sent_as_client_auth_says() {
    let running = setup().account("basic", &format!("{COMMAND} client_auth = \"basic\";")).start();
    running.commands("echo a-secret-of-the-client");
    running.sign_in("basic");
    let exchange = running.wait_finished(Endpoint::Exchange, 1);
    assert!(exchange.request.header("authorization").is_some_and(|value| value.starts_with("Basic ")));
    assert_eq!(exchange.request.form("client_secret"), None);
}

#[test]
fn whatever_goes_wrong_with_it_needs_attention_and_costs_no_session() {
    let running = running();
    running.sign_in("work");
    running.sandbox.applet("reload").run().exits(0);
    let token = running.token("work");
    for (script, why) in [
        ("echo one >&2; echo 'no such entry' >&2; exit 2", "failed (exit 2): no such entry"),
        (
            "echo a-secret-of-the-client; echo got a-secret-of-the-client >&2; exit 1",
            "failed (exit 1): got …",
        ),
        ("kill -KILL $$", "failed (signal 9)"),
        ("true", "has printed no secret on its first line"),
        ("echo; echo second", "has printed no secret on its first line"),
        ("printf 'a\\tb\\n'", "has printed control characters on its first line"),
        ("printf '\\377\\376\\n'", "has printed a first line that is not UTF-8"),
        ("head -c 1048576 /dev/zero | tr '\\0' x", "has printed more than 64 KiB on its first line"),
        ("exec cat /dev/zero", "wrote more than 1 MiB"),
        ("exec ./nothing", "failed (exit 127)"),
    ] {
        running.commands(script);
        let error = running.refresh_fails();
        assert!(error.starts_with(&format!("client_secret_cmd {why}")), "{script}: {error}");
        assert_eq!(running.token("work"), token, "{script}");
    }
    assert_eq!(running.server.log().count(Endpoint::Refresh), 0, "nothing is sent without it");
    let log = running.daemon.log();
    assert!(log.contains("event=needs_attention") && log.contains("no such entry"), "{log}");
    assert!(!log.contains(SECRET), "{log}");
    running.commands("echo a-secret-of-the-client");
    running.refreshes();
}

#[test]
fn it_may_run_commands_of_ours_and_status_says_what_is_waited_for() {
    let running = running();
    let token = running.sign_in("work");
    running.sandbox.applet("reload").run().exits(0);
    let script = "pizauth show work > shown; pizauth status > status; echo a-secret-of-the-client";
    running.commands(script);
    running.refreshes();
    assert_eq!(running.sandbox.read("shown").trim_end(), token);
    let status = running.sandbox.read("status");
    assert!(status.contains(", waits for client_secret_cmd\n"), "{status}");
}

#[test]
fn a_secret_that_the_server_refuses_is_asked_for_once_more() {
    let running = running();
    running.sign_in("work");
    running.server.change_policy(|policy| {
        policy.client_secrets.insert("client-of-work".to_owned(), "the-new-secret".to_owned());
    });
    running.commands("echo the-new-secret");
    running.sandbox.applet("refresh").args(["--wait", "60s", "work"]).run().exits(0);
    let again = running.wait_finished(Endpoint::Refresh, 2);
    assert_eq!(again.request.form("client_secret"), Some("the-new-secret"));
    assert_eq!(running.runs(), 2);
    running.daemon.wait_for_log(&["event=secret_refused", "account=\"work\""]);
    running.server.change_policy(|policy| {
        policy.client_secrets.insert("client-of-work".to_owned(), "the-newest-secret".to_owned());
    });
    let error = running.refresh_fails();
    assert!(error.starts_with("invalid_client"), "{error}");
    assert_eq!((running.runs(), running.server.log().count(Endpoint::Refresh)), (3, 3), "it is the same");
}

#[test]
fn a_stop_ends_it_and_waits_for_nobody() {
    let running = running();
    running.sign_in("work");
    running.sandbox.applet("reload").run().exits(0);
    running.commands("echo $$ > pid; exec sleep 1000");
    running.refresh("work").exits(0);
    let pid = eventually("the command", || running.sandbox.read("pid").trim().parse::<i32>().ok());
    assert_eq!(running.status_of("work")["waits_for_secret"], true);
    running.token("work");
    running.stop();
    eventually("its end", || kill(Pid::from_raw(pid), None).is_err().then_some(()));
}
