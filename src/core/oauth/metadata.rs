//! What an authorization server says of itself (RFC 8414; OpenID Connect Discovery 1.0 §4): where its endpoints are,
//! and what it takes there. It is trusted for that as far as TLS and its own name go, and for nothing else.

use alloc::sync::Arc;
use core::time::Duration;

use pizauth_common::config::{Scheme, Uri, is_one_word};
use pizauth_common::secret::Secret;
use pizauth_common::terminal::cut;
use url::Url;

use self::document::{Document, document, is_true, scopes, secrets_taken, text};
use super::answer::body::{Member, Unreadable};
use super::answer::{retry_after, unusable};
use super::outcome::Reason;
use super::redaction::Redaction;
use crate::http::{self, Answer, Lost};
use crate::prelude::*;

mod document;
#[cfg(test)]
mod tests;

/// What is shown of a name that a server gives itself.
const MAX_NAME_BYTES: usize = 200;
/// The same of an endpoint that is used.
const MAX_URI_BYTES: usize = 4096;

/// Where metadata may be: in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// RFC 8414 §3: before the path of the issuer.
    OAuth,
    /// OpenID Connect Discovery 1.0 §4: behind it.
    OpenId,
}

/// The request for the metadata of an issuer, at one of the places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataRequest {
    issuer: Arc<Uri>,
    place: Place,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The metadata.
    Metadata(Box<Metadata>),
    /// There are none at this place.
    NotHere(Reason),
    /// They are another's, or of a server that wants what we do not do: nothing of them is used.
    Unusable(Reason),
    /// It may be different next time.
    Transient {
        /// What happened.
        reason: Reason,
        /// The server's Retry-After.
        retry_after: Option<Duration>,
        /// Whether a byte of the request can have reached the server.
        reached: bool,
    },
}

/// What of the metadata matters to us (RFC 8414 §2). An endpoint that cannot be used counts as absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// RFC 6749 §3.1.
    pub authorization_endpoint: Option<Uri>,
    /// RFC 6749 §3.2.
    pub token_endpoint: Option<Uri>,
    /// RFC 8628 §3.1.
    pub device_authorization_endpoint: Option<Uri>,
    /// RFC 7009 §2.
    pub revocation_endpoint: Option<Uri>,
    /// RFC 7591 §3.
    pub registration_endpoint: Option<Uri>,
    /// Whether each authorization response names its issuer (RFC 9207 §3).
    pub promises_iss: bool,
    /// Whether it lists ways of PKCE, and not ours. We use it all the same.
    pub lacks_s256: bool,
    /// How a client may show its secret.
    pub secrets: SecretsTaken,
    /// The scopes that it tells of, which need not be all.
    pub scopes: Vec<String>,
}

/// How a client may show its secret (`token_endpoint_auth_methods_supported`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretsTaken {
    /// In the body.
    pub post: bool,
    /// As HTTP Basic: also where nothing is listed.
    pub basic: bool,
}

impl Default for SecretsTaken {
    fn default() -> Self {
        Self { post: false, basic: true }
    }
}

impl MetadataRequest {
    /// At the first place.
    pub fn new(issuer: impl Into<Arc<Uri>>) -> Self {
        Self { issuer: issuer.into(), place: Place::OAuth }
    }

    /// At the next place, if there is one.
    pub fn elsewhere(&self) -> Option<Self> {
        match self.place {
            Place::OAuth => Some(Self { place: Place::OpenId, ..self.clone() }),
            Place::OpenId => None,
        }
    }

    /// What is to be sent.
    pub fn http(&self) -> http::Request {
        let headers = [("Accept", Secret::from("application/json"))].into();
        http::Request {
            method: http::Method::Get,
            uri: self.uri(),
            headers,
            body: Secret::from(""),
            assertion: None,
        }
    }

    fn uri(&self) -> String {
        let issuer = self.issuer.written().trim_end_matches('/');
        match self.place {
            Place::OpenId => format!("{issuer}/.well-known/openid-configuration"),
            Place::OAuth => {
                let origin = &self.issuer.parsed()[..url::Position::BeforePath];
                let path = self.issuer.parsed().path().trim_end_matches('/');
                format!("{origin}/.well-known/oauth-authorization-server{path}")
            }
        }
    }

    /// What the answer to it means, or the lack of one.
    pub fn outcome(&self, result: Result<Answer, Lost>) -> Found {
        match result {
            Ok(answer) => self.judge(&answer),
            Err(Lost { sent, why, .. }) => {
                Found::Transient { reason: Reason::new(&why), retry_after: None, reached: sent }
            }
        }
    }

    fn judge(&self, answer: &Answer) -> Found {
        let told = |why: &Unreadable| Reason::new(&unusable(answer, why, &Redaction::of([])));
        match answer.status {
            200..=299 => match document(&answer.body) {
                Ok(document) => self.read(document),
                Err(why) => Found::NotHere(told(&why)),
            },
            300..=399 => Found::NotHere(told(&Unreadable::Redirect { option: "issuer" })),
            // These are about this moment, and 1xx and 5xx are, too.
            408 | 429 => self.not_now(answer, told(&Unreadable::NoMetadata)),
            400..=499 => Found::NotHere(told(&Unreadable::NoMetadata)),
            _ => self.not_now(answer, told(&Unreadable::NoMetadata)),
        }
    }

    fn not_now(&self, answer: &Answer, reason: Reason) -> Found {
        Found::Transient { reason, retry_after: retry_after::of(answer), reached: true }
    }

    fn read(&self, document: Document) -> Found {
        let Some(name) = document.issuer.as_ref().and_then(text) else {
            return Found::NotHere(Reason::new("the answer names no issuer"));
        };
        if name != self.issuer.written() {
            return Found::Unusable(self.of_another(name));
        }
        if is_true(document.require_pushed_authorization_requests.as_ref()) {
            let issuer = self.issuer.written();
            let why = format!(
                "{issuer} wants pushed authorization requests (RFC 9126), which pizauthd does not do"
            );
            return Found::Unusable(Reason::with_cause("pushed_authorization_requests", &why));
        }
        Found::Metadata(Box::new(self.metadata(&document)))
    }

    /// RFC 8414 §3.3: byte for byte.
    fn of_another(&self, name: &str) -> Reason {
        let issuer = self.issuer.written();
        let is_nearly = name.trim_end_matches('/') == issuer.trim_end_matches('/');
        let mut shown = Reason::new(name).as_str().to_owned();
        cut(&mut shown, MAX_NAME_BYTES);
        let advice = if is_nearly { "write that as issuer" } else { "it is another one" };
        Reason::with_cause("issuer", &format!("{issuer} says that it is \"{shown}\": {advice}"))
    }

    fn metadata(&self, document: &Document) -> Metadata {
        let endpoint = |member: &Option<Member>| self.endpoint(member.as_ref()?);
        Metadata {
            authorization_endpoint: endpoint(&document.authorization_endpoint),
            token_endpoint: endpoint(&document.token_endpoint),
            device_authorization_endpoint: endpoint(&document.device_authorization_endpoint),
            revocation_endpoint: endpoint(&document.revocation_endpoint)
                .or_else(|| endpoint(&document.token_revocation_endpoint)),
            registration_endpoint: endpoint(&document.registration_endpoint),
            promises_iss: is_true(document.authorization_response_iss_parameter_supported.as_ref()),
            lacks_s256: document.code_challenge_methods_supported.as_ref().and_then(|it| it.lists("S256"))
                == Some(false),
            secrets: secrets_taken(document.token_endpoint_auth_methods_supported.as_ref()),
            scopes: scopes(document.scopes_supported.as_ref()),
        }
    }

    /// https; plain http only of an issuer that is so itself, and so on this machine.
    fn endpoint(&self, member: &Member) -> Option<Uri> {
        let written = text(member).filter(|written| written.len() <= MAX_URI_BYTES)?;
        let has_a_host =
            |uri: &Url| uri.host().is_some() && uri.username().is_empty() && uri.password().is_none();
        let uri = Uri::parse(written.to_owned())
            .ok()
            .filter(|uri| is_one_word(written) && has_a_host(uri.parsed()))?;
        (uri.scheme() == Scheme::Https || self.issuer.scheme() == Scheme::Http).then_some(uri)
    }
}
