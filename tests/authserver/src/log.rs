//! The complete record of requests, which tests wait on.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::sync::Watched;
use crate::token::JWT_BEARER;
use crate::wire::{Request, Response};

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// A connection, before anything is read from it. For scripts only: never in the log.
    Connection,
    /// The authorization endpoint: the page with the two buttons.
    Authorization,
    /// One of its buttons was pressed.
    Decision,
    /// The token endpoint, `grant_type=authorization_code`.
    Exchange,
    /// The token endpoint, `grant_type=refresh_token`.
    Refresh,
    /// The device authorization endpoint (RFC 8628 §3.1).
    Device,
    /// The token endpoint, asked about a device code.
    Poll,
    /// The token endpoint, asked by a client that signs in by itself.
    Application,
    /// The page where a user types a code was opened, or a button of it pressed.
    Verification,
    /// The revocation endpoint (RFC 7009).
    Revocation,
    /// What it says of itself (RFC 8414, OpenID Connect Discovery 1.0).
    Metadata,
    /// The client registration endpoint (RFC 7591).
    Registration,
    /// Token introspection (RFC 7662).
    Introspection,
    /// Anything else.
    Other,
}

impl Endpoint {
    /// What `request` is about.
    pub(crate) fn of(request: &Request) -> Self {
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/authorize") => Self::Authorization,
            ("POST", "/authorize") => Self::Decision,
            ("POST", "/device") => Self::Device,
            (_, "/verify") => Self::Verification,
            ("POST", "/revoke") => Self::Revocation,
            ("POST", "/introspect") => Self::Introspection,
            ("GET", path) if path.starts_with("/.well-known/") => Self::Metadata,
            ("POST", "/register") => Self::Registration,
            ("POST", "/token") => match request.form("grant_type") {
                Some("authorization_code") => Self::Exchange,
                Some("refresh_token") => Self::Refresh,
                Some("urn:ietf:params:oauth:grant-type:device_code") => Self::Poll,
                Some("client_credentials" | JWT_BEARER) => Self::Application,
                _ => Self::Other,
            },
            _ => Self::Other,
        }
    }

    /// Whether this is one of the requests that the limits are for.
    pub fn is_token_request(self) -> bool {
        matches!(self, Self::Exchange | Self::Refresh | Self::Device | Self::Poll | Self::Application)
    }
}

/// One request, and what became of it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What it is about.
    pub endpoint: Endpoint,
    /// When it had been read.
    pub arrived: Instant,
    /// The request.
    pub request: Request,
    /// What became of it.
    pub answer: Answer,
}

/// What became of a request.
#[derive(Clone, Debug)]
pub enum Answer {
    /// It is being held, or worked on.
    Open,
    /// This was sent whole.
    Sent(Response),
    /// No whole answer was sent.
    Cut,
}

impl Entry {
    /// The status, where a whole answer was sent.
    pub fn status(&self) -> Option<u16> {
        self.sent().map(|response| response.status)
    }

    /// The access token that the answer carried.
    pub fn access_token(&self) -> Option<String> {
        self.answered("access_token")
    }

    /// The refresh token that the answer carried.
    pub fn refresh_token(&self) -> Option<String> {
        self.answered("refresh_token")
    }

    /// The OAuth `error` that the answer carried.
    pub fn error(&self) -> Option<String> {
        self.answered("error")
    }

    /// Whether nothing more will happen to it.
    pub fn is_finished(&self) -> bool {
        !matches!(self.answer, Answer::Open)
    }

    fn sent(&self) -> Option<&Response> {
        match &self.answer {
            Answer::Sent(response) => Some(response),
            Answer::Open | Answer::Cut => None,
        }
    }

    fn answered(&self, field: &str) -> Option<String> {
        Some(self.sent()?.as_json()?.get(field)?.as_str()?.to_owned())
    }
}

#[derive(Debug, Default)]
struct Record {
    entries: Vec<Entry>,
    /// The token requests that nothing has been decided about yet.
    in_flight: BTreeSet<usize>,
    peak: usize,
}

/// The record.
#[derive(Debug, Default)]
pub struct Log(Watched<Record>);

impl Log {
    /// All requests so far.
    pub fn entries(&self) -> Vec<Entry> {
        self.0.lock().entries.clone()
    }

    /// How many requests to an endpoint there were.
    pub fn count(&self, endpoint: Endpoint) -> usize {
        self.0.lock().entries.iter().filter(|entry| entry.endpoint == endpoint).count()
    }

    /// The largest number of token requests that were here at the same time.
    pub fn peak_in_flight(&self) -> usize {
        self.0.lock().peak
    }

    /// Waits until `look` finds something in the record; `None` when `limit` has passed.
    pub fn wait_for<R>(&self, limit: Duration, mut look: impl FnMut(&[Entry]) -> Option<R>) -> Option<R> {
        self.0.wait_for(limit, |record| look(&record.entries))
    }

    /// Waits until `count` requests to `endpoint` are finished; `false` when `limit` has passed.
    pub fn wait_finished(&self, endpoint: Endpoint, count: usize, limit: Duration) -> bool {
        let finished = |entries: &[Entry]| {
            entries.iter().filter(|entry| entry.endpoint == endpoint && entry.is_finished()).count() >= count
        };
        self.wait_for(limit, |entries| finished(entries).then_some(())).is_some()
    }

    pub(crate) fn arrived(&self, endpoint: Endpoint, request: Request) -> usize {
        let entry = Entry { endpoint, arrived: Instant::now(), request, answer: Answer::Open };
        self.0.change(|record| {
            let index = record.entries.len();
            if endpoint.is_token_request() {
                record.in_flight.insert(index);
            }
            record.peak = record.peak.max(record.in_flight.len());
            record.entries.push(entry);
            index
        })
    }

    /// The answer is about to be sent: whoever gets it may ask again before [`Log::finished`] is called.
    pub(crate) fn decided(&self, index: usize) {
        self.0.change(|record| record.in_flight.remove(&index));
    }

    pub(crate) fn finished(&self, index: usize, answer: Answer) {
        self.0.change(|record| {
            record.in_flight.remove(&index);
            record.entries[index].answer = answer;
        });
    }
}
