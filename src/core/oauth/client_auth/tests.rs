use super::*;
use crate::oauth::metadata::{Metadata, SecretsTaken};
use crate::testing::{account, client, key};

fn with(client_auth: ClientAuth) -> Account {
    Account { client_auth, client_id: "me: 100%/ü".into(), ..account("work") }
}

fn headers(credentials: &Credentials) -> Vec<(&'static str, String)> {
    let request = credentials.post("https://as.example/token/", &Secret::from("a=b"));
    assert_eq!((request.method, &*request.uri), (http::Method::Post, "https://as.example/token/"));
    assert_eq!(request.body.expose(), "a=b");
    request.headers.iter().map(|(name, value)| (*name, value.expose().to_owned())).collect()
}

fn is_form_without_authorization(credentials: &Credentials) {
    let expected = [("Accept", "application/json"), ("Content-Type", "application/x-www-form-urlencoded")];
    assert_eq!(headers(credentials), expected.map(|(name, value)| (name, value.to_owned())));
}

#[test]
fn a_public_client_says_its_name() {
    let credentials = Credentials::of(client(&with(ClientAuth::None)));
    assert_eq!(credentials.fields, [("client_id", Secret::from("me: 100%/ü"))]);
    assert!(credentials.secrets().is_empty());
    is_form_without_authorization(&credentials);
}

#[test]
fn a_secret_is_a_field_of_the_form() {
    let credentials = Credentials::of(client(&with(ClientAuth::Post("s&cret".into()))));
    let expected = [("client_id", "me: 100%/ü"), ("client_secret", "s&cret")];
    assert_eq!(credentials.fields, expected.map(|(name, value)| (name, Secret::from(value))));
    assert_eq!(credentials.secrets(), [Secret::from("s&cret")]);
    is_form_without_authorization(&credentials);
}

#[test]
fn by_basic_both_are_encoded_as_in_a_form_and_none_stands_in_the_body() {
    let credentials = Credentials::of(client(&with(ClientAuth::Basic("p:a+s %é".into()))));
    assert!(credentials.fields.is_empty());
    let (name, value) = headers(&credentials).pop().unwrap();
    let encoded = value.strip_prefix("Basic ").unwrap();
    let pair = String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap();
    assert_eq!((name, &*pair), ("Authorization", "me%3A%20100%25%2F%C3%BC:p%3Aa%2Bs%20%25%C3%A9"));
    assert_eq!(credentials.secrets(), [Secret::from("p:a+s %é"), Secret::from(encoded)]);
}

#[test]
fn a_key_signs_who_the_client_is_for_the_token_endpoint() {
    let key = key(None);
    let credentials = Credentials::of(client(&with(ClientAuth::PrivateKeyJwt(Arc::clone(&key)))));
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let expected = [("client_id", "me: 100%/ü"), ("client_assertion_type", kind)];
    assert_eq!(credentials.fields, expected.map(|(name, value)| (name, Secret::from(value))));
    let assertion = credentials.post("https://as.example/other", &Secret::from("a=b")).assertion.unwrap();
    assert_eq!((assertion.field, &assertion.key), ("client_assertion", &key));
    let claims: serde_json::Value = serde_json::from_str(&assertion.claims()).unwrap();
    assert_eq!((&claims["iss"], &claims["sub"]), (&"me: 100%/ü".into(), &"me: 100%/ü".into()));
    assert_eq!(claims["aud"], "https://as.example/token");
    is_form_without_authorization(&credentials);
}

#[test]
fn advice_is_about_what_the_client_proves_itself_by() {
    let proof = |auth| Credentials::of(client(&with(auth))).proof();
    assert_eq!(proof(ClientAuth::None), Proof::Usual);
    assert_eq!(proof(ClientAuth::Basic("s".into())), Proof::Usual);
    assert_eq!(proof(ClientAuth::PrivateKeyJwt(key(None))), Proof::Key);
    assert_eq!(proof(ClientAuth::PrivateKeyJwt(key(Some("/etc/cert.pem")))), Proof::Certificate);
}

#[test]
fn debug_shows_no_secret() {
    for auth in [ClientAuth::Basic("hunter2".into()), ClientAuth::Post("hunter2".into())] {
        let credentials = Credentials::of(client(&with(auth)));
        let encoded = basic("me: 100%/ü", &"hunter2".into());
        let text = format!("{credentials:?} {:?}", with(ClientAuth::Basic("hunter2".into())));
        assert!(!text.contains("hunter2") && !text.contains(encoded.expose()), "{text}");
    }
}

#[test]
fn a_secret_is_sent_as_the_issuer_lists_and_as_a_header_where_it_lists_nothing() {
    let account = with(ClientAuth::AsListed("s3cret".into()));
    for (post, basic, is_in_the_form) in
        [(true, true, true), (true, false, true), (false, true, false), (false, false, false)]
    {
        let metadata = Metadata { secrets: SecretsTaken { post, basic }, ..Metadata::default() };
        let served = Served::new(&account, Some(&metadata)).unwrap();
        let credentials = Credentials::of(Client::of(served, None).unwrap());
        let has_field = credentials.fields.iter().any(|(name, _)| *name == "client_secret");
        let has_header = headers(&credentials).iter().any(|(name, _)| *name == "Authorization");
        assert_eq!((has_field, has_header), (is_in_the_form, !is_in_the_form), "{post} {basic}");
    }
}
