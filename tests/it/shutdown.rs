//! `pizauth shutdown`: returns when the daemon has gone.

use std::fs::DirBuilder;
use std::io::{Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::thread;

use pizauth_test_server::browser::{self, Decision};
use rustix::process::Signal;

use crate::support::{Daemon, Running, Sandbox, Setup, callers, eventually};

#[test]
fn afterwards_the_daemon_and_its_socket_are_gone() {
    let running = Running::start();
    assert!(running.sandbox.socket().exists());
    running.sandbox.applet("shutdown").run().exits(0).prints_nothing();
    assert!(!running.sandbox.socket().exists());
    assert_eq!(running.daemon.wait().code(), Some(0));
    running.show("work").exits(2);
    running.sandbox.applet("shutdown").run().exits(2);
}

#[test]
fn a_daemon_of_another_place_than_was_named_is_named_itself() {
    let sandbox = Sandbox::configured();
    let place = sandbox.home().join(".local/state/pizauth/run-1");
    DirBuilder::new().mode(0o700).recursive(true).create(&place).unwrap();
    let socket = place.join("pizauth.sock");
    let daemon = Daemon::start(&sandbox, sandbox.applet("server").env("PIZAUTH_SOCKET", &socket));
    let stopped = sandbox.applet("shutdown").env("XDG_RUNTIME_DIR", "/missing").run().exits(0);
    stopped.says("no pizauthd in XDG_RUNTIME_DIR (/missing)").says(socket.to_str().unwrap());
    daemon.wait();
}

#[test]
fn another_daemon_can_start_at_once() {
    let mut running = Running::start();
    for _ in 0..3 {
        running.sandbox.applet("shutdown").run().exits(0);
        running.daemon = running.sandbox.start();
    }
    running.pending_url("work");
}

#[test]
fn queued_token_events_are_finished_first() {
    let hook = "token_event_cmd = \"sleep 0.3; echo $PIZAUTH_EVENT >> events\";";
    let running = Setup::new().global(hook).start();
    running.sign_in("work");
    running.revoke("work").exits(0);
    running.sandbox.applet("shutdown").run().exits(0);
    assert_eq!(running.sandbox.read("events"), "token_new\ntoken_revoked\n");
}

#[test]
fn whoever_asks_again_waits_with_the_first() {
    let hook = "touch begun; while [ ! -e go ]; do sleep 0.1; done; echo $PIZAUTH_EVENT >> events";
    let running = Setup::new().global(&format!("token_event_cmd = \"{hook}\";")).start();
    running.sign_in("work");
    running.revoke("work").exits(0);
    eventually("the first hook", || running.sandbox.path("begun").exists().then_some(()));
    let accepted = [(); 2].map(|()| {
        let mut caller = callers::call(&running.sandbox.socket());
        caller.write_all(&callers::request("shutdown")).unwrap();
        caller.read_exact(&mut [0; 5]).unwrap();
        caller
    });
    running.daemon.signal(Signal::TERM);
    running.sandbox.write("go", "");
    assert_eq!(running.daemon.wait().code(), Some(0));
    assert_eq!(running.sandbox.read("events"), "token_new\ntoken_revoked\n");
    drop(accepted);
}

#[test]
fn a_second_interrupt_ends_it_at_once() {
    let running = Setup::new().global("token_event_cmd = \"sleep 9; touch late; exec sleep 600\";").start();
    running.sign_in("work");
    running.daemon.wait_for_log(&["event=hook_started"]);
    running.daemon.signal(Signal::INT);
    running.daemon.wait_for_log(&["event=stopping"]);
    running.daemon.signal(Signal::INT);
    assert_eq!(running.daemon.wait().code(), Some(0));
    running.daemon.wait_for_log(&["event=stopped"]);
    assert!(!running.sandbox.path("late").exists(), "it waited for the hook");
}

#[test]
fn a_hook_of_the_daemon_can_call_it_without_deadlock() {
    let pizauth = env!("CARGO_BIN_EXE_pizauth");
    let hook = format!("auth_notify_cmd = \"'{pizauth}' shutdown; echo $? > exit\";");
    let running = Setup::new().global(&hook).start();
    running.show("work");
    assert_eq!(running.daemon.wait().code(), Some(0));
    eventually("the hook's end", || (running.sandbox.read("exit") == "0\n").then_some(()));
}

#[test]
fn while_it_stops_nothing_new_is_begun_and_tokens_are_shown() {
    let running = Running::start();
    let token = running.sign_in("work");
    let gate = running.begin_held_refresh("work");
    let dump = running.sandbox.applet("dump").run().exits(0).stdout;
    running.daemon.signal(Signal::TERM);
    running.daemon.wait_for_log(&["event=stopping"]);
    running.daemon.signal(Signal::HUP);
    running.refresh("work").exits(1).says("is stopping");
    running.sandbox.applet("reload").run().exits(1).says("is stopping");
    running.sandbox.applet("restore").stdin(dump).run().exits(1).says("is stopping");
    assert_eq!(running.token("work"), token);
    assert_eq!(running.status_of("work")["in_flight"], true);
    running.sandbox.applet("dump").run().exits(0);
    gate.open();
    assert_eq!(running.daemon.wait().code(), Some(0));
    assert!(!running.daemon.log().contains("event=reload"), "{}", running.daemon.log());
}

#[test]
fn while_it_stops_nobody_begins_to_wait() {
    let running = Setup::new().account("work", "").account("home", "").start();
    running.sign_in("work");
    let gate = running.begin_held_refresh("work");
    running.pending_url("home");
    running.daemon.signal(Signal::TERM);
    running.daemon.wait_for_log(&["event=stopping"]);
    let waits = running.sandbox.applet("show").args(["--wait", "60s", "home"]).run();
    waits.exits(1).prints_nothing().says("is stopping").says_not("URL");
    gate.open();
    assert_eq!(running.daemon.wait().code(), Some(0));
}

#[test]
fn a_browser_that_waits_for_an_exchange_is_told_that_it_cannot_be_answered() {
    let mut running = Running::start();
    let response = browser::decide(&running.pending_url("work"), Decision::Approve).unwrap();
    running.server.go_down();
    let page = thread::scope(|scope| {
        let browser = scope.spawn(|| browser::visit(&response).unwrap());
        running.daemon.wait_for_log(&["event=exchange_retried"]);
        running.daemon.signal(Signal::TERM);
        browser.join().unwrap()
    });
    assert_eq!(page.status, 503, "{}", page.body);
    assert!(page.body.contains("cannot answer now"), "{}", page.body);
    assert_eq!(running.daemon.wait().code(), Some(0));
}

#[test]
fn without_a_daemon_the_exit_status_is_2() {
    Sandbox::new().applet("shutdown").run().exits(2);
}
