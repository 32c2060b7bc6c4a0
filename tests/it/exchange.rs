//! From the authorization request to the first token: PKCE, refusals, what the browser is shown.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pizauth_test_server::browser::{self, Decision};
use pizauth_test_server::{Endpoint, Fault, Gate, SecretIs};
use serde_json::json;
use url::Url;

use crate::support::{Running, Setup, eventually};

fn fields(url: &str) -> Vec<(String, String)> {
    Url::parse(url).unwrap().query_pairs().into_owned().collect()
}

fn field(url: &str, name: &str) -> String {
    let found: Vec<_> = fields(url).into_iter().filter(|(key, _)| key == name).collect();
    assert_eq!(found.len(), 1, "{name} in {url}");
    found.into_iter().next().unwrap().1
}

/// The authorization response with one field replaced.
fn with_field(response: &str, name: &str, value: &str) -> String {
    let mut url = Url::parse(response).unwrap();
    let changed: Vec<_> = fields(response)
        .into_iter()
        .map(|(key, old)| if key == name { (key, value.to_owned()) } else { (key, old) })
        .collect();
    url.query_pairs_mut().clear().extend_pairs(changed);
    url.into()
}

#[test]
fn the_authorization_request_is_what_the_rfcs_ask_for() {
    let running = Setup::new()
        .account("work", "auth_uri_fields = {\"login_hint\": \"a@b.example\", \"x\": \"1\", \"x\": \"2\"};")
        .start();
    let url = running.pending_url("work");
    assert_eq!(field(&url, "response_type"), "code");
    assert_eq!(field(&url, "client_id"), "client-of-work");
    assert_eq!(field(&url, "scope"), "imap smtp");
    assert_eq!(field(&url, "access_type"), "offline");
    assert_eq!(field(&url, "code_challenge_method"), "S256");
    assert_eq!(field(&url, "code_challenge").len(), 43);
    assert!(field(&url, "state").len() >= 43);
    assert!(field(&url, "redirect_uri").starts_with("http://localhost:"));
    let extra: Vec<_> = fields(&url).into_iter().rev().take(3).rev().collect();
    let expected = [("login_hint", "a@b.example"), ("x", "1"), ("x", "2")];
    assert_eq!(extra, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[test]
fn the_verifier_has_the_length_of_the_rfc_and_never_stands_in_a_url() {
    let running = Running::start();
    running.sign_in("work");
    let exchange = running.wait_finished(Endpoint::Exchange, 1);
    let verifier = exchange.request.form("code_verifier").unwrap();
    assert!((43..=128).contains(&verifier.len()), "RFC 7636 §4.1: {verifier}");
    assert_eq!(exchange.request.raw_query, "");
    assert_eq!(exchange.request.form("client_secret"), None);
    assert!(running.server.log().entries().iter().all(|entry| !entry.request.raw_query.contains(verifier)));
}

#[test]
fn a_client_secret_is_sent_where_there_is_one() {
    let running = Setup::new()
        .policy(|policy| drop(policy.client_secrets.insert("client-of-work".into(), "x y&z=\"ü".into())))
        .account("work", "client_secret = \"x y&z=\\\"ü\";")
        .start();
    running.sign_in("work");
}

#[test]
fn a_client_that_may_use_basic_only_does_so_for_exchange_and_refresh() {
    let secret = "x y&z=\"ü+100%:\\";
    let written = secret.replace('\\', "\\\\").replace('"', "\\\"");
    let running = Setup::new()
        .policy(|policy| {
            policy.client_secrets.insert("client:of wörk".into(), secret.into());
            policy.secret_is = SecretIs::Basic;
        })
        .account("work", &format!("client_secret = \"{written}\"; client_auth = \"post\";"))
        .start();
    let file = running.sandbox.config_file();
    let text = std::fs::read_to_string(&file).unwrap().replace("client-of-work", "client:of wörk");
    running.sandbox.write_config(&text);
    running.sandbox.applet("reload").run().exits(0);
    let page = browser::approve(&running.pending_url("work")).unwrap();
    assert!(page.body.contains("client_auth"), "what to do: {}", page.body);

    running.sandbox.write_config(&text.replace("\"post\"", "\"basic\""));
    running.sandbox.applet("reload").run().exits(0);
    let token = running.sign_in("work");
    running.refresh("work").exits(0);
    running.wait_for_other_token("work", &token);
    let requests = running.server.log().entries();
    let last = requests.iter().rfind(|entry| entry.endpoint == Endpoint::Refresh).unwrap();
    assert_eq!((last.request.form("client_id"), last.request.form("client_secret")), (None, None));
}

#[test]
fn another_way_of_client_authentication_keeps_the_session() {
    let running = Setup::new()
        .policy(|policy| drop(policy.client_secrets.insert("client-of-work".into(), "s".into())))
        .account("work", "client_secret = \"s\"; client_auth = \"post\";")
        .start();
    let token = running.sign_in("work");
    let text = std::fs::read_to_string(running.sandbox.config_file()).unwrap();
    running.sandbox.write_config(&text.replace("\"post\"", "\"basic\""));
    running.sandbox.applet("reload").run().exits(0);
    assert_eq!(running.token("work"), token);
    running.server.change_policy(|policy| policy.secret_is = SecretIs::Basic);
    running.refresh("work").exits(0);
    running.wait_for_other_token("work", &token);
}

#[test]
fn resources_and_extra_fields_are_in_every_request_that_they_are_for() {
    let running = Setup::new()
        .account(
            "work",
            "resource = [\"https://imap.example/\", \"urn:smtp\"]; token_uri_fields = {\"audience\": \"mail ü\"};",
        )
        .start();
    let of = |fields: &[(String, String)], name: &str| -> Vec<String> {
        fields.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect()
    };
    let url = running.pending_url("work");
    assert_eq!(of(&fields(&url), "resource"), ["https://imap.example/", "urn:smtp"]);
    assert_eq!(of(&fields(&url), "audience"), [""; 0]);
    let token = running.sign_in("work");
    running.refresh("work").exits(0);
    running.wait_for_other_token("work", &token);
    for endpoint in [Endpoint::Exchange, Endpoint::Refresh] {
        let form = running.wait_finished(endpoint, 1).request.form;
        assert_eq!(of(&form, "resource"), ["https://imap.example/", "urn:smtp"]);
        assert_eq!(of(&form, "audience"), ["mail ü"]);
    }
}

#[test]
fn the_page_tells_the_account_and_forbids_everything_else() {
    let running = Running::start();
    let page = browser::approve(&running.pending_url("work")).unwrap();
    assert_eq!(page.status, 200);
    assert!(page.body.contains("signed in: work"), "{}", page.body);
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    assert!(page.header("content-security-policy").is_some_and(|csp| csp.contains("default-src 'none'")));
}

#[test]
fn a_reload_of_the_page_says_already_signed_in_and_sends_no_code_again() {
    let running = Running::start();
    let response = browser::decide(&running.pending_url("work"), Decision::Approve).unwrap();
    browser::visit(&response).unwrap();
    let again = browser::visit(&response).unwrap();
    assert!(again.body.contains("already signed in"), "{}", again.body);
    assert_eq!(running.server.log().count(Endpoint::Exchange), 1);
}

#[test]
fn a_denial_is_told_to_the_browser_and_the_account_stays_usable() {
    let running = Running::start();
    let page = browser::deny(&running.pending_url("work")).unwrap();
    assert!(page.body.contains("access_denied"), "{}", page.body);
    assert_eq!(running.server.log().count(Endpoint::Exchange), 0);
    running.sign_in("work");
}

#[test]
fn a_bad_code_is_told_to_the_browser_and_in_the_log() {
    let running = Running::start();
    let response = browser::decide(&running.pending_url("work"), Decision::Approve).unwrap();
    let page = browser::visit(&with_field(&response, "code", "wrong")).unwrap();
    assert!(page.body.contains("invalid_grant"), "{}", page.body);
    running.daemon.wait_for_log(&["work", "invalid_grant"]);
    assert_eq!(running.status_of("work")["state"], "empty");
    running.sign_in("work");
}

#[test]
fn an_answer_in_the_name_of_another_server_is_refused_where_the_issuer_is_known() {
    let running = Setup::new().account("work", "issuer = \"https://as.example\";").start();
    let page = browser::approve(&running.pending_url("work")).unwrap();
    let issuer = running.server.issuer().to_owned();
    let why = format!("the answer comes from {issuer}, not from https://as.example");
    assert!(page.body.contains(&why), "{}", page.body);
    running.daemon.wait_for_log(&["event=authorization_failed", &why]);
    assert_eq!(running.status_of("work")["last_error"], why.as_str());
    assert_eq!(running.server.log().count(Endpoint::Exchange), 0, "the code is not sent");

    let text = std::fs::read_to_string(running.sandbox.config_file()).unwrap();
    running.sandbox.write_config(&text.replace("https://as.example", &issuer));
    running.sandbox.applet("reload").run().exits(0);
    running.sign_in("work");
}

#[test]
fn an_answer_in_the_name_of_another_server_is_warned_of_where_it_is_not() {
    let running = Running::start();
    let response = browser::decide(&running.pending_url("work"), Decision::Approve).unwrap();
    let page = browser::visit(&with_field(&response, "iss", "https://as.example/")).unwrap();
    assert!(page.body.contains("signed in: work"), "{}", page.body);
    running.daemon.wait_for_log(&["event=other_issuer", "account=\"work\"", "iss=https://as.example/"]);
}

#[test]
fn a_state_that_nobody_waits_for_finds_nothing_and_disturbs_nothing() {
    let running = Running::start();
    let url = running.pending_url("work");
    let response = browser::decide(&url, Decision::Approve).unwrap();
    let page = browser::visit(&with_field(&response, "state", &"A".repeat(43))).unwrap();
    assert_eq!(page.status, 404);
    assert_eq!(running.pending_url("work"), url);
    assert!(browser::visit(&response).unwrap().body.contains("signed in: work"));
}

#[test]
fn nothing_of_the_request_is_reflected() {
    let running = Running::start();
    let response = browser::decide(&running.pending_url("work"), Decision::Approve).unwrap();
    let script = "<script>alert(1)</script>";
    let denied = with_field(&response, "code", script).replace("code=", "error=");
    for url in [with_field(&response, "state", script), with_field(&response, "iss", script), denied] {
        let page = browser::visit(&url).unwrap();
        assert!(!page.body.contains("<script>alert"), "{}", page.body);
    }
}

#[test]
fn a_second_use_of_the_response_while_exchanging_sends_the_code_once() {
    let running = Running::start();
    let gate = Gate::closed();
    running.server.script(Endpoint::Exchange, Fault::none().held(&gate));
    let response = browser::decide(&running.pending_url("work"), Decision::Approve).unwrap();
    std::thread::scope(|scope| {
        let first = scope.spawn(|| browser::visit(&response).unwrap());
        running.wait_arrived(Endpoint::Exchange, 1);
        let second = scope.spawn(|| browser::visit(&response).unwrap());
        gate.open();
        assert!(first.join().unwrap().body.contains("signed in: work"));
        assert!(second.join().unwrap().status < 500);
    });
    assert_eq!(running.server.log().count(Endpoint::Exchange), 1);
}

#[test]
fn a_code_is_never_sent_twice_even_when_the_answer_is_lost() {
    let running = Running::start();
    running.server.script(Endpoint::Exchange, Fault::lose());
    let page = browser::approve(&running.pending_url("work")).unwrap();
    assert!(!page.body.contains("signed in: work"), "{}", page.body);
    running.pending_url("work");
    assert_eq!(running.server.log().count(Endpoint::Exchange), 1);
}

#[test]
fn an_exchange_survives_a_server_that_cannot_be_reached_for_a_moment() {
    let mut running = Running::start();
    let response = browser::decide(&running.pending_url("work"), Decision::Approve).unwrap();
    running.server.go_down();
    std::thread::scope(|scope| {
        let browser = scope.spawn(|| browser::visit(&response).unwrap());
        running.daemon.wait_for_log(&["work", "refused"]);
        running.server.come_back().unwrap();
        running.wait_finished(Endpoint::Exchange, 1);
        browser.join().unwrap();
    });
    running.token("work");
}

#[test]
fn the_page_says_why_an_exchange_is_not_done_yet() {
    let mut running = Running::start();
    let response = browser::decide(&running.pending_url("work"), Decision::Approve).unwrap();
    running.server.go_down();
    let page = browser::visit(&response).unwrap();
    assert!(page.body.contains("still working") && page.body.contains("connection refused"), "{}", page.body);
    let again = browser::visit(&response).unwrap();
    assert!(again.body.contains("connection refused"), "{}", again.body);
    running.show("work").exits(1).says("the last try failed").says("connection refused");
    running.server.come_back().unwrap();
    eventually("the token", || running.show("work").status.success().then_some(()));
}

#[test]
fn whoever_signs_in_in_place_of_another_is_named_and_the_token_kept() {
    let hint = "auth_uri_fields = { \"login_hint\": \"me@example.org\" };";
    let of_a_shared_mailbox =
        "user = \"us@example.org\"; auth_uri_fields = { \"login_hint\": \"boss@example.org\" };";
    let accounts = [("work", hint), ("home", "user = \"me@example.org\";"), ("shared", of_a_shared_mailbox)];
    let setup = accounts.iter().fold(Setup::new(), |setup, (name, fields)| setup.account(name, fields));
    let running = setup.start();
    let id_token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(r#"{"email":"boss@example.org"}"#));
    let sign_in = |account: &str| {
        let answer = Fault::rewrite(&[("id_token", Some(id_token.clone().into()))]);
        running.server.script(Endpoint::Exchange, answer);
        browser::approve(&running.pending_url(account)).unwrap().body
    };
    for account in ["work", "home"] {
        let page = sign_in(account);
        assert!(page.contains("<blockquote>boss@example.org</blockquote>"), "{page}");
        let who = format!("account=\"{account}\" user=boss@example.org");
        running.daemon.wait_for_log(&["event=other_user", &who]);
        assert_eq!(running.status_of(account)["signed_in_as"], "boss@example.org");
        running.token(account);
    }
    assert!(!sign_in("shared").contains("boss@example.org"));
    assert_eq!(running.status_of("shared")["signed_in_as"], serde_json::Value::Null);
}

#[test]
fn answers_that_are_no_tokens_are_failures() {
    let bad = [
        json!({"access_token": "", "token_type": "Bearer"}),
        json!({"access_token": "line\nbreak", "token_type": "Bearer"}),
        json!({"token_type": "Bearer"}),
        json!({"error": "invalid_grant", "error_description": "inside a 200"}),
    ];
    // An account each: a bucket holds three requests.
    let accounts = (0..bad.len()).fold(Setup::new(), |setup, n| setup.account(&format!("a{n}"), ""));
    let running = accounts.start();
    for (n, answer) in bad.iter().enumerate() {
        running.server.script(Endpoint::Exchange, Fault::json(200, answer));
        let account = format!("a{n}");
        let page = browser::approve(&running.pending_url(&account)).unwrap();
        assert!(!page.body.contains("signed in: "), "{answer}");
        running.show(&account).exits(1).prints_nothing();
    }
}

#[test]
fn odd_but_valid_answers_are_accepted() {
    let odd: [&[(&str, Option<serde_json::Value>)]; 3] = [
        &[("token_type", Some(json!("bEaReR"))), ("expires_in", Some(json!("3599"))), ("scope", None)],
        &[("expires_in", Some(json!(3599.5))), ("refresh_token", Some(json!("")))],
        &[("expires_in", None), ("unknown", Some(json!({"deep": [1, 2]})))],
    ];
    let running = Running::start();
    for fields in odd {
        running.server.script(Endpoint::Exchange, Fault::rewrite(fields));
        running.sign_in("work");
        running.revoke("work").exits(0);
    }
}
