use super::*;
use crate::oauth::outcome::{Outcome, Reason};
use crate::testing::{account as named, by_assertion, by_itself, client, uri};
use pizauth_common::config::ClientAuth;

fn account() -> Account {
    named("work")
}

fn fields(request: &TokenRequest) -> Vec<(String, String)> {
    form_urlencoded::parse(request.form.expose().as_bytes()).into_owned().collect()
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

fn exchange(account: &Account) -> TokenRequest {
    let (code, verifier) = (Secret::from("4/0A&=+ ü"), Secret::from("verifier"));
    TokenRequest::exchange(client(account), &code, &verifier, "http://localhost:4321/")
}

#[test]
fn an_exchange_carries_code_verifier_and_the_same_redirect_uri() {
    let request = exchange(&account());
    let expected = pairs([
        ("grant_type", "authorization_code"),
        ("code", "4/0A&=+ ü"),
        ("code_verifier", "verifier"),
        ("redirect_uri", "http://localhost:4321/"),
        ("client_id", "client&id"),
    ]);
    assert_eq!(fields(&request), expected);
    assert_eq!(request.grant, GrantType::AuthorizationCode);
}

#[test]
fn a_refresh_carries_the_refresh_token() {
    let request = TokenRequest::refresh(client(&account()), &Secret::from("r3fresh"));
    let expected =
        pairs([("grant_type", "refresh_token"), ("refresh_token", "r3fresh"), ("client_id", "client&id")]);
    assert_eq!(fields(&request), expected);
    assert_eq!(request.grant, GrantType::RefreshToken);
    assert_eq!(*request.scopes, ["mail.read", "offline_access"]);
}

#[test]
fn a_client_that_signs_in_by_itself_asks_with_nothing_but_its_credentials() {
    let account = Account { resource: ["urn:x".to_owned()].into(), ..by_itself(account()) };
    let request = TokenRequest::by_itself(client(&account), account.grant.application().unwrap());
    let expected = pairs([
        ("grant_type", "client_credentials"),
        ("scope", "mail.read offline_access"),
        ("client_id", "client&id"),
        ("client_secret", "s3cret"),
        ("resource", "urn:x"),
    ]);
    assert_eq!(fields(&request), expected);
    let without_scopes = Account { scopes: [].into(), ..account };
    let request =
        TokenRequest::by_itself(client(&without_scopes), without_scopes.grant.application().unwrap());
    assert!(!request.form.expose().contains("scope"));
}

#[test]
fn a_client_that_signs_in_whose_name_it_asks_sends_that_and_nothing_of_itself() {
    let account = by_assertion(Account { resource: ["urn:x".to_owned()].into(), ..account() });
    let request = TokenRequest::by_itself(client(&account), account.grant.application().unwrap());
    let kind = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    assert_eq!(fields(&request), pairs([("grant_type", kind), ("resource", "urn:x")]));
    let assertion = request.http().assertion.unwrap();
    assert_eq!(assertion.field, "assertion");
    let claims: serde_json::Value = serde_json::from_str(&assertion.claims()).unwrap();
    let expected = [
        ("iss", "client&id"),
        ("sub", "me@example.org"),
        ("aud", "https://as.example/token"),
        ("scope", "mail.read offline_access"),
    ];
    for (claim, value) in expected {
        assert_eq!(claims[claim], value);
    }
    let without_scopes = Account { scopes: [].into(), ..account };
    let request =
        TokenRequest::by_itself(client(&without_scopes), without_scopes.grant.application().unwrap());
    assert_eq!(request.http().assertion.unwrap().scope, None);
}

#[test]
fn resources_and_extra_fields_go_last_with_every_request() {
    let resource = ["https://imap.example/".to_owned(), "urn:x:smtp".to_owned()];
    let account = Account {
        resource: resource.into(),
        token_uri_fields: pairs([("x", "1"), ("x", "2")]).into(),
        ..account()
    };
    let expected =
        pairs([("resource", "https://imap.example/"), ("resource", "urn:x:smtp"), ("x", "1"), ("x", "2")]);
    for request in [exchange(&account), TokenRequest::refresh(client(&account), &Secret::from("r3fresh"))] {
        assert!(fields(&request).ends_with(&expected), "{:?}", fields(&request));
    }
}

#[test]
fn the_client_proves_itself_with_every_request() {
    for (client_auth, in_form, in_header) in [
        (ClientAuth::None, false, false),
        (ClientAuth::Post("s&cret".into()), true, false),
        (ClientAuth::Basic("s&cret".into()), false, true),
    ] {
        let account = Account { client_auth, ..account() };
        for request in [exchange(&account), TokenRequest::refresh(client(&account), &Secret::from("r3fresh"))]
        {
            assert_eq!(
                fields(&request).contains(&("client_secret".to_owned(), "s&cret".to_owned())),
                in_form
            );
            assert_eq!(fields(&request).iter().any(|(name, _)| name == "client_id"), !in_header);
            let headers = request.http().headers;
            assert_eq!(headers.iter().any(|(name, _)| *name == "Authorization"), in_header);
        }
    }
}

#[test]
fn the_token_endpoint_is_kept_as_written() {
    let account = Account { token_uri: uri("https://AS.example/token/").into(), ..account() };
    assert_eq!(exchange(&account).token_uri, "https://AS.example/token/");
}

#[test]
fn the_secrets_of_a_request_are_known_decoded() {
    let account = Account { client_auth: ClientAuth::Post("s&cret".into()), ..account() };
    let secrets = exchange(&account).secrets();
    assert_eq!(secrets, ["4/0A&=+ ü", "verifier", "s&cret"].map(Secret::from));
}

#[test]
fn debug_shows_no_secret() {
    let text = format!("{:?}", TokenRequest::refresh(client(&account()), &Secret::from("r3fresh")));
    assert!(!text.contains("r3fresh"));
}

#[test]
fn a_request_is_its_form_posted_to_the_token_endpoint() {
    let request = exchange(&account());
    let sent = request.http();
    assert_eq!((sent.method, &sent.uri), (http::Method::Post, &request.token_uri));
    assert_eq!(sent.body, request.form);
}

#[test]
fn what_cannot_be_signed_needs_a_person() {
    let lost = http::Lost {
        sent: false,
        why: "cannot use client_key_file".to_owned(),
        needs_person: true,
        is_unresolved: false,
    };
    let expected = Outcome::NeedsAttention(Reason::new("cannot use client_key_file"));
    assert_eq!(exchange(&account()).outcome(Err(lost)), expected);
}

#[test]
fn a_lost_answer_is_transient_and_tells_whether_anything_was_sent() {
    for sent in [false, true] {
        let lost = http::Lost {
            sent,
            why: "no route\nto host".to_owned(),
            needs_person: false,
            is_unresolved: false,
        };
        let expected =
            Outcome::Transient { reason: Reason::new("no route to host"), retry_after: None, reached: sent };
        assert_eq!(exchange(&account()).outcome(Err(lost)), expected);
    }
}
