//! `pizauth revoke`: forgets, whatever is under way.

use pizauth_test_server::{Endpoint, Fault, Gate, browser};

use crate::support::{Running, Sandbox, Setup};

#[test]
fn the_token_is_forgotten_and_show_starts_anew() {
    let running = Running::start();
    running.sign_in("work");
    running.revoke("work").exits(0).prints_nothing();
    assert_eq!(running.status_of("work")["state"], "empty");
    running.pending_url("work");
}

#[test]
fn other_accounts_keep_theirs() {
    let running = Setup::new().account("work", "").account("home", "").start();
    running.sign_in("work");
    let home = running.sign_in("home");
    running.revoke("work").exits(0);
    assert_eq!(running.token("home"), home);
}

#[test]
fn a_pending_authorization_is_cancelled() {
    let running = Running::start();
    let url = running.pending_url("work");
    running.revoke("work").exits(0);
    assert_eq!(browser::approve(&url).unwrap().status, 404);
    assert_eq!(running.server.log().count(Endpoint::Exchange), 0);
}

#[test]
fn the_answer_of_an_exchange_that_outlives_a_revoke_counts_for_nothing() {
    let running = Running::start();
    let gate = Gate::closed();
    running.server.script(Endpoint::Exchange, Fault::none().held(&gate));
    let url = running.pending_url("work");
    std::thread::scope(|scope| {
        let browser = scope.spawn(|| browser::approve(&url).unwrap());
        running.wait_arrived(Endpoint::Exchange, 1);
        running.revoke("work").exits(0);
        gate.open();
        assert!(!browser.join().unwrap().body.contains("igned in: work"));
    });
    running.wait_finished(Endpoint::Exchange, 1);
    running.pending_url("work");
}

#[test]
fn the_answer_of_a_refresh_that_outlives_a_revoke_counts_for_nothing() {
    let running = Running::start();
    running.sign_in("work");
    let gate = running.begin_held_refresh("work");
    running.revoke("work").exits(0);
    gate.open();
    running.daemon.wait_for_log(&["event=request_ended", "outcome=issued awaited=false"]);
    running.pending_url("work");
}

#[test]
fn an_unknown_account_and_an_absent_daemon_have_their_exit_statuses() {
    Running::start().revoke("wokr").exits(1).says("wokr");
    Sandbox::new().applet("revoke").args(["work"]).run().exits(2);
}
