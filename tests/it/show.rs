//! `pizauth show`: the token, or why there is none.

use std::time::Duration;

use pizauth_test_server::{Endpoint, Fault, Gate, browser};

use crate::support::{Running, Sandbox, Setup, eventually, url_in};

#[test]
fn the_first_show_gives_a_url_and_the_next_the_same() {
    let running = Running::start();
    let first = running.pending_url("work");
    assert!(first.starts_with(&running.server.auth_uri()), "{first}");
    assert_eq!(running.pending_url("work"), first);
}

#[test]
fn the_message_is_on_one_line_and_in_the_words_that_programs_look_for() {
    let running = Running::start();
    let ran = running.show("work").exits(1).prints_nothing();
    let url = url_in(&ran);
    let expected = format!("Access token unavailable until authorised with URL {url}");
    assert!(ran.stderr.lines().any(|line| line.ends_with(&expected)), "{}", ran.stderr);
}

#[test]
fn after_the_approval_it_prints_the_token_that_the_server_issued_and_a_newline() {
    let running = Running::start();
    let token = running.sign_in("work");
    let issued = running.wait_finished(Endpoint::Exchange, 1).access_token();
    assert_eq!(Some(token.clone()), issued);
    let ran = running.show("work").exits(0);
    assert_eq!(ran.out(), format!("{token}\n"));
    assert_eq!(ran.stderr, "");
}

#[test]
fn without_url_says_so_without_the_url() {
    let running = Running::start();
    for arguments in [["-u", "work"], ["work", "-u"]] {
        let ran = running.sandbox.applet("show").args(arguments).run().exits(1).prints_nothing();
        assert!(!ran.stderr.is_empty());
        assert!(!ran.stderr.contains("http://"), "{}", ran.stderr);
    }
}

#[test]
fn an_unknown_account_is_named_in_the_error() {
    let running = Running::start();
    running.show("wokr").exits(1).prints_nothing().says("wokr");
}

#[test]
fn without_a_daemon_the_exit_status_is_2() {
    let sandbox = Sandbox::new();
    sandbox.applet("show").args(["work"]).run().exits(2).prints_nothing().says("pizauthd");
}

#[test]
fn an_account_may_be_called_help() {
    let running = Setup::new().account("help", "").start();
    let token = running.sign_in("help");
    assert_eq!(running.show("help").exits(0).line(), token);
}

#[test]
fn while_the_code_is_exchanged_there_is_no_url() {
    let running = Running::start();
    let gate = Gate::closed();
    running.server.script(Endpoint::Exchange, Fault::none().held(&gate));
    let url = running.pending_url("work");
    std::thread::scope(|scope| {
        let browser = scope.spawn(|| browser::approve(&url).unwrap());
        running.wait_arrived(Endpoint::Exchange, 1);
        let ran = running.show("work").exits(1).prints_nothing();
        assert!(!ran.stderr.contains("http"), "{}", ran.stderr);
        gate.open();
        assert!(browser.join().unwrap().body.contains("work"));
    });
    running.token("work");
}

#[test]
fn what_keeps_an_expired_token_from_being_refreshed_is_said_with_what_to_do() {
    let running = Setup::new().policy(|policy| policy.access_token_lifetime = Duration::from_secs(2)).start();
    running.server.script(Endpoint::Refresh, Fault::oauth_error(401, "invalid_client", "wrong secret"));
    running.sign_in("work");
    running.wait_finished(Endpoint::Refresh, 1);
    let expired = eventually("the expiry", || Some(running.show("work")).filter(|ran| ran.code() == 1));
    expired.prints_nothing().says("needs your attention").says("wrong secret").says("pizauth refresh work");
}

#[test]
fn an_expired_token_is_not_shown_and_a_refresh_is_under_way() {
    let running = Setup::new().policy(|policy| policy.access_token_lifetime = Duration::from_secs(4)).start();
    let gate = Gate::closed();
    running.server.script(Endpoint::Refresh, Fault::none().held(&gate));
    let first = running.sign_in("work");
    running.wait_arrived(Endpoint::Refresh, 1);
    let expired = eventually("the expiry", || Some(running.show("work")).filter(|ran| ran.code() == 1));
    expired.prints_nothing().says("refresh");
    gate.open();
    running.wait_for_other_token("work", &first);
}

#[test]
fn an_unknown_account_gets_a_near_miss_and_the_list() {
    let running = Setup::new().account("work", "").account("home", "").start();
    let known = "it has \"home\", \"work\"";
    running.show("wrok").exits(1).says(&format!("no account \"wrok\" (did you mean \"work\"? {known})"));
    running.show("elsewhere").exits(1).says(&format!("no account \"elsewhere\" ({known})"));
}
