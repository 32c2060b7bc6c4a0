use serde_json::Value;

use super::*;
use crate::testing::{json_answer, server_with_registration};

fn request() -> RegistrationRequest {
    RegistrationRequest::new(&server_with_registration(), "imap smtp").unwrap()
}

fn body(request: &RegistrationRequest) -> Value {
    serde_json::from_str(request.http().body.expose()).unwrap()
}

#[test]
fn a_public_native_client_with_loopback_redirects_is_asked_for() {
    let http::Request { method, uri, headers, assertion, .. } = request().http();
    assert_eq!((method, uri.as_str()), (http::Method::Post, "https://as.example/register"));
    let json = || Secret::from("application/json");
    assert_eq!((headers, assertion), ([("Accept", json()), ("Content-Type", json())].into(), None));
    let device = "urn:ietf:params:oauth:grant-type:device_code";
    let expected = json!({
        "client_name": "pizauth",
        "redirect_uris": ["http://127.0.0.1/", "http://localhost/"],
        "grant_types": ["authorization_code", "refresh_token", device],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "application_type": "native",
        "scope": "imap smtp",
    });
    assert_eq!(body(&request()), expected);
}

#[test]
fn neither_a_grant_that_the_server_lacks_nor_an_empty_scope_is_asked_for() {
    let server = Metadata { device_authorization_endpoint: None, ..server_with_registration() };
    let body = body(&RegistrationRequest::new(&server, "").unwrap());
    assert_eq!(body["grant_types"], json!(["authorization_code", "refresh_token"]));
    assert_eq!(body.get("scope"), None);
    assert_eq!(RegistrationRequest::new(&Metadata::default(), "imap"), None);
}

#[test]
fn there_is_one_more_try_and_it_has_one_redirect_uri() {
    let again = request().with_one_redirect_uri().unwrap();
    assert_eq!(body(&again)["redirect_uris"], json!(["http://127.0.0.1/"]));
    assert_eq!(body(&again)["scope"], "imap smtp");
    assert_eq!(again.with_one_redirect_uri(), None);
}

#[test]
fn a_server_that_is_not_reached_may_be_asked_again() {
    let lost = Lost { sent: true, why: "no route".to_owned(), needs_person: false, is_unresolved: false };
    assert_eq!(request().outcome(Err(lost)), Registered::Transient(Reason::new("no route")));
}

#[test]
fn the_token_to_change_the_client_with_is_noticed_and_not_kept() {
    for (more, comes) in [(r#","registration_access_token":"reg-23410913""#, true), ("", false)] {
        let answer = json_answer(201, &format!(r#"{{"client_id":"x"{more}}}"#));
        let outcome = request().outcome(Ok(answer));
        assert!(!format!("{outcome:?}").contains("reg-23410913"));
        assert!(matches!(outcome, Registered::Client(client) if client.has_access_token == comes));
    }
}

#[test]
fn a_secret_that_is_no_text_is_no_client_without_a_secret() {
    let with = |secret: &str| {
        let answer = json_answer(201, &format!(r#"{{"client_id":"x","client_secret":{secret}}}"#));
        request().outcome(Ok(answer))
    };
    let why = "client_secret in the answer is not 1 to 4096";
    assert!(matches!(with("5"), Registered::Unusable(reason) if reason.as_str().contains(why)));
    assert!(matches!(with(r#""s3cret""#), Registered::Client(_)));
}
