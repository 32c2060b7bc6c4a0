//! `pizauth refresh`: now, once, and not while something is under way.

use pizauth_test_server::{Endpoint, Fault, Gate, RefreshTokens, browser};

use crate::support::{Running, Sandbox, Setup, WATCH, url_in};

#[test]
fn a_refresh_brings_another_token() {
    let running = Running::start();
    let first = running.sign_in("work");
    running.refresh("work").exits(0);
    let issued = running.wait_finished(Endpoint::Refresh, 1).access_token();
    let second = running.wait_for_other_token("work", &first);
    assert_eq!(Some(second), issued);
}

#[test]
fn the_old_token_is_shown_while_the_refresh_is_under_way() {
    let running = Running::start();
    let first = running.sign_in("work");
    let gate = running.begin_held_refresh("work");
    assert_eq!(running.token("work"), first);
    gate.open();
    running.wait_for_other_token("work", &first);
}

#[test]
fn no_second_refresh_starts_while_one_is_under_way() {
    let running = Running::start();
    let first = running.sign_in("work");
    let gate = Gate::closed();
    running.server.script(Endpoint::Refresh, Fault::none().held(&gate));
    for _ in 0..5 {
        running.refresh("work").exits(0);
    }
    running.wait_arrived(Endpoint::Refresh, 1);
    running.refresh("work").exits(0);
    gate.open();
    running.wait_for_other_token("work", &first);
    assert_eq!(running.server.log().count(Endpoint::Refresh), 1);
}

#[test]
fn without_a_token_it_starts_an_authorization_and_while_pending_a_new_one() {
    let running = Running::start();
    let first = url_in(&running.refresh("work").exits(1));
    let second = url_in(&running.refresh("work").exits(1));
    assert_ne!(first, second);
    assert_eq!(running.pending_url("work"), second);
    let late = browser::approve(&first).unwrap();
    assert_eq!(late.status, 404, "a replaced authorization is good for nothing");
    browser::approve(&second).unwrap();
    running.token("work");
}

#[test]
fn without_url_it_starts_an_authorization_and_keeps_its_url_to_itself() {
    let running = Running::start();
    let ran = running.sandbox.applet("refresh").args(["-u", "work"]).run().exits(1);
    assert!(!ran.stderr.contains("http://"), "{}", ran.stderr);
    assert_eq!(running.status_of("work")["state"], "pending");
}

#[test]
fn a_session_without_a_refresh_token_says_to_revoke_first() {
    let running = Setup::new().policy(|policy| policy.refresh_tokens = RefreshTokens::Never).start();
    let token = running.sign_in("work");
    running.refresh("work").exits(1).says("revoke");
    assert_eq!(running.token("work"), token, "shown until it expires");
}

#[test]
fn an_exchange_is_not_disturbed() {
    let running = Running::start();
    let gate = Gate::closed();
    running.server.script(Endpoint::Exchange, Fault::none().held(&gate));
    let url = running.pending_url("work");
    std::thread::scope(|scope| {
        scope.spawn(|| browser::approve(&url));
        running.wait_arrived(Endpoint::Exchange, 1);
        running.refresh("work");
        gate.open();
    });
    running.wait_finished(Endpoint::Exchange, 1);
    running.token("work");
    assert_eq!(running.server.log().wait_for(WATCH, |log| log.get(3).map(|entry| entry.endpoint)), None);
}

#[test]
fn an_unknown_account_and_an_absent_daemon_have_their_exit_statuses() {
    Running::start().refresh("wokr").exits(1).says("wokr");
    Sandbox::new().applet("refresh").args(["work"]).run().exits(2);
}
