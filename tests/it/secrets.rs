//! Where secrets must not be: in memory after their time, in core files, logs, arguments, environments.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use pizauth_test_server::{Endpoint, Policy, RefreshTokens, browser};
use rustix::process::{Pid, Resource, Signal, getrlimit};
use url::Url;

use crate::support::{Door, Running, Sandbox, Setup, can_become_another_user, eventually, process, state_in};

/// Far longer than a worker takes to end and a token of these tests to expire.
const SETTLING: Duration = Duration::from_secs(20);

/// What a session consisted of, as the authorization server saw it.
#[derive(Default)]
struct Secrets(Vec<(String, Vec<u8>)>);

impl Secrets {
    /// Everything that was issued or sent so far.
    fn of(running: &Running) -> Self {
        let mut secrets = Self::default();
        for entry in running.server.log().entries() {
            for field in ["code", "code_verifier", "refresh_token"] {
                secrets.add(field, entry.request.form(field));
            }
            secrets.add("access token", entry.access_token().as_deref());
            secrets.add("refresh token", entry.refresh_token().as_deref());
        }
        assert!(secrets.0.len() >= 4, "a code, a verifier and its bytes, and an access token at least");
        secrets
    }

    fn add(&mut self, name: &str, secret: Option<&str>) {
        let Some(secret) = secret else { return };
        self.0.push((format!("{name} {secret}"), secret.into()));
        if name == "code_verifier" {
            let bytes = URL_SAFE_NO_PAD.decode(secret).expect("a verifier is base64url");
            self.0.push((format!("the bytes of {name} {secret}"), bytes));
        }
    }

    fn without(mut self, kept: &[&str]) -> Self {
        self.0.retain(|(name, _)| !kept.iter().any(|kept| name.ends_with(kept)));
        self
    }

    /// Waits until the daemon has let go of them (a worker may be about to end), and fails where one stays.
    #[track_caller]
    fn are_gone_from(&self, running: &Running) {
        let deadline = Instant::now() + SETTLING;
        loop {
            let left = self.found_in(running.daemon.pid());
            if left.is_empty() {
                return;
            }
            assert!(Instant::now() < deadline, "still in memory: {left}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The middle of each is looked for: a copy that was overwritten in part counts, too.
    fn found_in(&self, pid: i32) -> String {
        let pieces: Vec<&[u8]> = self.0.iter().map(|(_, secret)| middle(secret)).collect();
        let copies = process::copies_in_memory(pid, &pieces);
        let found = self.0.iter().zip(copies).filter(|(_, copies)| *copies > 0);
        found.map(|((name, _), copies)| format!("\n{copies} × {name}")).collect()
    }
}

fn middle(secret: &[u8]) -> &[u8] {
    const PIECE: usize = 20;
    &secret[secret.len() / 2 - PIECE / 2..][..PIECE]
}

/// Token requests go over plain HTTP or TLS, which leave different things behind.
fn both_ways() -> [Setup; 2] {
    [Setup::new(), Setup::new().over_tls()]
}

/// A session whose tokens have both been replaced once, and its present access token.
fn refreshed_once(setup: Setup) -> (Running, String) {
    let running = setup.policy(|policy| policy.rotate = true).start();
    let first = running.sign_in("work");
    running.refresh("work").exits(0);
    let present = running.wait_for_other_token("work", &first);
    (running, present)
}

#[test]
fn after_a_revoke_no_secret_of_the_session_is_left_in_memory() {
    if !process::can_look() {
        return;
    }
    for setup in both_ways() {
        let (running, present) = refreshed_once(setup);
        let dump = running.sandbox.applet("dump").run().exits(0).stdout;
        running.sandbox.applet("restore").stdin(dump).run().exits(0);
        let secrets = Secrets::of(&running);
        assert!(secrets.found_in(running.daemon.pid()).contains(&present), "what is held can be found");
        running.revoke("work").exits(0);
        secrets.are_gone_from(&running);
    }
}

#[test]
fn a_dump_that_was_handed_out_is_not_left_in_memory() {
    if !process::can_look() {
        return;
    }
    let running = Setup::new().start();
    running.sign_in("work");
    let dump = running.sandbox.applet("dump").run().exits(0).stdout;
    let text = STANDARD.encode(&dump);
    let mut pieces = Secrets::default();
    let chunks = [("its bytes", &dump[..]), ("its base64", text.as_bytes())];
    for (what, piece) in
        chunks.iter().flat_map(|(what, all)| all.chunks_exact(64).map(move |piece| (what, piece)))
    {
        pieces.0.push(((*what).to_owned(), piece.to_vec()));
    }
    pieces.are_gone_from(&running);
    running.sandbox.applet("restore").stdin(dump.clone()).run().exits(0);
    pieces.are_gone_from(&running);
}

#[test]
fn a_code_that_came_by_https_is_not_left_in_memory_either() {
    if !process::can_look() {
        return;
    }
    let setup = Setup::new().global("https_listen = \"127.0.0.1:0\";");
    let running = setup.account("work", "redirect_uri = \"https://localhost/\";").start();
    let redirect = browser::decide(&running.pending_url("work"), browser::Decision::Approve).unwrap();
    let redirect = Url::parse(&redirect).unwrap();
    let head = format!(
        "GET {} HTTP/1.1\r\nHost: localhost:{}\r\n\r\n",
        &redirect[url::Position::BeforePath..],
        redirect.port().unwrap()
    );
    assert_eq!(Door::https(&running.sandbox).ask(head).status(), Some(200));
    let kept = [running.token("work"), running.wait_finished(Endpoint::Exchange, 1).refresh_token().unwrap()];
    Secrets::of(&running).without(&kept.each_ref().map(String::as_str)).are_gone_from(&running);
    running.revoke("work").exits(0);
    Secrets::of(&running).are_gone_from(&running);
}

#[test]
fn of_a_session_only_its_present_tokens_are_in_memory() {
    if !process::can_look() {
        return;
    }
    for setup in both_ways() {
        let (running, present) = refreshed_once(setup);
        let refreshed = running.wait_finished(Endpoint::Refresh, 1);
        let kept = [present.as_str(), &refreshed.refresh_token().unwrap()];
        Secrets::of(&running).without(&kept).are_gone_from(&running);
    }
}

#[test]
fn an_access_token_that_has_expired_is_not_left_in_memory() {
    if !process::can_look() {
        return;
    }
    for refresh_tokens in [RefreshTokens::Never, RefreshTokens::Always] {
        for setup in both_ways() {
            let policy = |policy: &mut Policy| {
                policy.access_token_lifetime = Duration::from_secs(4);
                policy.refresh_tokens = refresh_tokens;
            };
            expires(setup.policy(policy).start());
        }
    }
}

/// Of what was issued and sent only the refresh token is left, if there is one.
fn expires(mut running: Running) {
    running.sign_in("work");
    running.server.go_down();
    let kept = running.wait_finished(Endpoint::Exchange, 1).refresh_token();
    let kept: Vec<&str> = kept.iter().map(String::as_str).collect();
    Secrets::of(&running).without(&kept).are_gone_from(&running);
    assert_eq!(running.status_of("work")["state"], "active", "nobody has asked, nothing was revoked");
}

#[test]
fn a_client_secret_that_a_command_has_told_is_in_memory_until_a_reload() {
    if !process::can_look() {
        return;
    }
    const SECRET: &str = "a-secret-of-the-client-that-nobody-else-has";
    let secret = ("client-of-work".to_owned(), SECRET.to_owned());
    for setup in both_ways() {
        let setup = setup.policy(|policy| policy.client_secrets.extend([secret.clone()]));
        let running = setup.account("work", "client_secret_cmd = \"cat secret\";").start();
        running.sandbox.write("secret", SECRET);
        running.sign_in("work");
        let mut secrets = Secrets::default();
        secrets.add("client secret", Some(SECRET));
        let copies = secrets.found_in(running.daemon.pid());
        assert!(copies.starts_with("\n1 × "), "one is kept: {copies}");
        running.sandbox.applet("reload").run().exits(0);
        secrets.are_gone_from(&running);
    }
}

#[test]
fn the_daemon_leaves_no_core_file_and_its_hooks_get_their_limit_back() {
    let mut running = Setup::new().global("startup_cmd = \"ulimit -c > limit\";").start();
    // In the shell's blocks, which are no larger than a KiB; a container may allow none.
    let limit = getrlimit(Resource::Core).maximum.map_or(7, |bytes| 7.min(bytes / 1024));
    running.restart_by(&format!("ulimit -S -c {limit}; exec \"$@\""));
    assert_eq!(process::limits(running.daemon.pid(), "Max core file size").0, "0");
    assert_eq!(running.sandbox.read("limit"), format!("{limit}\n"));
}

#[test]
fn another_process_of_the_same_user_cannot_look_into_the_daemon_or_a_command() {
    if !can_become_another_user("a look into another process of the same user") {
        return;
    }
    let mut sandbox = Sandbox::configured();
    sandbox.give_away();
    let daemon = sandbox.start();
    daemon.signal(Signal::STOP);
    let mut command = sandbox.applet("show").args(["work"]).command.spawn().unwrap();
    let command_pid = Pid::from_child(&command).as_raw_nonzero().get();
    eventually("the command's call", || {
        process::told(command_pid, "comm").starts_with("pizauth-show").then_some(())
    });
    for pid in [daemon.pid(), command_pid] {
        eventually("the process to be hardened", || process::is_roots(pid).then_some(()));
        for file in ["mem", "environ", "fd/0"] {
            let look = format!("exec 3< /proc/{pid}/{file}");
            let ran = sandbox.program("/bin/sh").args(["-c", &look]).run();
            assert!(ran.stderr.contains("Permission denied"), "{file} of {pid}: {ran:?}");
        }
    }
    command.kill().unwrap();
    command.wait().unwrap();
    daemon.signal(Signal::CONT);
}

#[test]
fn nothing_secret_stands_in_a_log_line_an_argument_or_an_environment() {
    let look =
        "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\\\0' '\\\\n' >> seen; env >> seen";
    let hooks = ["token_event_cmd", "error_notify_cmd", "startup_cmd"];
    let hooks: String = hooks.iter().map(|hook| format!("{hook} = \"{look}\";\n")).collect();
    let secret = "client_secret = \"a-secret-of-the-client\";";
    let policy = |policy: &mut Policy| {
        policy.rotate = true;
        policy.client_secrets.insert("client-of-work".into(), "a-secret-of-the-client".into());
    };
    let mut running = Setup::new().policy(policy).global(&hooks).account("work", secret).start();
    running.restart_by("exec \"$@\" -vvvv");
    let url = running.pending_url("work");
    let first = running.sign_in("work");
    running.refresh("work").exits(0);
    running.wait_for_other_token("work", &first);
    running.server.end_all_sessions();
    running.refresh("work").exits(0);
    running.daemon.wait_for_log(&["event=session_ended"]);
    running.stop();

    let mut secrets = Secrets::of(&running);
    secrets.add("state", Some(&state_in(&url)));
    secrets.add("client secret", Some("a-secret-of-the-client"));
    let (log, seen) = (running.daemon.log(), running.sandbox.read("seen"));
    assert!(log.contains("event=token_refreshed") && seen.contains("PIZAUTH_EVENT=token_refreshed"), "{log}");
    for (name, secret) in &secrets.0 {
        let secret = String::from_utf8_lossy(secret);
        assert!(!log.contains(&*secret), "{name} is in the log:\n{log}");
        assert!(!seen.contains(&*secret), "{name} is in an argument or an environment:\n{seen}");
    }
}
