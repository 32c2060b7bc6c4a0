//! An account and its requests, for tests.

use std::time::Duration;

use pizauth_common::config::{Account, Uri};
use pizauth_common::secret::Secret;
use url::Url;

use super::token_request::TokenRequest;

pub(crate) fn uri(written: &str) -> Uri {
    Uri { written: written.to_owned(), parsed: Url::parse(written).unwrap() }
}

/// A public client (no secret), with two scopes.
pub(crate) fn account() -> Account {
    Account {
        name: "work".into(),
        auth_uri: "https://as.example/auth".into(),
        token_uri: "https://as.example/token".into(),
        client_id: "client&id".into(),
        client_secret: None,
        scopes: ["mail.read".to_owned(), "offline_access".to_owned()].into(),
        redirect_uri: uri("http://localhost/").into(),
        auth_uri_fields: Vec::new(),
        refresh_at_least: Duration::from_secs(90 * 60),
        refresh_before_expiry: Duration::from_secs(90),
        refresh_retry: Duration::from_secs(40),
    }
}

/// An exchange by that account; its secrets are easy to recognize.
pub(crate) fn exchange() -> TokenRequest {
    let (code, verifier) = (Secret::from("the-sent-code"), Secret::from("the-sent-verifier"));
    TokenRequest::exchange(&account(), &code, &verifier, "http://localhost:4321/")
}

/// A refresh by that account.
pub(crate) fn refresh() -> TokenRequest {
    TokenRequest::refresh(&account(), &Secret::from("the/sent/refresh"))
}
