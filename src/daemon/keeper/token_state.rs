//! The states of an account. What must not exist cannot be written down here: no refresh without a refresh
//! token, no second request while one is in flight, no reminder that disturbs an exchange.

use pizauth_common::config::Account;
use pizauth_common::secret::Secret;

use super::effect::JobId;
use super::pace;
use crate::moment::Moment;
use crate::oauth::authorization_request::AuthorizationRequest;
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
    pub(super) remind_at: Moment,
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

    /// Whether it is good for nothing any more: it has expired, and nothing can renew it.
    pub(super) fn is_spent(&self, now: Moment) -> bool {
        self.has_expired(now) && matches!(self.renewal, Renewal::Impossible)
    }
}

/// How an access token can be renewed.
#[derive(Debug)]
pub(super) enum Renewal {
    /// It came without a refresh token.
    Impossible,
    /// A refresh is due some time.
    Idle { grant: RefreshGrant, due: Moment, pause: Pause },
    /// A refresh is under way.
    InFlight { grant: RefreshGrant, job: JobId },
}

impl Renewal {
    /// The renewal of a token that was just taken in.
    pub(super) fn of(
        refresh_token: Option<Secret>,
        account: &Account,
        obtained_at: Moment,
        expires_at: Moment,
    ) -> Self {
        let Some(refresh_token) = refresh_token else { return Self::Impossible };
        let due = pace::refresh_due(account, obtained_at, expires_at);
        Self::Idle { grant: RefreshGrant::new(refresh_token), due, pause: Pause::Fresh }
    }

    pub(super) fn grant(&self) -> Option<&RefreshGrant> {
        match self {
            Self::Impossible => None,
            Self::Idle { grant, .. } | Self::InFlight { grant, .. } => Some(grant),
        }
    }

    pub(super) fn grant_mut(&mut self) -> Option<&mut RefreshGrant> {
        match self {
            Self::Impossible => None,
            Self::Idle { grant, .. } | Self::InFlight { grant, .. } => Some(grant),
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

/// A refresh token and how it has fared.
#[derive(Debug)]
pub(super) struct RefreshGrant {
    pub(super) refresh_token: Secret,
    /// Consecutive transient failures.
    pub(super) failures: u32,
    /// The last of them that the server has answered, without one between that did not reach it.
    pub(super) answered: u32,
    /// The ticket of the `transient_error_if_cmd` that is being asked.
    pub(super) question: Option<JobId>,
}

impl RefreshGrant {
    pub(super) fn new(refresh_token: Secret) -> Self {
        Self { refresh_token, failures: 0, answered: 0, question: None }
    }
}
