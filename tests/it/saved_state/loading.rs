//! Before what was saved is there, nothing is decided.

use std::io::Write;

use rustix::process::Signal;
use serde_json::Value;

use super::{DECRYPT, ENCRYPT, filters, never_asked, saved, setup, sign_in_and_save, status};
use crate::support::{Running, callers, eventually};

const DECRYPTING: &str = "the saved tokens are still being decrypted";

/// A daemon that decrypts once there is a file `go`, as the token of its session `work` was.
fn decrypting() -> (Running, String) {
    decrypting_before("startup_cmd = \"touch started\";")
}

/// The same with another `startup_cmd`, or none.
fn decrypting_before(startup_cmd: &str) -> (Running, String) {
    let decrypt = format!("until test -e go; do sleep 0.05; done; {DECRYPT}");
    let mut running = setup(ENCRYPT, DECRYPT).account("work", "").account("home", "").start();
    let token = sign_in_and_save(&running);
    running.stop();
    running.sandbox.prepend_config(startup_cmd);
    let config = std::fs::read_to_string(running.sandbox.config_file()).unwrap();
    running.sandbox.write_config(&config.replace(&filters(ENCRYPT, DECRYPT), &filters(ENCRYPT, &decrypt)));
    running.restart_without_waiting();
    (running, token)
}

#[test]
fn callers_wait_for_the_load_and_nothing_else_begins() {
    let (running, token) = decrypting();
    assert_eq!(status(&running)["loading"], Value::Bool(true));
    running.sandbox.applet("status").run().exits(0).says(DECRYPTING);
    let info = running.sandbox.applet("info").run().exits(0).out();
    assert!(info.contains("saving: waits until the saved tokens are decrypted\n"), "{info}");
    let asked = std::thread::scope(|scope| {
        let caller = scope.spawn(|| running.token("work"));
        assert!(!running.sandbox.path("started").exists(), "startup_cmd comes after it");
        assert!(!running.daemon.log().contains("event=ready"));
        running.sandbox.write("go", "");
        caller.join().unwrap()
    });
    assert_eq!(asked, token);
    never_asked(&running);
    running.daemon.wait_for_log(&["event=ready"]);
    eventually("startup_cmd", || running.sandbox.path("started").exists().then_some(()));
    assert_eq!(status(&running)["loading"], Value::Bool(false));
}

#[test]
fn who_has_waited_for_8_seconds_is_told() {
    let (running, _) = decrypting();
    std::thread::scope(|scope| {
        let callers = ["show", "refresh", "revoke"].map(|command| {
            let running = &running;
            scope.spawn(move || running.sandbox.applet(command).args(["work"]).run())
        });
        let all = ["dump", "reload"].map(|command| {
            let running = &running;
            scope.spawn(move || running.sandbox.applet(command).run())
        });
        for caller in callers.into_iter().chain(all) {
            caller.join().unwrap().exits(1).prints_nothing().says(DECRYPTING);
        }
    });
    never_asked(&running);
    // Killed, it would leave the command behind.
    running.stop();
}

#[test]
fn who_has_waited_for_the_load_waits_for_no_startup_cmd_that_there_is_not() {
    let (running, _) = decrypting_before("");
    let mut caller = callers::call(&running.sandbox.socket());
    caller.write_all(&callers::show("home")).unwrap();
    // Whoever comes later is answered later.
    status(&running);
    running.sandbox.write("go", "");
    let answer = callers::answer(caller);
    assert!(answer["pending"]["url"].is_string(), "{answer}");
}

#[test]
fn a_signal_that_has_waited_for_the_load_has_all_its_time_for_a_lookup() {
    let (running, _) = decrypting();
    // Not an address as Rust has it, but as the system has, which asks nobody what it means.
    running.sandbox.prepend_config("http_listen = \"127.1:0\";\n");
    running.daemon.signal(Signal::HUP);
    // A caller has patience for 8 seconds, a lookup has no more.
    running.sandbox.applet("reload").run().exits(1).says(DECRYPTING);
    running.sandbox.write("go", "");
    let log = eventually("the end of the reload", || {
        let log = running.daemon.log();
        (log.contains("event=reloaded") || log.contains("event=reload_failed")).then_some(log)
    });
    assert!(!log.contains("event=reload_failed"), "{log}");
}

#[test]
fn a_stop_ends_a_load_and_keeps_what_was_saved() {
    let (running, _) = decrypting();
    let before = saved(&running);
    running.daemon.signal(Signal::TERM);
    running.daemon.wait();
    assert_eq!(saved(&running), before);
    assert!(before.is_some());
}
