//! The states of an account. What must not exist cannot be written down here: no refresh without a refresh
//! token, no second request while one is in flight, no reminder that disturbs an exchange.

use core::mem;

use pizauth_common::config::Account;
use pizauth_common::secret::Secret;

use super::effect::JobId;
use super::pace;
use crate::moment::Moment;
use crate::oauth::authorization_request::AuthorizationRequest;
use crate::oauth::token_answer::LONGEST_LIFETIME;
use crate::prelude::*;
use crate::snapshot::Lineage;

/// Where an account is in the life of its token.
#[derive(Debug)]
pub(super) enum TokenState {
    /// No token, nothing under way.
    Empty,
    /// An authorization request waits for the user.
    Pending(PendingAuthorization),
    /// The authorization code is being exchanged.
    Exchanging(Exchange),
    /// There is an access token.
    Active(ActiveToken),
}

/// An authorization request that waits for the user.
#[derive(Debug)]
pub(super) struct PendingAuthorization {
    pub(super) request: AuthorizationRequest,
    /// When the user is told of it, for the first time or again.
    pub(super) remind_at: Moment,
    pub(super) is_told: bool,
}

/// A code on its way to become a token. The ticket is the same for all tries: a code is never sent twice,
/// so a further try exists only where none has reached the server.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) job: JobId,
    pub(super) code: Secret,
    pub(super) code_verifier: Secret,
    pub(super) redirect_uri: String,
    pub(super) tries: u32,
    pub(super) stage: ExchangeStage,
}

impl Exchange {
    /// Whether a try has come to nothing.
    pub(super) fn has_failed(&self) -> bool {
        let under_way = u32::from(self.stage == ExchangeStage::InFlight);
        self.tries > under_way
    }
}

/// Whether a try of the exchange is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ExchangeStage {
    /// The next try starts at `due`.
    Waiting { due: Moment },
    /// A try is under way.
    InFlight,
}

/// An access token and what can be done for its future.
#[derive(Debug)]
pub(super) struct ActiveToken {
    /// Absent once it has expired.
    pub(super) access_token: Option<Secret>,
    pub(super) obtained_at: Moment,
    pub(super) expires_at: Moment,
    pub(super) lineage: Lineage,
    pub(super) renewal: Renewal,
}

impl ActiveToken {
    /// The access token, while it is good for something.
    pub(super) fn valid(&self, now: Moment) -> Option<&Secret> {
        self.access_token.as_ref().filter(|_| !self.has_expired(now))
    }

    pub(super) fn has_expired(&self, now: Moment) -> bool {
        self.expires_at <= now
    }

    /// Whether it is good until somebody revokes it: it lives as long as any can, and nothing renews it.
    pub(super) fn is_endless(&self) -> bool {
        !self.renewal.is_possible() && self.expires_at.since(self.obtained_at) >= LONGEST_LIFETIME
    }

    /// Whether it is good for nothing any more: it has expired, and nothing can renew it.
    pub(super) fn is_spent(&self, now: Moment) -> bool {
        self.has_expired(now) && !self.renewal.is_possible()
    }
}

/// How an access token can be renewed.
#[derive(Debug)]
pub(super) enum Renewal {
    /// It came without a refresh token.
    Impossible,
    /// A refresh is due some time.
    Idle { renewer: Renewer, due: Moment, pause: Pause },
    /// A refresh is under way.
    InFlight { renewer: Renewer, job: JobId },
}

impl Renewal {
    /// The renewal of a token that was just taken in.
    pub(super) fn of(
        by: Option<RenewedBy>,
        account: &Account,
        obtained_at: Moment,
        expires_at: Moment,
    ) -> Self {
        let Some(by) = by else { return Self::Impossible };
        let due = pace::refresh_due(account, obtained_at, expires_at);
        Self::Idle { renewer: Renewer::new(by), due, pause: Pause::Fresh }
    }

    pub(super) fn is_possible(&self) -> bool {
        !matches!(self, Self::Impossible)
    }

    pub(super) fn renewer(&self) -> Option<&Renewer> {
        match self {
            Self::Impossible => None,
            Self::Idle { renewer, .. } | Self::InFlight { renewer, .. } => Some(renewer),
        }
    }

    pub(super) fn renewer_mut(&mut self) -> Option<&mut Renewer> {
        match self {
            Self::Impossible => None,
            Self::Idle { renewer, .. } | Self::InFlight { renewer, .. } => Some(renewer),
        }
    }

    pub(super) fn into_renewer(self) -> Option<Renewer> {
        match self {
            Self::Impossible => None,
            Self::Idle { renewer, .. } | Self::InFlight { renewer, .. } => Some(renewer),
        }
    }

    /// Idle → in flight.
    pub(super) fn begin(&mut self, job: JobId) {
        if let Some(renewer) = mem::replace(self, Self::Impossible).into_renewer() {
            *self = Self::InFlight { renewer, job };
        }
    }

    /// In flight → idle until `due`.
    pub(super) fn rest(&mut self, due: Moment, pause: Pause) {
        if let Some(renewer) = mem::replace(self, Self::Impossible).into_renewer() {
            *self = Self::Idle { renewer, due, pause };
        }
    }
}

/// Why an idle renewal waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pause {
    /// The token is still fresh.
    Fresh,
    /// After a transient failure; the server asked not to come back before `not_before`.
    Retry { not_before: Moment },
    /// A person has to mend something first.
    Attention,
}

/// What renews an access token, and how it has fared.
#[derive(Debug)]
pub(super) struct Renewer {
    pub(super) by: RenewedBy,
    /// Consecutive transient failures.
    pub(super) failures: u32,
    /// The last of them that the server has answered, without one between that did not reach it.
    pub(super) answered: u32,
    /// The last answers that refused without saying why, without another one between.
    silent_refusals: u32,
    /// The ticket of the `transient_error_if_cmd` that is being asked.
    pub(super) question: Option<JobId>,
}

/// So many silent refusals in a row are no accident.
const SILENT_REFUSALS: u32 = 3;

/// What a new access token is asked for with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RenewedBy {
    /// RFC 6749 §6.
    RefreshToken(Secret),
}

impl RenewedBy {
    pub(super) fn refresh_token(&self) -> Option<&Secret> {
        match self {
            Self::RefreshToken(token) => Some(token),
        }
    }
}

impl Renewer {
    fn new(by: RenewedBy) -> Self {
        Self { by, failures: 0, answered: 0, silent_refusals: 0, question: None }
    }

    /// A transient failure, for which the server was `reached` or not.
    pub(super) fn failed(&mut self, reached: bool) {
        self.failures = self.failures.saturating_add(1);
        self.answered = if reached { self.answered.saturating_add(1) } else { 0 };
    }

    /// The server has refused to renew, or there was another failure.
    pub(super) fn refused(&mut self, silently: bool) {
        self.silent_refusals = if silently { self.silent_refusals.saturating_add(1) } else { 0 };
    }

    /// Whether what it is renewed by must be what the server refuses.
    pub(super) fn is_refused_for_good(&self) -> bool {
        self.silent_refusals >= SILENT_REFUSALS
    }

    /// There is an error of another kind: what is being asked about transient ones is answered already.
    pub(super) fn forget_failures(&mut self) {
        (self.failures, self.answered, self.question) = (0, 0, None);
    }
}
