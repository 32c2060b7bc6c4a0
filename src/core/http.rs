//! HTTP as data: what the core asks the daemon's http room to send, and what that room brings back, unjudged.

use alloc::sync::Arc;

use pizauth_common::config::ClientKey;
use pizauth_common::secret::Secret;
use pizauth_common::unix_time::UnixTime;
use serde_json::json;
use zeroize::Zeroizing;

use crate::prelude::*;

/// The methods that we use (RFC 9110 §9.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Nothing but the URI and headers.
    Get,
    /// With a body.
    Post,
}

/// One request, sent once: no redirect is followed, nothing is repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// How.
    pub method: Method,
    /// Where to: exactly as the configuration writes it.
    pub uri: String,
    /// What is the asker's business, `Accept`, `Content-Type`, `Authorization`; connections and lengths are the room's.
    pub headers: Vec<(&'static str, Secret)>,
    /// Empty for [`Method::Get`].
    pub body: Secret,
    /// What is to be signed, and added to a body that is a form.
    pub assertion: Option<Assertion>,
}

/// A field of a form that whoever performs the request signs (RFC 7523 §3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// What the field is called.
    pub field: &'static str,
    /// Where the key is, read anew for each request.
    pub key: Arc<ClientKey>,
    /// Who says so.
    pub issuer: Arc<str>,
    /// Of whom.
    pub subject: Arc<str>,
    /// To whom.
    pub audience: String,
    /// The scope, where it is a claim.
    pub scope: Option<String>,
    /// When and as which; all zero before the request leaves the keeper.
    pub stamp: Stamp,
}

/// What makes one assertion differ from every other one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// When it is made.
    pub issued: UnixTime,
    /// A random number.
    pub id: [u8; 16],
}

/// How long an assertion is good: clocks differ, and requests take their time.
const ASSERTION_LIFE: u64 = 300;

impl Assertion {
    /// The claims that are to be signed (RFC 7519 §4.1), as JSON.
    pub fn claims(&self) -> String {
        let Self { field: _, key: _, issuer, subject, audience, scope, stamp } = self;
        let Stamp { issued: UnixTime(issued), id } = stamp;
        let mut claims = json!({
            "iss": &**issuer,
            "sub": &**subject,
            "aud": audience,
            "jti": id.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}")),
            "iat": issued,
            "nbf": issued,
            "exp": issued.saturating_add(ASSERTION_LIFE),
        });
        if let Some(scope) = scope {
            claims["scope"] = scope.as_str().into();
        }
        claims.to_string()
    }
}

/// What of an answer matters for a verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Retry-After`: seconds or a date (RFC 9110 §10.2.3).
    pub retry_after: Option<String>,
    /// `Date`, against which a date in `Retry-After` is read: the two clocks need not agree.
    pub date: Option<String>,
    /// What was signed for the request, which no message may show.
    pub signed: Option<Secret>,
    /// The body, at most 1 MiB, decoded where it was compressed.
    pub body: Zeroizing<Vec<u8>>,
}

/// There is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Whether a byte of the request can have reached the server.
    pub sent: bool,
    /// Why, for people: no secret is in it.
    pub why: String,
    /// Whether a person has to mend something on this side first: what signs the request cannot be used.
    pub needs_person: bool,
    /// Whether the server's name has no address.
    pub is_unresolved: bool,
}
