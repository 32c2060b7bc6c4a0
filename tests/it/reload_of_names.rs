//! A reload whose listener is named by a host name: the name is looked up beside everything else.

use std::thread::{JoinHandle, spawn};

use rustix::process::Signal;

use crate::support::{Ran, Running, Setup, eventually};

/// In a debug build whoever looks a name up waits while this file says so.
const FAULT_FILE: &str = "fault";
const IS_SLOW: &str = "name_lookup waits";
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

    /// How many threads look a name up (Linux).
    fn lookups(&self) -> usize {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.0.daemon.pid())).unwrap();
        let names = threads.map(|thread| std::fs::read_to_string(thread.unwrap().path().join("comm")));
        names.filter(|name| name.as_ref().is_ok_and(|name| name.trim() == "lookup")).count()
    }

    fn go_on(&self) {
        self.0.sandbox.write(FAULT_FILE, "");
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
    slow.reload().join().unwrap().exits(1).says("cannot look up 127.1 within 8 s");
    let next = slow.reload();
    running.pending_url("work");
    if cfg!(target_os = "linux") {
        assert_eq!(slow.lookups(), 1, "reloads must not add up to any number of threads");
    }
    slow.go_on();
    next.join().unwrap().exits(0);
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
