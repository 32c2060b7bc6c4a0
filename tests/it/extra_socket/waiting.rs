//! Who waits at the extra socket waits as at the command socket, and learns no more than who does not.

use std::os::unix::net::UnixStream;

use pizauth_test_server::{Fault, Gate};
use serde_json::{Value, json};

use super::{extra, lent, there, to_lend};
use crate::support::callers::{answer, ask};
use crate::support::{Running, callers, eventually};
use crate::wait::{begin_at, expire, expired_in, short_lived_in};

fn expired() -> (Running, Gate) {
    expired_in(to_lend(), Fault::none())
}

fn begin(running: &Running, wait: u64) -> UnixStream {
    begin_at(&extra(running), running, "show", wait)
}

fn refused(kind: &str, message: &str) -> Value {
    json!({ "refused": { "kind": kind, "message": message } })
}

#[test]
fn the_token_comes_as_soon_as_it_is_there() {
    let (running, gate) = expired();
    let waiting = begin(&running, 60);
    assert_eq!(there(&running, "show").args(["work"]).run().exits(1).code(), 1, "who does not wait");
    gate.open();
    let told = answer(waiting);
    let token = running.token("work");
    assert_eq!(told, json!({ "access_token": { "access_token": token } }));
    running.daemon.wait_for_log(&["event=token_forwarded account=\"work\""]);
    let ran = there(&running, "show").args(["--wait", "60s", "--format", "bearer", "work"]).run();
    assert_eq!(ran.exits(0).line(), format!("Bearer {token}"));
}

#[test]
fn what_went_wrong_is_told_to_nobody_who_waited() {
    let gone = Fault::oauth_error(400, "invalid_grant", "the words of the server");
    let (running, gate) = expired_in(to_lend(), gone);
    let ran = there(&running, "show").args(["--wait", "1s", "work"]).run().exits(1).prints_nothing();
    assert_eq!(ran.stderr, "pizauth-show: no access token within 1 s\n");
    let waiting = begin(&running, 60);
    gate.open();
    let ended = "no access token for account \"work\": pizauth status tells where pizauthd runs";
    assert_eq!(answer(waiting), refused("ended", ended));
    running.daemon.wait_for_log(&["event=session_ended", "the words of the server"]);
}

#[test]
fn only_a_person_can_help_and_is_not_waited_for() {
    let running = lent();
    let signed_out = "work has to be signed in where pizauthd runs";
    let show = || there(&running, "show").args(["--wait", "60s", "work"]).run().exits(1).prints_nothing();
    assert_eq!(show().stderr, format!("pizauth-show: {signed_out}\n"));
    assert_eq!(running.status_of("work")["state"], "empty", "no authorization begins");
    running.pending_url("work");
    assert_eq!(show().stderr, format!("pizauth-show: {signed_out}\n"));
    let waiting = begin_at(&extra(&running), &running, "show", 61);
    assert_eq!(answer(waiting), refused("bad_request", "this socket lets nobody wait longer than 1 min"));
}

#[test]
fn who_is_not_listed_any_more_waits_no_longer() {
    let (running, _gate) = expired();
    let config = std::fs::read_to_string(running.sandbox.config_file()).unwrap();
    let reload = |config: &str| {
        running.sandbox.write_config(config);
        running.sandbox.applet("reload").run().exits(0);
    };
    let waiting = begin(&running, 60);
    reload(&config.replace("[\"work\"]", "[\"home\"]"));
    let unknown = answer(waiting);
    assert_eq!(unknown["refused"]["kind"], "unknown_account");
    assert_eq!(unknown, ask(&extra(&running), &callers::show("work")));
    reload(&config);
    let waiting = begin(&running, 60);
    reload(&config.replace("extra_socket", "// extra_socket"));
    assert_eq!(answer(waiting), refused("restricted", "this socket only shows tokens"));
    reload(&config);
    let waiting = begin(&running, 60);
    let without = config.replace("[\"work\"]", "[\"home\"]").replace("account \"work\"", "account \"play\"");
    reload(&without);
    assert_eq!(answer(waiting)["refused"]["kind"], "unknown_account");
}

#[test]
fn a_daemon_that_stops_says_so() {
    let (running, gate) = expired();
    let waiting = begin(&running, 60);
    running.daemon.signal(rustix::process::Signal::TERM);
    assert_eq!(answer(waiting)["refused"]["kind"], "shutting_down");
    gate.open();
}

#[test]
fn what_startup_cmd_may_bring_back_is_waited_for() {
    let mut running = lent();
    let token = running.sign_in("work");
    running.sandbox.write("dump", running.sandbox.applet("dump").run().exits(0).stdout);
    running.stop();
    let restore = env!("CARGO_BIN_EXE_pizauth-restore");
    let startup_cmd =
        format!("until test -e go; do sleep 0.05; done; if test -e dump; then '{restore}' < dump; fi");
    running.sandbox.prepend_config(&format!("startup_cmd = \"{startup_cmd}\";"));
    running.restart_without_waiting();
    let waiting = begin(&running, 60);
    running.sandbox.write("go", "");
    assert_eq!(answer(waiting), json!({ "access_token": { "access_token": token } }));
    running.stop();

    ["go", "dump"].iter().for_each(|file| std::fs::remove_file(running.sandbox.path(file)).unwrap());
    running.restart_without_waiting();
    let waiting = begin(&running, 60);
    running.sandbox.write("go", "");
    let told = refused("restricted", "work has to be signed in where pizauthd runs");
    assert_eq!(answer(waiting), told);
    assert_eq!(running.status_of("work")["state"], "empty", "no authorization begins");
}

#[test]
fn many_who_wait_leave_room_for_others_and_guests_for_more_than_guests() {
    let mut running = short_lived_in(to_lend()).start();
    running.restart_with_descriptors(256);
    let gate = expire(&running, Fault::none());
    let (here, there) = (running.sandbox.socket(), extra(&running));
    let is_busy = |answer: &Value| answer["refused"]["kind"] == "busy";
    let mut waiting: Vec<_> = (0..24).map(|_| begin(&running, 60)).collect();
    assert!(is_busy(&answer(begin(&running, 60))), "a guest more");
    waiting.extend((0..72).map(|_| begin_at(&here, &running, "show", 60)));
    let one_more = running.sandbox.applet("show").args(["--wait", "60s", "work"]).run();
    one_more.exits(1).prints_nothing().says("too many callers wait already");
    // Who does not wait is served, and who leaves makes room.
    assert_eq!(ask(&there, &callers::show("work"))["expired"]["refresh_in"], 0);
    drop(waiting.pop());
    let waits = || answer(begin_at(&here, &running, "show", 1));
    eventually("room", || Some(waits()).filter(|answer| answer["refused"]["kind"] == "timed_out"));
    gate.open();
    assert!(waiting.into_iter().map(answer).all(|answer| answer["access_token"].is_object()));
    assert!(!is_busy(&answer(begin(&running, 60))));
}
