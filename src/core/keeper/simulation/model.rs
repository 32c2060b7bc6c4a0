//! What an account is, told a second time, slower and simpler. Below it are the rules: what changes an account and
//! when, and what has to be told of it.

mod outages;
mod requests;
mod spent_codes;
mod status;
mod steps;

use pizauth_common::config::Account;

use super::device::Codes;
use super::expected::Expected;
use super::revocation::{Concluded, Revocation};
use super::session::{Session, Wait};
use crate::keeper::JobId;
use crate::moment::{Moment, Now};
use crate::oauth::outcome::Reason;

use requests::Sent;
pub(super) use spent_codes::SpentCodes;

#[derive(Clone, Debug, Default)]
#[expect(clippy::large_enum_variant, reason = "there are few of them")]
pub(super) enum Phase {
    #[default]
    Empty,
    /// Codes have been asked for, or will be.
    Starting {
        /// The user waits for them.
        is_known: bool,
        /// Back if it fails.
        kept: Option<Session>,
    },
    Pending(SignIn),
    /// The user signs in on another device.
    OnDevice {
        sign_in: SignIn,
        codes: Codes,
        /// Back if it fails.
        kept: Option<Session>,
    },
    Exchanging {
        code: String,
        tries: u32,
        due: Moment,
        /// Back if it fails.
        kept: Option<Session>,
    },
    Active(Session),
    /// A client that signs in by itself has no token yet; all that there is of the session is its renewal.
    Fetching(Session),
}

/// The user has to visit a URL.
#[derive(Clone, Debug)]
pub(super) struct SignIn {
    pub(super) url: String,
    /// To be typed there.
    pub(super) user_code: Option<String>,
    pub(super) remind_at: Moment,
    pub(super) is_told: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    pub(super) phase: Phase,
    /// The request that the account waits for.
    pub(super) request: Option<JobId>,
    /// Its requests that the buckets are for.
    sent: Vec<Sent>,
    /// The URL of the authorization request that was used last, and whether that still means anything.
    pub(super) used_url: Option<(String, bool)>,
    /// When it was last heard how something ended, and what was wrong with it.
    pub(super) heard_at: Option<Moment>,
    pub(super) last_error: Option<Reason>,
    /// When the user was told of a URL.
    told_at: Option<Moment>,
    pub(super) last_was_sign_in: bool,
    /// When the last code was made that nobody has used.
    pub(super) code_made_at: Option<Moment>,
    /// When it was last asked about one.
    pub(super) polled_at: Option<Moment>,
    /// Whether the next effect must be the question whether a failure is transient.
    pub(super) must_ask: bool,
    pub(super) expected: Expected,
    /// Whether the user knows that there is no valid access token.
    is_out: bool,
    /// Its refresh token is not sent earlier, since it may not be saved yet.
    pub(super) hold_until: Option<Moment>,
    /// How many callers wait for it.
    pub(super) waiters: usize,
    /// What its server is asked to do, or will be.
    pub(super) revocation: Option<Revocation>,
    /// How one has ended in this step.
    pub(super) concluded: Option<Concluded>,
    /// The client signs in by itself.
    pub(super) by_itself: bool,
    /// It has something to send, and no secret.
    pub(super) waits_for_secret: bool,
}

impl Model {
    /// That of an account which nothing has happened to.
    pub(super) fn of(account: &Account) -> Self {
        Self { by_itself: account.grant.application().is_some(), ..Self::default() }
    }

    pub(super) fn session(&mut self) -> Option<&mut Session> {
        match &mut self.phase {
            Phase::Active(session) | Phase::Fetching(session) => Some(session),
            _ => None,
        }
    }

    /// The session, also while something is about to take its place.
    pub(super) fn held(&self) -> Option<&Session> {
        match &self.phase {
            Phase::Active(session) => Some(session),
            Phase::Exchanging { kept, .. } | Phase::Starting { kept, .. } | Phase::OnDevice { kept, .. } => {
                kept.as_ref()
            }
            Phase::Empty | Phase::Pending(_) | Phase::Fetching(_) => None,
        }
    }

    pub(super) fn held_mut(&mut self) -> Option<&mut Session> {
        match &mut self.phase {
            Phase::Active(session) => Some(session),
            Phase::Exchanging { kept, .. } | Phase::Starting { kept, .. } | Phase::OnDevice { kept, .. } => {
                kept.as_mut()
            }
            Phase::Empty | Phase::Pending(_) | Phase::Fetching(_) => None,
        }
    }

    pub(super) fn sign_in(&self) -> Option<&SignIn> {
        match &self.phase {
            Phase::Pending(sign_in) => Some(sign_in),
            Phase::Active(session) => session.sign_in.as_ref(),
            _ => None,
        }
    }

    /// What the user has to do, in a browser or on another device.
    pub(super) fn waits(&self) -> Option<&SignIn> {
        match &self.phase {
            Phase::OnDevice { sign_in, .. } => Some(sign_in),
            _ => self.sign_in(),
        }
    }

    pub(super) fn waits_mut(&mut self) -> Option<&mut SignIn> {
        match &mut self.phase {
            Phase::Pending(sign_in) | Phase::OnDevice { sign_in, .. } => Some(sign_in),
            Phase::Active(session) => session.sign_in.as_mut(),
            Phase::Empty | Phase::Starting { .. } | Phase::Exchanging { .. } | Phase::Fetching(_) => None,
        }
    }

    /// One of [`super::coverage::STATES`].
    pub(super) fn state(&self, now: Now) -> &'static str {
        match &self.phase {
            Phase::Empty => "empty",
            Phase::Starting { .. } if self.request.is_none() => "request for codes waits",
            Phase::Starting { .. } => "request for codes in flight",
            Phase::OnDevice { .. } if self.request.is_none() => "pending on a device",
            Phase::OnDevice { .. } => "poll in flight",
            Phase::Pending(_) => "pending",
            Phase::Exchanging { kept: Some(_), .. } => "exchange beside",
            Phase::Exchanging { .. } if self.request.is_none() => "exchange waits",
            Phase::Exchanging { .. } => "exchange in flight",
            Phase::Fetching(_) if self.request.is_none() => "fetch waits",
            Phase::Fetching(_) => "fetch in flight",
            Phase::Active(_) if self.request.is_some() => "refresh in flight",
            Phase::Active(session) if session.sign_in.is_some() => "sign-in beside",
            Phase::Active(session) => match (session.is_refreshable(), session.has_expired(now.moment)) {
                (false, false) => "valid, final",
                (false, true) => "expired, final",
                (true, false) => "valid, idle",
                (true, true) => "expired, idle",
            },
        }
    }

    /// Why the last try of the exchange that goes on failed, if one did.
    pub(super) fn exchange_error(&self) -> Option<Reason> {
        let under_way = u32::from(self.request.is_some());
        let has_failed = matches!(self.phase, Phase::Exchanging { tries, .. } if tries > under_way);
        self.last_error.clone().filter(|_| has_failed)
    }

    pub(super) fn needs_attention(&self) -> bool {
        let waits = matches!(&self.phase,
            Phase::Active(session) | Phase::Fetching(session) if session.wait == Wait::Person);
        waits && self.request.is_none()
    }

    fn has_token(&self, now: Moment) -> bool {
        self.held().is_some_and(|session| session.valid_token(now).is_some())
    }
}
