//! What must be true of one account: a second, slower and simpler telling of the rules.

use std::collections::BTreeSet;

use crate::keeper::{JobId, TokenEvent};
use crate::moment::{Moment, Now};
use crate::snapshot::Lineage;

/// An access token that was issued and taken in.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) access_token: String,
    pub(super) refresh_token: Option<String>,
    pub(super) expires_at: Moment,
    pub(super) failures: u32,
    pub(super) question: Option<JobId>,
    /// What the keeper's dump says of it; unknown until the step in which it began is over.
    pub(super) lineage: Option<Lineage>,
}

impl Session {
    /// Good for nothing: expired, and without a refresh token.
    pub(super) fn is_spent(&self, now: Moment) -> bool {
        self.refresh_token.is_none() && self.expires_at <= now
    }

    /// A restore may not make it worse.
    pub(super) fn assert_may_give_way(&self, expires_at: Moment, lineage: Option<Lineage>) {
        match (self.lineage, lineage) {
            (Some(old), Some(new)) if old.session == new.session => {
                assert!(new.generation > old.generation, "an older token of the session came back");
            }
            _ => {
                assert_eq!(self.refresh_token, None, "a refresh token was lost to a dump");
                assert!(self.expires_at < expires_at, "a token was replaced by one that expires sooner");
            }
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(super) enum Phase {
    #[default]
    Empty,
    Pending {
        url: String,
    },
    Exchanging {
        code: String,
    },
    Active(Session),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    pub(super) phase: Phase,
    /// The request that the account waits for.
    pub(super) request: Option<JobId>,
    /// When its latest requests were sent.
    sent: Vec<Moment>,
    /// The URL of an authorization request that has been used.
    pub(super) used_url: Option<String>,
    /// The token events that the last call must have brought.
    pub(super) expected: Vec<TokenEvent>,
}

impl Model {
    pub(super) fn session(&mut self) -> Option<&mut Session> {
        match &mut self.phase {
            Phase::Active(session) => Some(session),
            _ => None,
        }
    }

    /// One of [`super::coverage::STATES`].
    pub(super) fn state(&self, now: Now) -> &'static str {
        match &self.phase {
            Phase::Empty => "empty",
            Phase::Pending { .. } => "pending",
            Phase::Exchanging { .. } if self.request.is_none() => "exchange waits",
            Phase::Exchanging { .. } => "exchange in flight",
            Phase::Active(session) => {
                let valid = session.expires_at > now.moment;
                match (session.refresh_token.is_some(), self.request.is_some(), valid) {
                    (_, true, _) => "refresh in flight",
                    (false, _, true) => "valid, final",
                    (false, _, false) => "expired, final",
                    (true, _, true) => "valid, idle",
                    (true, _, false) => "expired, idle",
                }
            }
        }
    }

    /// The session or the exchange is over, for a reason that the caller knows; tells whether it was a session.
    pub(super) fn end(&mut self) -> bool {
        self.request = None;
        matches!(std::mem::take(&mut self.phase), Phase::Active(_))
    }

    /// A token request leaves: there is no other one for the account, and the bucket allows it.
    pub(super) fn request_sent(&mut self, job: JobId, now: Now) {
        assert_eq!(self.request, None, "two requests at once");
        self.request = Some(job);
        self.sent.push(now.moment);
        for (back, then) in self.sent.iter().rev().enumerate().skip(3).take(20) {
            let allowed = 10_000 * (back as u64 - 2);
            let took = now.moment.since(*then).as_millis() as u64;
            assert!(took >= allowed, "{} requests within {took} ms", back + 1);
        }
    }
}

/// Codes that may have been seen by the server: none of them may be sent again.
#[derive(Default)]
pub(super) struct SpentCodes(BTreeSet<String>);

impl SpentCodes {
    pub(super) fn spend(&mut self, code: &str) {
        self.0.insert(code.to_owned());
    }

    pub(super) fn assert_unspent(&self, code: &str) {
        assert!(!self.0.contains(code), "the code {code} was sent twice");
    }
}
