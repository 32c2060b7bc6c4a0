use super::*;
use crate::testing::{account as named, code_grant_mut, served, uri};
use pizauth_common::config::ClientAuth;
use url::Url;

/// Entropy that counts, so that every buffer is different and known.
fn counting() -> impl FnMut(&mut [u8]) {
    let mut next = 0_u8;
    move |buffer| {
        buffer.fill_with(|| {
            next = next.wrapping_add(1);
            next
        });
    }
}

fn account() -> Account {
    named("work")
}

fn with(change: impl FnOnce(&mut AuthorizationCode)) -> Account {
    let mut account = account();
    change(code_grant_mut(&mut account));
    account
}

fn request(account: &Account) -> AuthorizationRequest {
    AuthorizationRequest::new(&served(account), 4321, &mut counting()).unwrap()
}

fn fields(url: &str) -> Vec<(String, String)> {
    Url::parse(url).unwrap().query_pairs().into_owned().collect()
}

fn field(url: &str, name: &str) -> Vec<String> {
    fields(url).into_iter().filter(|(key, _)| key == name).map(|(_, value)| value).collect()
}

#[test]
fn every_mandatory_field_stands_once() {
    let account = account();
    let request = request(&account);
    for (name, value) in [
        ("access_type", "offline"),
        ("response_type", "code"),
        ("client_id", "client&id"),
        ("redirect_uri", "http://localhost:4321/"),
        ("code_challenge_method", "S256"),
        ("state", request.state.expose()),
        ("scope", "mail.read offline_access"),
    ] {
        assert_eq!(field(&request.url, name), [value], "{name}");
    }
    assert_eq!(request.redirect_uri, "http://localhost:4321/");
}

#[test]
fn the_challenge_is_that_of_rfc_7636_appendix_b() {
    let verifier = Secret::from("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    assert_eq!(code_challenge(&verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

#[test]
fn randomness_has_its_full_length_and_is_not_shared() {
    let request = request(&account());
    assert_eq!(URL_SAFE_NO_PAD.decode(request.state.expose()).unwrap().len(), STATE_BYTES);
    let verifier = URL_SAFE_NO_PAD.decode(request.code_verifier.expose()).unwrap();
    assert_eq!(verifier, (33..33 + 64).collect::<Vec<u8>>(), "bytes of its own, after those of the state");
    assert_eq!(field(&request.url, "code_challenge"), [code_challenge(&request.code_verifier)]);
}

#[test]
fn no_secret_stands_in_the_url() {
    let account = Account { client_auth: ClientAuth::Post("hunter2".into()), ..account() };
    let request = request(&account);
    assert!(!request.url.contains("hunter2"));
    assert!(!request.url.contains(request.code_verifier.expose()));
}

#[test]
fn without_scopes_there_is_no_scope_field() {
    let account = Account { scopes: [].into(), ..account() };
    assert_eq!(field(&request(&account).url, "scope"), Vec::<String>::new());
}

#[test]
fn a_blank_is_percent_encoded_and_a_plus_stays_one() {
    let account = with(|code| code.auth_uri_fields = [("hint".into(), "a+b c".into())].into());
    let url = request(&account).url;
    assert!(url.contains("scope=mail.read%20offline_access"), "{url}");
    assert!(url.ends_with("hint=a%2Bb%20c") && !url.contains('+'), "{url}");
}

#[test]
fn extra_fields_come_last_in_their_order_and_may_repeat() {
    let extra = [("prompt", "consent"), ("b", "1"), ("a", "é &="), ("b", "2")];
    let extra: Vec<_> = extra.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
    let account = with(|grant| grant.auth_uri_fields = extra.as_slice().into());
    assert!(fields(&request(&account).url).ends_with(&extra));
}

#[test]
fn the_endpoint_is_kept_as_written_with_its_own_query() {
    for (written, start) in [
        ("https://as.example/Auth/", "https://as.example/Auth/?access_type="),
        ("https://as.example", "https://as.example?access_type="),
        ("https://as.example/a?", "https://as.example/a?access_type="),
        ("https://as.example/a?p=B2C%5f1", "https://as.example/a?p=B2C%5f1&access_type="),
        ("https://as.example/a?p=1&", "https://as.example/a?p=1&access_type="),
    ] {
        let account = with(|grant| grant.auth_uri = uri(written).into());
        assert!(request(&account).url.starts_with(start), "{written}");
    }
}

#[test]
fn the_port_of_the_redirect_uri_is_the_listeners() {
    for (written, used) in [
        ("http://localhost:1/cb?x=1", "http://localhost:4321/cb?x=1"),
        ("https://[::1]/", "https://[::1]:4321/"),
        ("http://127.0.0.1", "http://127.0.0.1:4321/"),
    ] {
        let account = with(|grant| grant.redirect_uri = uri(written).into());
        assert_eq!(request(&account).redirect_uri, used);
    }
}
