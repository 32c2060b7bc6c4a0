//! What providers do besides answering oddly: lost answers, sessions that end by age, refresh tokens that
//! have to be asked for, secrets, exact URIs.

use pizauth_test_server::{Endpoint, Fault, RefreshTokens, browser};

use crate::support::upstream_dump::{Session, upstream_dump};
use crate::support::{Running, Setup, eventually};

const DAY: u64 = 24 * 60 * 60;

#[test]
fn a_refresh_whose_answer_is_lost_is_tried_again_with_the_same_refresh_token() {
    let running = Setup::new().global("refresh_retry = 1s;").start();
    let token = running.sign_in("work");
    running.server.script(Endpoint::Refresh, Fault::lose());
    running.refresh("work").exits(0);
    running.wait_for_other_token("work", &token);
    let sent = [1, 2].map(|count| running.wait_finished(Endpoint::Refresh, count).request);
    assert_eq!(sent[0].form("refresh_token"), sent[1].form("refresh_token"));
}

#[test]
fn a_session_that_ends_at_an_age_of_seven_days_gets_the_hint_that_explains_it() {
    for (days, is_told) in [(1, false), (7, true), (30, false)] {
        let running = Running::start();
        let session = Session {
            account: "work",
            client_id: "client-of-work",
            access_token: "old",
            obtained_ago: days * DAY,
            expires_in: 3600,
        };
        let dump = upstream_dump(&running.server, &[session]);
        running.sandbox.applet("restore").stdin(dump).run().exits(0);
        // The server has never seen that refresh token.
        running.refresh("work");
        let error =
            eventually("the end", || running.status_of("work")["last_error"].as_str().map(str::to_owned));
        assert!(error.contains("invalid_grant"), "{error}");
        assert_eq!(error.contains("7 days"), is_told, "after {days} days: {error}");
    }
}

#[test]
fn a_session_without_a_refresh_token_is_warned_of_and_the_remedy_named() {
    let running = Setup::new().policy(|policy| policy.refresh_tokens = RefreshTokens::Never).start();
    running.sign_in("work");
    running.daemon.wait_for_log(&["no_refresh_token", "account=\"work\"", "prompt"]);
    assert_eq!(running.status_of("work")["refreshable"], false);
}

#[test]
fn a_token_without_a_lifetime_and_a_refresh_token_is_valid_until_revoked() {
    let running = Setup::new().policy(|policy| policy.refresh_tokens = RefreshTokens::Never).start();
    running.server.script(Endpoint::Exchange, Fault::rewrite(&[("expires_in", None)]));
    let token = running.sign_in("work");
    let status = running.status_of("work");
    assert!(status["expires"].is_null() && status["obtained"].is_number(), "{status}");
    assert_eq!(status["usable"], true);
    let line = running.sandbox.applet("status").run().exits(0).out();
    assert!(line.starts_with("work: active, valid until revoked, obtained "), "{line}");
    assert!(!running.daemon.log().contains("no_refresh_token"), "it needs none");
    running.refresh("work").exits(1).says("without a refresh token");
    assert_eq!(running.token("work"), token);
    running.sandbox.applet("revoke").args(["work"]).run().exits(0);
    running.pending_url("work");
}

#[test]
fn a_narrowed_scope_is_warned_of() {
    let running = Running::start();
    running.server.script(Endpoint::Exchange, Fault::rewrite(&[("scope", Some("imap".into()))]));
    running.sign_in("work");
    running.daemon.wait_for_log(&["scope_narrowed", "account=\"work\"", "granted=imap"]);
}

#[test]
fn a_client_secret_is_sent_in_the_body_where_there_is_one_and_never_when_it_is_empty() {
    let secret = |policy: &mut pizauth_test_server::Policy| {
        policy.client_secrets.insert("client-of-work".into(), "s&cret=?".into());
    };
    let setup = Setup::new().policy(secret).account("work", "client_secret = \"s&cret=?\";");
    let running = setup.account("public", "client_secret = \"\";").start();
    running.sign_in("work");
    running.sign_in("public");
    let sent = [1, 2].map(|count| running.wait_finished(Endpoint::Exchange, count).request);
    assert_eq!(sent[0].form("client_secret"), Some("s&cret=?"));
    assert_eq!(sent[1].form("client_secret"), None);
    assert!(sent.iter().all(|request| request.header("authorization").is_none()));
}

#[test]
fn a_token_uri_is_asked_exactly_as_it_is_written() {
    let running = Running::start();
    let text = std::fs::read_to_string(running.sandbox.config_file()).unwrap();
    running.sandbox.write_config(&text.replace("/token\";", "/token/?tenant=a%20b\";"));
    running.sandbox.applet("reload").run().exits(0);
    // This server knows no such endpoint.
    let page = browser::approve(&running.pending_url("work")).unwrap();
    assert!(page.body.contains("http status 404"), "{}", page.body);
    let entries = running.server.log().entries();
    let asked = entries.iter().find(|entry| entry.endpoint == Endpoint::Other).expect("the token request");
    assert_eq!((asked.request.path.as_str(), asked.request.raw_query.as_str()), ("/token/", "tenant=a%20b"));
}
