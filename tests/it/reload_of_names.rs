//! A reload whose listener is named by a host name: the name is looked up beside everything else.

use std::io::Read;
use std::thread::{JoinHandle, spawn};
use std::time::Duration;

use pizauth_test_server::Fault;
use rustix::process::Signal;

use crate::support::{Ran, Running, Setup, eventually};
use crate::wait::{expire, waiting};

/// In a debug build whoever looks a name up waits while this file says so.
const FAULT_FILE: &str = "fault";
const IS_SLOW: &str = "name_lookup waits";
/// So does the event loop.
const LOOP_IS_BUSY: &str = "event_loop waits";
/// Not an address as Rust has it, but as the system has, which asks nobody what it means.
const NAMED: &str = "http_listen = \"127.1:0\";\n";
const UNKNOWN: &str = "http_listen = \"no-such-name.invalid:0\";\n";

/// A daemon whose lookups take long until [`Slow::go_on`]. `None`: a release build has no such faults.
struct Slow(Running);

impl Slow {
    fn start() -> Option<Self> {
        if !cfg!(debug_assertions) {
            return None;
        }
        let mut running = Setup::new().account("work", "").account("home", "").start();
        running.restart_by(&format!("export PIZAUTHD_PANIC_FILE={FAULT_FILE}; exec \"$@\" -v"));
        running.sandbox.write(FAULT_FILE, IS_SLOW);
        Some(Self(running))
    }

    /// Begins a reload, and returns once the daemon has seen it.
    fn reload(&self) -> JoinHandle<Ran> {
        let calls = || self.0.daemon.log().matches("request=reload").count();
        let before = calls();
        let reload = self.0.sandbox.applet("reload");
        let ran = spawn(move || reload.run());
        eventually("a reload", || (calls() > before).then_some(()));
        ran
    }

    /// How many threads have this name (Linux).
    fn threads(&self, name: &str) -> usize {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.0.daemon.pid())).unwrap();
        let names = threads.map(|thread| std::fs::read_to_string(thread.unwrap().path().join("comm")));
        names.filter(|it| it.as_ref().is_ok_and(|it| it.trim() == name)).count()
    }

    /// Puts another text in the place of what the workers read, who find either the old or the new one.
    fn fault(&self, text: &str) {
        let new = self.0.sandbox.write("new fault", text);
        std::fs::rename(new, self.0.sandbox.path(FAULT_FILE)).unwrap();
    }

    fn go_on(&self) {
        self.fault("");
    }
}

#[test]
fn a_lookup_that_takes_long_delays_nobody_else() {
    let Some(slow) = Slow::start() else { return };
    let Slow(running) = &slow;
    running.sandbox.prepend_config(NAMED);
    let reload = slow.reload();
    running.sign_in("work");
    running.pending_url("home");
    assert!(!reload.is_finished());
    slow.go_on();
    reload.join().unwrap().exits(0);
    running.sign_in("home");
}

#[test]
fn a_name_that_is_not_found_changes_nothing_and_is_said() {
    let running = Running::start();
    let token = running.sign_in("work");
    running.sandbox.prepend_config(UNKNOWN);
    let ran = running.sandbox.applet("reload").run().exits(1);
    ran.says("no-such-name.invalid").says("http_listen");
    assert_eq!(running.token("work"), token);
}

#[test]
fn reloads_in_the_meantime_join_and_the_last_configuration_counts() {
    let Some(slow) = Slow::start() else { return };
    let Slow(running) = &slow;
    running.sandbox.prepend_config(NAMED);
    let first = slow.reload();
    let text = std::fs::read_to_string(running.sandbox.config_file()).unwrap();
    running.sandbox.write_config(&text.replace("account \"home\"", "account \"away\""));
    running.daemon.signal(Signal::HUP);
    let second = slow.reload();
    running.pending_url("home");
    slow.go_on();
    first.join().unwrap().exits(0);
    second.join().unwrap().exits(0);
    running.pending_url("away");
    running.show("home").exits(1).says("no account");
    let lookups = running.daemon.log().matches("event=reloaded").count();
    assert_eq!(lookups, 1, "one reload for all three");
}

#[test]
fn a_lookup_that_takes_too_long_is_an_error_and_the_next_reload_waits_for_its_end() {
    let Some(slow) = Slow::start() else { return };
    let Slow(running) = &slow;
    running.sandbox.prepend_config(NAMED);
    slow.reload().join().unwrap().exits(1).says("cannot look up 127.1 in time");
    let next = slow.reload();
    running.pending_url("work");
    if cfg!(target_os = "linux") {
        assert_eq!(slow.threads("lookup"), 1, "reloads must not add up to any number of threads");
    }
    slow.go_on();
    next.join().unwrap().exits(0);
}

#[test]
fn who_joins_a_reload_that_is_given_up_has_its_file_read_then() {
    let Some(slow) = Slow::start() else { return };
    let Slow(running) = &slow;
    let text = std::fs::read_to_string(running.sandbox.config_file()).unwrap();
    running.sandbox.prepend_config(NAMED);
    let first = slow.reload();
    // The second comes long after the first, so that a daemon that gets no time to run for some seconds does not find
    // both late. If it comes after the first is given up, it is no less to succeed.
    running.sandbox.applet("show").args(["--wait", "6s", "work"]).run().exits(1);
    running.sandbox.write_config(&text.replace("account \"home\"", "account \"away\""));
    let second = slow.reload();
    first.join().unwrap().exits(1).says("cannot look up 127.1 in time");
    running.daemon.wait_for_log(&["event=reload_failed", "cannot look up 127.1 in time"]);
    second.join().unwrap().exits(0);
    running.pending_url("away");
}

#[test]
fn who_is_given_a_token_in_the_same_moment_as_a_reload_ends_the_session_has_it() {
    let Some(slow) = Slow::start() else { return };
    let Slow(running) = &slow;
    if !cfg!(target_os = "linux") {
        return;
    }
    running.server.change_policy(|policy| policy.access_token_lifetime = Duration::from_secs(2));
    let gate = expire(running, Fault::none());
    let (show, mut told) = waiting(running, &["show", "--format", "json", "--wait", "60s", "work"]);
    running.daemon.wait_for_log(&["request=show", &format!("pid={}", show.id())]);
    let text = std::fs::read_to_string(running.sandbox.config_file()).unwrap();
    running.sandbox.write_config(&format!("{NAMED}{}", text.replace("client-of-work", "another-client")));
    let reload = slow.reload();

    // The answer comes first and the addresses second, while the event loop is busy.
    slow.fault(&format!("{IS_SLOW}\n{LOOP_IS_BUSY}"));
    gate.open();
    eventually("the answer", || (slow.threads("http-request") == 0).then_some(()));
    slow.fault(LOOP_IS_BUSY);
    eventually("the addresses", || (slow.threads("lookup") == 0).then_some(()));
    slow.go_on();
    reload.join().unwrap().exits(0);
    let mut why = String::new();
    told.read_to_string(&mut why).unwrap();
    assert_eq!((show.wait_with_output().unwrap().status.code(), why.as_str()), (Some(0), ""));
    running.pending_url("work");
}

#[test]
fn a_stop_waits_for_no_lookup() {
    let Some(slow) = Slow::start() else { return };
    let Slow(running) = &slow;
    running.sandbox.prepend_config(NAMED);
    let reload = slow.reload();
    running.stop();
    reload.join().unwrap().exits(1).says("stopping");
}
