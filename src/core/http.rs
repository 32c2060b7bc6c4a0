//! HTTP as data: what the core asks the daemon's http room to send, and what that room brings back, unjudged.

use pizauth_common::secret::Secret;
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
}
