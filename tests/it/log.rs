//! What a running daemon writes to its log: the single steps, from the verbosity that the manual page names.

use pizauth_test_server::{Endpoint, Fault};

use crate::support::{Daemon, Running, Sandbox};

#[test]
fn each_token_request_has_a_beginning_and_an_end() {
    let running = Running::start();
    running.sign_in("work");
    assert_begins_and_ends(&running, "authorization_code", "issued");
    running.server.script(Endpoint::Refresh, Fault::close());
    running.refresh("work").exits(0);
    assert_begins_and_ends(&running, "refresh_token", "transient");
}

#[track_caller]
fn assert_begins_and_ends(running: &Running, grant: &str, outcome: &str) {
    running.daemon.wait_for_log(&["event=request_started account=\"work\"", &format!("grant={grant}")]);
    let outcome = format!("outcome={outcome} awaited=true");
    running.daemon.wait_for_log(&["event=request_ended account=\"work\"", &outcome]);
}

#[test]
fn what_callers_ask_for_is_written_from_vvvv_on() {
    let sandbox = Sandbox::configured();
    let daemon = Daemon::start(&sandbox, sandbox.applet("server").args(["-vvvv"]));
    sandbox.applet("status").run().exits(0);
    daemon.wait_for_log(&["event=call", "request=status", "pid="]);
    let running = Running::start();
    running.refresh("work");
    running.stop();
    assert!(!running.daemon.log().contains("event=call"));
}
