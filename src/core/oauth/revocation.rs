//! Revoking a token at the authorization server (RFC 7009).

use pizauth_common::config::Uri;
use pizauth_common::roughly::roughly;
use pizauth_common::secret::Secret;

use super::answer::body::{self, Endpoint, Unreadable};
use super::answer::oauth_error::OAuthError;
use super::answer::{retry_after, unusable, with_hint};
use super::client_auth::{Client, Credentials};
use super::outcome::Reason;
use super::provider_hints::hint_for;
use super::redaction::Redaction;
use super::token_request::form;
use crate::http::{self, Answer, Lost};
use crate::prelude::*;

#[cfg(test)]
mod tests;

/// The revocation endpoint. Where all is well its answer is empty.
const ENDPOINT: Endpoint =
    Endpoint { option: "revocation_uri", names: &["error", "error_description", "suberror"] };

/// By these a server says that the token is good for nothing already: RFC 7009 §2.2 wants a success for that, and some
/// give an error.
const DEAD_ALREADY: [&str; 2] = ["invalid_token", "invalid_grant"];

/// What is revoked (RFC 7009 §2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// With it go the access tokens of its grant.
    RefreshToken,
    /// Where there is no other.
    AccessToken,
}

impl TokenKind {
    /// The value of `token_type_hint`.
    fn as_str(self) -> &'static str {
        match self {
            Self::RefreshToken => "refresh_token",
            Self::AccessToken => "access_token",
        }
    }
}

/// A form to POST to a revocation endpoint.
#[derive(Debug, PartialEq, Eq)]
pub struct RevocationRequest {
    /// The endpoint, exactly as the configuration writes it.
    revocation_uri: String,
    form: Secret,
    token: Secret,
    credentials: Credentials,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revoked {
    /// The token is dead.
    Done,
    /// The server does not revoke tokens of this kind (RFC 7009 §2.2.1).
    OtherKindsOnly(Reason),
    /// The token is as good as it was, or nobody knows.
    NotDone(Reason),
}

impl Revoked {
    /// In a word, for the log.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Done => "revoked",
            Self::OtherKindsOnly(_) | Self::NotDone(_) => "not_revoked",
        }
    }
}

impl RevocationRequest {
    /// For its name in the log, where token requests have their `grant_type`.
    pub const LOGGED_AS: &str = "revocation";

    /// The request to revoke `token` at an endpoint of the client's.
    pub fn new(client: Client, revocation_uri: &Uri, kind: TokenKind, token: &Secret) -> Self {
        let credentials = Credentials::of(client);
        let client = credentials.fields.iter().map(|(name, value)| (*name, value.expose()));
        let fields = [("token", token.expose()), ("token_type_hint", kind.as_str())];
        let form = form(fields.into_iter().chain(client));
        Self { revocation_uri: revocation_uri.written().to_owned(), form, token: token.clone(), credentials }
    }

    /// The client's secret, where one is sent.
    pub(crate) fn client_secret(&self) -> Option<&Secret> {
        self.credentials.client_secret()
    }

    /// What is to be sent.
    pub fn http(&self) -> http::Request {
        self.credentials.post(&self.revocation_uri, &self.form)
    }

    /// What the answer to it means, or the lack of one.
    pub fn outcome(&self, result: Result<Answer, Lost>) -> Revoked {
        match result {
            Ok(answer) => self.judge(&answer),
            Err(Lost { why, .. }) => Revoked::NotDone(Reason::new(&why)),
        }
    }

    fn judge(&self, answer: &Answer) -> Revoked {
        let redaction = Redaction::of_answer(
            answer,
            self.credentials.secrets().iter().cloned().chain([self.token.clone()]),
        );
        let is_success = (200..300).contains(&answer.status);
        let members = body::read(answer, &ENDPOINT);
        match members.as_ref().map(OAuthError::find) {
            Ok(Some(error)) => self.refusal(&error, answer, &redaction),
            _ if is_success => Revoked::Done,
            _ => {
                let why = members.err().unwrap_or(Unreadable::NoError);
                let told = unusable(answer, &why, &redaction);
                Revoked::NotDone(Reason::new(&with_pause(told, answer)))
            }
        }
    }

    fn refusal(&self, error: &OAuthError, answer: &Answer, redaction: &Redaction) -> Revoked {
        let is_verdict = matches!(answer.status, 200..=299 | 400 | 401);
        if is_verdict && DEAD_ALREADY.contains(&error.code()) {
            return Revoked::Done;
        }
        let hint = hint_for(self.credentials.proof(), error.code(), error.description());
        let reason = with_hint(error, answer, redaction, hint);
        if is_verdict && error.code() == "unsupported_token_type" {
            return Revoked::OtherKindsOnly(reason);
        }
        let text = with_pause(reason.to_string(), answer);
        Revoked::NotDone(reason.with_text(&text))
    }
}

/// RFC 7009 §2.2.1: a server that says 503 may say when it is worth while to come back.
fn with_pause(why: String, answer: &Answer) -> String {
    match retry_after::of(answer) {
        Some(pause) => format!("{why} (it asks for a pause of {})", roughly(pause)),
        None => why,
    }
}
