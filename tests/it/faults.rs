//! When something goes wrong inside or around the daemon: a bug, a system that is out of something, a sudden end.

use std::os::unix::net::UnixStream;

use pizauth_test_server::{Endpoint, Fault, Gate, browser};
use rustix::process::Signal;

use crate::support::{Daemon, Door, Running, Sandbox, Setup, can_become_another_user, eventually, process};

/// In a debug build the next job of the worker whose name stands in this file panics.
const PANIC_FILE: &str = "panic";

/// A daemon that panics when it is told to, with a session of `work`. `None`: a release build never does.
fn with_panics() -> Option<Running> {
    if !cfg!(debug_assertions) {
        return None;
    }
    let mut running = Setup::new().account("work", "").account("home", "").start();
    running.restart_by(&format!("export PIZAUTHD_PANIC_FILE={PANIC_FILE}; exec \"$@\""));
    running.sign_in("work");
    Some(running)
}

/// Lets the next job of `worker` panic, which is what `job` gives it.
#[track_caller]
fn panics(running: &Running, worker: &str, job: impl FnOnce()) {
    running.sandbox.write(PANIC_FILE, worker);
    job();
    running.daemon.wait_for_log(&["event=worker_panicked", &format!("worker={worker}"), "containment.rs"]);
    assert!(!running.daemon.log().contains("hunter2"), "the words of a panic may quote a secret");
}

#[test]
fn a_panic_in_the_event_loop_costs_that_step_only() {
    let Some(running) = with_panics() else { return };
    let token = running.token("work");
    panics(&running, "caller", || drop(running.show("work").exits(1).says("a bug at src/daemon/")));
    panics(&running, "event_loop", || running.daemon.signal(Signal::USR1));
    assert_eq!(running.token("work"), token);
    running.daemon.signal(Signal::USR1);
    running.daemon.wait_for_log(&["event=status"]);
}

#[test]
fn a_panic_that_comes_again_and_again_keeps_nobody_from_an_answer_and_is_no_storm() {
    let Some(running) = with_panics() else { return };
    let token = running.token("work");
    running.sandbox.write(PANIC_FILE, "agenda always");
    running.refresh("work").exits(0);
    let panics = || running.daemon.log().matches("worker=agenda").count();
    eventually("panics", || (panics() > 2).then_some(()));
    let before = panics();
    for _ in 0..20 {
        running.show("work").exits(0);
    }
    // A few turns of the loop for each call, and one a second by itself.
    let more = panics() - before;
    assert!(more < 20 * 5, "{more}");
    running.sandbox.write(PANIC_FILE, "");
    running.wait_for_other_token("work", &token);
}

#[test]
fn a_panic_during_a_refresh_is_a_failed_refresh() {
    for worker in ["http", "http_request"] {
        let Some(running) = with_panics() else { return };
        let token = running.token("work");
        panics(&running, worker, || drop(running.refresh("work").exits(0)));
        running.daemon.wait_for_log(&["event=refresh_failed", "a bug"]);
        assert_eq!(running.token("work"), token);
        running.refresh("work").exits(0);
        running.wait_for_other_token("work", &token);
    }
}

#[test]
fn a_panic_in_the_redirect_listener_costs_a_connection_at_most() {
    let Some(running) = with_panics() else { return };
    let url = running.pending_url("home");
    let redirect = browser::decide(&url, browser::Decision::Approve).unwrap();
    panics(&running, "redirect_connection", || drop(browser::visit(&redirect).unwrap_err()));
    // Who comes while it still looks whether others wait belongs to its old job.
    let visit_in_its_next_job = || {
        assert_eq!(browser::visit(&redirect).unwrap().status, 200);
        running.sandbox.read(PANIC_FILE).is_empty().then_some(())
    };
    panics(&running, "redirect_listener", || eventually("the panic", visit_in_its_next_job));
    running.token("home");
    running.token("work");
}

#[test]
fn with_24_descriptors_everybody_is_served_in_time() {
    let hook = "token_event_cmd = \"echo $PIZAUTH_EVENT >> events\";";
    let mut running = Setup::new().global(hook).global("https_listen = \"127.0.0.1:0\";").start();
    running.restart_with_descriptors(24);
    browser::approve(&running.pending_url("work")).unwrap();
    let door = Door::http(&running.sandbox);
    let callers: Vec<_> = (0..40).map(|_| UnixStream::connect(running.sandbox.socket()).unwrap()).collect();
    let browsers: Vec<_> = (0..40).map(|_| door.connect()).collect();
    eventually("an answer", || running.show("work").status.success().then_some(()));
    drop((callers, browsers));
    let token = running.token("work");
    running.refresh("work").exits(0);
    running.wait_for_other_token("work", &token);
    eventually("the events", || running.sandbox.read("events").contains("token_refreshed").then_some(()));
}

#[test]
fn without_a_further_process_everything_waits_and_nothing_is_lost() {
    if !can_become_another_user("a limit of processes") {
        return;
    }
    let hook = "token_event_cmd = \"echo $PIZAUTH_EVENT >> events\";";
    let mut running = Setup::new().global(hook).start();
    running.stop();
    running.sandbox.give_away();
    running.daemon = Daemon::start(&running.sandbox, running.sandbox.applet("server").args(["-vvv"]));
    let token = running.sign_in("work");
    let events = |count| (running.sandbox.read("events").lines().count() == count).then_some(());
    eventually("the first event", || events(1));
    // Not as root: a container may not let it.
    let limit = |processes: &str| {
        let limit =
            ["--pid", &running.daemon.pid().to_string(), &format!("--nproc={processes}:")].map(String::from);
        running.sandbox.program("prlimit").args(limit).run().exits(0);
    };
    let usual = process::limits(running.daemon.pid(), "Max processes").0;
    limit("1");
    running.refresh("work").exits(0);
    running.daemon.wait_for_log(&["event=refresh_failed", "cannot start a thread"]);
    running.revoke("work").exits(0);
    running.daemon.wait_for_log(&["event=hook_not_started", "token_event_cmd"]);
    limit(&usual);
    eventually("the second event", || events(2));
    assert_eq!(running.sandbox.read("events"), "token_new\ntoken_revoked\n");
    assert_ne!(running.sign_in("work"), token);
}

#[test]
fn with_96_mib_of_address_space_hostile_dumps_are_refused_and_nothing_dies() {
    let mut running = Running::start();
    running.restart_by("ulimit -v 98304; exec \"$@\"");
    let token = running.sign_in("work");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            let restore = || running.sandbox.applet("restore").stdin(vec![b'x'; 11 << 20]).run().status;
            scope.spawn(restore);
        }
    });
    assert_eq!(running.token("work"), token);
    running.refresh("work").exits(0);
    running.wait_for_other_token("work", &token);
    let dump = running.sandbox.applet("dump").run().exits(0).stdout;
    running.sandbox.applet("restore").stdin(dump).run().exits(0);
}

#[test]
fn on_a_full_disk_without_syslog_tokens_are_shown_and_refreshed() {
    if Sandbox::new().program("unshare").args(["-m", "true"]).run().code() != 0 {
        return; // Not everybody may mount something.
    }
    let mut running = Setup::new().global("token_event_cmd = \"echo $PIZAUTH_EVENT > kept\";").start();
    let script = "[ ! -e /dev/log ] || mount --bind /dev/null /dev/log; mkdir full && mount -t tmpfs -o size=64k none full \
                  && cd full && { cat /dev/zero > filled; exec \"$@\" --syslog 2> log; }";
    running.restart_by(&format!("exec unshare -m sh -c '{script}' sh \"$@\""));
    let token = running.sign_in("work");
    running.refresh("work").exits(0);
    running.wait_for_other_token("work", &token);
    running.revoke("work").exits(0);
    running.sign_in("work");
}

#[test]
fn a_stop_with_50_refreshes_wanted_finishes_those_in_flight_and_tells_their_events() {
    let accounts: Vec<String> = (0..50).map(|number| format!("account-{number}")).collect();
    let setup = Setup::new().global("token_event_cmd = \"echo $PIZAUTH_ACCOUNT $PIZAUTH_EVENT >> events\";");
    let running = accounts.iter().fold(setup, |setup, account| setup.account(account, "")).start();
    for account in &accounts {
        running.sign_in(account);
    }
    let gate = Gate::closed();
    running.server.script_always(Endpoint::Refresh, Some(Fault::none().held(&gate)));
    for account in &accounts {
        running.refresh(account).exits(0);
    }
    running.wait_arrived(Endpoint::Refresh, 8);
    running.daemon.signal(Signal::TERM);
    running.daemon.wait_for_log(&["event=stopping"]);
    gate.open();
    assert_eq!(running.daemon.wait().code(), Some(0));
    assert_eq!(running.server.log().count(Endpoint::Refresh), 8, "the others were not begun any more");
    let events = running.sandbox.read("events");
    assert_eq!(events.matches("token_refreshed").count(), 8, "{events}");
    assert!(!running.sandbox.socket().exists());
}
