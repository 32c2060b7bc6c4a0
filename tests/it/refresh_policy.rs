//! What a failed refresh means: transient, needs attention, ended; and how often one is tried.

use std::time::Duration;

use pizauth_test_server::wire::Response;
use pizauth_test_server::{Endpoint, Fault, Gate, browser};
use serde_json::json;

use crate::support::{Running, Setup, WATCH, eventually, url_in};

/// A running daemon that is signed in, with short pauses between tries.
fn signed_in() -> (Running, String) {
    let running = Setup::new().global("refresh_retry = 1s;").start();
    let token = running.sign_in("work");
    (running, token)
}

/// Whether another token request comes within the time that a test watches for what must not happen.
fn another_request_comes(running: &Running) -> bool {
    let before = running.server.log().entries().len();
    running.server.log().wait_for(WATCH, |entries| (entries.len() > before).then_some(())).is_some()
}

#[test]
fn whatever_is_not_an_oauth_error_is_transient_and_the_session_survives() {
    let html = || Response::html(200, "<html>please sign in to the hotel's network</html>".into());
    let faults = [
        ("503", Fault::answer(Response::new(503, "text/plain", "busy"))),
        ("a captive portal", Fault::answer(html())),
        ("403 with HTML", Fault::answer(Response::html(403, "<h1>Forbidden</h1>".into()))),
        ("an empty body", Fault::answer(Response::new(200, "application/json", ""))),
        ("a redirect", Fault::answer(Response::see_other("http://127.0.0.1:9/"))),
        ("a closed connection", Fault::close()),
        (
            "a truncated answer",
            Fault::truncate(Response::json(200, &json!({"access_token": "x".repeat(99)}))),
        ),
        ("server_error", Fault::oauth_error(400, "server_error", "")),
        ("temporarily_unavailable", Fault::oauth_error(400, "temporarily_unavailable", "")),
        ("a token with a newline", Fault::rewrite(&[("access_token", Some(json!("a\nb")))])),
        ("broken JSON", Fault::answer(Response::new(200, "application/json", "{\"access_token\":"))),
        ("511", Fault::answer(Response::new(511, "text/html", "<html></html>"))),
    ];
    let names: Vec<String> = (0..faults.len()).map(|n| format!("a{n}")).collect();
    let setup = Setup::new().global("refresh_retry = 1s;");
    let running = names.iter().fold(setup, |setup, name| setup.account(name, "")).start();
    for (name, (what, fault)) in names.iter().zip(faults) {
        let token = running.sign_in(name);
        let done = running.server.log().count(Endpoint::Refresh);
        let next_try = Gate::closed();
        running.server.script(Endpoint::Refresh, fault);
        running.server.script(Endpoint::Refresh, Fault::none().held(&next_try));
        running.refresh(name).exits(0);
        running.wait_arrived(Endpoint::Refresh, done + 2);
        assert_eq!(running.token(name), token, "the valid token is shown on after {what}");
        next_try.open();
        running.wait_for_other_token(name, &token);
    }
}

#[test]
fn invalid_grant_ends_the_session_and_no_further_request_follows() {
    let (running, _) = signed_in();
    running.server.end_all_sessions();
    running.refresh("work").exits(0);
    running.wait_finished(Endpoint::Refresh, 1);
    eventually("the end", || (running.status_of("work")["state"] == "empty").then_some(()));
    assert!(!another_request_comes(&running));
    running.pending_url("work");
}

#[test]
fn other_oauth_errors_need_attention_and_keep_the_session() {
    let (running, token) = signed_in();
    let expired = Fault::oauth_error(401, "invalid_client", "the client secret has expired");
    running.server.script(Endpoint::Refresh, expired);
    running.refresh("work").exits(0);
    running.wait_finished(Endpoint::Refresh, 1);
    eventually("needs attention", || (running.status_of("work")["needs_attention"] == true).then_some(()));
    assert_eq!(running.token("work"), token);
    assert!(!another_request_comes(&running), "not tried again at once");
    running.refresh("work").exits(0);
    running.wait_for_other_token("work", &token);
    assert_eq!(running.status_of("work")["needs_attention"], false);
}

#[test]
fn a_dead_token_in_vague_words_can_be_replaced_by_a_new_sign_in_which_loses_nothing() {
    let (running, first) = signed_in();
    running.refresh("work").exits(0);
    let token = running.wait_for_other_token("work", &first);
    for refusals in 1..=2 {
        let revoked = Fault::oauth_error(400, "invalid_request", "Token has been revoked");
        running.server.script(Endpoint::Refresh, revoked);
        running.refresh("work").exits(0);
        running.wait_finished(Endpoint::Refresh, 1 + refusals);
        eventually("the refusal", || (running.status_of("work")["in_flight"] == false).then_some(()));
    }
    let url = url_in(&running.refresh("work").exits(1));
    assert_eq!(running.token("work"), token, "what is still valid is shown");
    let denied = browser::deny(&url).unwrap();
    assert!(denied.body.contains("access_denied"), "{}", denied.body);
    assert_eq!(running.token("work"), token, "and stays, whatever comes of the sign-in");
    browser::approve(&url_in(&running.refresh("work").exits(1))).unwrap();
    running.wait_for_other_token("work", &token);
    assert_eq!(running.status_of("work")["needs_attention"], false);
}

#[test]
fn a_reload_tries_again_what_needed_attention() {
    let (running, token) = signed_in();
    running.server.script(Endpoint::Refresh, Fault::oauth_error(401, "unauthorized_client", ""));
    running.refresh("work").exits(0);
    running.wait_finished(Endpoint::Refresh, 1);
    eventually("needs attention", || (running.status_of("work")["needs_attention"] == true).then_some(()));
    running.sandbox.applet("reload").run().exits(0);
    running.wait_for_other_token("work", &token);
}

#[test]
fn a_server_that_is_down_for_a_while_costs_nothing() {
    let (mut running, token) = signed_in();
    running.server.go_down();
    running.refresh("work").exits(0);
    running.daemon.wait_for_log(&["work", "refused"]);
    assert_eq!(running.token("work"), token);
    running.server.come_back().unwrap();
    running.wait_for_other_token("work", &token);
}

#[test]
fn retry_after_is_honoured_also_against_the_users_impatience() {
    let (running, token) = signed_in();
    let later = Response::json(429, &json!({})).header("Retry-After", "3600");
    running.server.script(Endpoint::Refresh, Fault::answer(later));
    running.refresh("work").exits(0);
    running.wait_finished(Endpoint::Refresh, 1);
    eventually("the failure", || running.status_of("work")["last_error"].is_string().then_some(()));
    running.refresh("work").exits(0).says("the refresh of account 'work' begins in ");
    assert!(!another_request_comes(&running));
    assert_eq!(running.token("work"), token);
}

#[test]
fn a_rotated_refresh_token_is_used_from_then_on() {
    let running = Setup::new().policy(|policy| policy.rotate = true).start();
    let first = running.sign_in("work");
    running.refresh("work").exits(0);
    let second = running.wait_for_other_token("work", &first);
    running.refresh("work").exits(0);
    running.wait_for_other_token("work", &second);
    let rotated = running.wait_finished(Endpoint::Refresh, 1).refresh_token();
    let used = running.wait_finished(Endpoint::Refresh, 2);
    assert_eq!(used.request.form("refresh_token"), rotated.as_deref());
}

#[test]
fn a_token_that_expires_in_a_second_does_not_make_a_storm() {
    let running = Setup::new().policy(|policy| policy.access_token_lifetime = Duration::from_secs(1)).start();
    running.sign_in("work");
    running.wait_finished(Endpoint::Refresh, 2);
    // Three requests with the exchange: the bucket is empty, whatever is asked.
    for _ in 0..10 {
        running.refresh("work");
        running.show("work");
    }
    assert!(!another_request_comes(&running));
}

#[test]
fn the_token_is_refreshed_before_it_expires_without_being_asked() {
    let running = Setup::new().policy(|policy| policy.access_token_lifetime = Duration::from_secs(4)).start();
    let first = running.sign_in("work");
    let refreshed = running.wait_finished(Endpoint::Refresh, 1);
    let token = running.wait_for_other_token("work", &first);
    assert_eq!(refreshed.access_token(), Some(token));
}

#[test]
fn refresh_at_least_refreshes_a_token_that_is_still_valid() {
    let running = Setup::new().account("work", "refresh_at_least = 2s;").start();
    let first = running.sign_in("work");
    running.wait_finished(Endpoint::Refresh, 1);
    assert!(running.server.is_live(&first));
    running.wait_for_other_token("work", &first);
}

#[test]
fn the_refresh_request_is_what_the_rfc_asks_for() {
    let (running, token) = signed_in();
    let issued = running.wait_finished(Endpoint::Exchange, 1).refresh_token();
    running.refresh("work").exits(0);
    running.wait_for_other_token("work", &token);
    let request = running.wait_finished(Endpoint::Refresh, 1).request;
    assert_eq!(request.form("refresh_token"), issued.as_deref());
    assert_eq!(request.form("client_id"), Some("client-of-work"));
    assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert!(request.header("accept").is_some_and(|accept| accept.contains("application/json")));
    assert_eq!(request.raw_query, "");
}
