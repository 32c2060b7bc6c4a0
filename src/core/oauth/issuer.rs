//! Which authorization server an authorization response comes from (RFC 9207): a response of one is not to be taken to
//! another.

use pizauth_common::terminal::cut;
use url::Url;

use super::outcome::Reason;
use super::redaction::Redaction;
use super::redirect::AuthorizationResponse;
use super::served::Served;
use crate::prelude::*;

#[cfg(test)]
mod tests;

/// What is shown of a name that a server gives itself.
const MAX_BYTES: usize = 200;

/// Whether a response comes from whom it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// It does, or says nothing of it.
    Fits,
    /// It says that it comes from somebody else than the account's issuer: nothing of it is to be used.
    Other(Reason),
    /// It says that it comes from elsewhere, and what the server is called is not known.
    Unknown(String),
}

/// Compares what a response says with the account (RFC 9207 §2.4: byte for byte).
pub(crate) fn origin(response: &AuthorizationResponse, served: &Served) -> Origin {
    let issuer = served.account.issuer.as_ref().map(|issuer| issuer.written());
    match (response.iss(), issuer) {
        (None, Some(issuer)) if served.promises_iss() => Origin::Other(nobody(issuer)),
        (None, _) => Origin::Fits,
        (Some(iss), Some(issuer)) if issuer == iss => Origin::Fits,
        (Some(iss), Some(issuer)) => Origin::Other(other(&shown(iss, response), iss, issuer)),
        (Some(iss), None) if is_of_server(iss, served) => Origin::Fits,
        (Some(iss), None) => Origin::Unknown(shown(iss, response)),
    }
}

/// RFC 9207 §2.4: what may be an answer of a server that does not say whose it is.
fn nobody(issuer: &str) -> Reason {
    Reason::with_cause("iss", &format!("the answer names no issuer, though {issuer} promises one"))
}

fn other(shown: &str, iss: &str, issuer: &str) -> Reason {
    let is_nearly = iss.trim_end_matches('/') == issuer.trim_end_matches('/');
    let hint = if is_nearly { " (write that as issuer)" } else { "" };
    Reason::with_cause("iss", &format!("the answer comes from {shown}, not from {issuer}{hint}"))
}

fn is_of_server(iss: &str, served: &Served) -> bool {
    let begins_at = served.browser().map(|(_, auth_uri)| auth_uri.parsed().origin());
    Url::parse(iss).is_ok_and(|iss| Some(iss.origin()) == begins_at)
}

/// Anybody may have written it.
fn shown(iss: &str, response: &AuthorizationResponse) -> String {
    let mut shown = Reason::new(&Redaction::of(response.secrets()).apply(iss)).as_str().to_owned();
    cut(&mut shown, MAX_BYTES);
    shown
}
