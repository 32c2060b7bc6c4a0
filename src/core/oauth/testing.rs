//! Requests of an account, for tests.

use pizauth_common::secret::Secret;

use super::token_request::TokenRequest;
use crate::testing::{account, by_assertion, by_itself, client};

/// An exchange; its secrets are easy to recognize.
pub(super) fn exchange() -> TokenRequest {
    let (code, verifier) = (Secret::from("the-sent-code"), Secret::from("the-sent-verifier"));
    TokenRequest::exchange(client(&account("work")), &code, &verifier, "http://localhost:4321/")
}

/// Of a client that signs in by itself.
pub(super) fn application() -> TokenRequest {
    let account = by_itself(account("work"));
    TokenRequest::by_itself(client(&account), account.grant.application().unwrap())
}

/// Of a client that signs in whose name it asks.
pub(super) fn in_the_name_of_a_user() -> TokenRequest {
    let account = by_assertion(account("work"));
    TokenRequest::by_itself(client(&account), account.grant.application().unwrap())
}

/// A refresh.
pub(super) fn refresh() -> TokenRequest {
    TokenRequest::refresh(client(&account("work")), &Secret::from("the/sent/refresh"))
}
