//! The server against a client of a few lines.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use crate::browser::{self, Decision};
use crate::wire::Response;
use crate::{AuthServer, Endpoint, Fault, Gate, Policy, RefreshTokens};

const VERIFIER: &str = "a-verifier-of-a-good-length-for-these-tests-0123456789";
const REDIRECT: &str = "http://127.0.0.1:1/";
const PATIENCE: Duration = Duration::from_secs(20);

fn start(change: impl FnOnce(&mut Policy)) -> AuthServer {
    let mut policy = Policy::default();
    change(&mut policy);
    AuthServer::start(policy).unwrap()
}

fn authorization_request(server: &AuthServer, extra: &[(&str, &str)]) -> String {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let fields = [
        ("response_type", "code"),
        ("client_id", "mail"),
        ("redirect_uri", REDIRECT),
        ("state", "s1"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    Url::parse_with_params(&server.auth_uri(), fields.iter().chain(extra)).unwrap().into()
}

fn response_field(url: &str, name: &str) -> Option<String> {
    let url = Url::parse(url).unwrap();
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn code(server: &AuthServer) -> String {
    let response = browser::decide(&authorization_request(server, &[]), Decision::Approve).unwrap();
    response_field(&response, "code").unwrap()
}

fn token_request(server: &AuthServer, fields: &[(&str, &str)]) -> (u16, Value) {
    let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let page = browser::request("POST", &server.token_uri(), &[], &form).unwrap();
    (page.status, serde_json::from_str(&page.body).unwrap())
}

fn exchange(server: &AuthServer, code: &str, verifier: &str) -> (u16, Value) {
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", "mail"),
        ("code", code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", verifier),
    ];
    token_request(server, &fields)
}

fn refresh(server: &AuthServer, refresh_token: &Value) -> (u16, Value) {
    let refresh_token = refresh_token.as_str().unwrap();
    let fields = [("grant_type", "refresh_token"), ("client_id", "mail"), ("refresh_token", refresh_token)];
    token_request(server, &fields)
}

#[test]
fn approval_exchange_and_refresh_give_live_tokens() {
    let server = start(|_| ());
    let (status, first) = exchange(&server, &code(&server), VERIFIER);
    assert_eq!(status, 200);
    let (status, second) = refresh(&server, &first["refresh_token"]);
    assert_eq!(status, 200);
    assert_ne!(first["access_token"], second["access_token"]);
    assert_eq!(second.get("refresh_token"), None, "not rotated: not sent again");
    assert!(server.is_live(first["access_token"].as_str().unwrap()));
    let entries = server.log().entries();
    assert_eq!(entries.last().unwrap().access_token().as_deref(), second["access_token"].as_str());
}

#[test]
fn a_denial_reaches_the_redirect_uri_with_the_state() {
    let server = start(|_| ());
    let response = browser::decide(&authorization_request(&server, &[]), Decision::Deny).unwrap();
    assert_eq!(response_field(&response, "error").as_deref(), Some("access_denied"));
    assert_eq!(response_field(&response, "state").as_deref(), Some("s1"));
    assert_eq!(response_field(&response, "code"), None);
}

#[test]
fn a_code_is_good_once_and_its_second_use_ends_the_session() {
    let server = start(|_| ());
    let code = code(&server);
    let (_, tokens) = exchange(&server, &code, VERIFIER);
    assert_eq!(exchange(&server, &code, VERIFIER).0, 400);
    assert!(!server.is_live(tokens["access_token"].as_str().unwrap()));
    assert_eq!(refresh(&server, &tokens["refresh_token"]).1["error"], "invalid_grant");
}

#[test]
fn pkce_is_checked_on_both_ends() {
    let server = start(|_| ());
    let (status, answer) = exchange(&server, &code(&server), "another-verifier");
    assert_eq!((status, &answer["error"]), (400, &json!("invalid_grant")));
    let plain = authorization_request(&server, &[]).replace("S256", "plain");
    let response = browser::decide(&plain, Decision::Approve).unwrap();
    assert_eq!(response_field(&response, "error").as_deref(), Some("invalid_request"));
}

#[test]
fn rotation_replaces_the_refresh_token_and_reuse_ends_the_session() {
    let server = start(|policy| policy.rotate = true);
    let (_, first) = exchange(&server, &code(&server), VERIFIER);
    let (_, second) = refresh(&server, &first["refresh_token"]);
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_eq!(refresh(&server, &first["refresh_token"]).1["error"], "invalid_grant");
    assert_eq!(refresh(&server, &second["refresh_token"]).1["error"], "invalid_grant");
}

#[test]
fn a_secret_is_demanded_of_confidential_clients_and_refused_from_public_ones() {
    let server = start(|policy| drop(policy.client_secrets.insert("mail".into(), "xyzzy".into())));
    let (_, answer) = exchange(&server, &code(&server), VERIFIER);
    assert_eq!(answer["error"], "invalid_client");
    let with_secret = [("grant_type", "refresh_token"), ("client_id", "other"), ("client_secret", "xyzzy")];
    assert_eq!(token_request(&server, &with_secret).1["error"], "invalid_client");
}

#[test]
fn google_gives_a_second_refresh_token_only_with_prompt_consent() {
    let server = start(|policy| policy.refresh_tokens = RefreshTokens::OfflineConsent);
    let sign_in = |extra: &[(&str, &str)]| {
        let response = browser::decide(&authorization_request(&server, extra), Decision::Approve).unwrap();
        let (_, tokens) = exchange(&server, &response_field(&response, "code").unwrap(), VERIFIER);
        tokens.get("refresh_token").is_some()
    };
    let offline = ("access_type", "offline");
    assert!(sign_in(&[offline]));
    assert!(!sign_in(&[offline]));
    assert!(sign_in(&[offline, ("prompt", "consent")]));
}

#[test]
fn scripts_are_followed_in_order_and_then_forgotten() {
    let server = start(|_| ());
    let (_, tokens) = exchange(&server, &code(&server), VERIFIER);
    server.script(Endpoint::Refresh, Fault::oauth_error(503, "temporarily_unavailable", "later"));
    server.script(Endpoint::Refresh, Fault::rewrite(&[("expires_in", Some(json!(1))), ("token_type", None)]));
    server.script(Endpoint::Refresh, Fault::close());
    assert_eq!(refresh(&server, &tokens["refresh_token"]).0, 503);
    let (_, rewritten) = refresh(&server, &tokens["refresh_token"]);
    assert_eq!((&rewritten["expires_in"], rewritten.get("token_type")), (&json!(1), None));
    let form = "grant_type=refresh_token&client_id=mail";
    assert!(browser::request("POST", &server.token_uri(), &[], form).is_err());
    assert_eq!(refresh(&server, &tokens["refresh_token"]).0, 200);
}

#[test]
fn a_gate_holds_an_answer_back_while_the_log_already_shows_the_request() {
    let server = start(|_| ());
    let gate = Gate::closed();
    server.script(Endpoint::Other, Fault::answer(Response::new(200, "text/plain", "at last")).held(&gate));
    std::thread::scope(|scope| {
        let url = format!("{}/other", server.issuer());
        let visit = scope.spawn(move || browser::visit(&url).unwrap());
        let seen = server.log().wait_for(PATIENCE, |entries| entries.first().map(|e| e.is_finished()));
        assert_eq!(seen, Some(false));
        gate.open();
        assert_eq!(visit.join().unwrap().body, "at last");
    });
    assert!(server.log().wait_finished(Endpoint::Other, 1, PATIENCE));
}

#[test]
fn a_server_that_comes_back_remembers_its_sessions() {
    let mut server = start(|_| ());
    let (_, tokens) = exchange(&server, &code(&server), VERIFIER);
    server.go_down();
    assert!(browser::visit(server.issuer()).is_err());
    server.come_back().unwrap();
    assert_eq!(refresh(&server, &tokens["refresh_token"]).0, 200);
}
