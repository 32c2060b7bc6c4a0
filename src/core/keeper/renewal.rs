//! How an access token is renewed, when the next try is due, and how the last ones have fared.

mod streak;

use core::mem;
use core::time::Duration;

use pizauth_common::config::Account;
use pizauth_common::secret::Secret;

use super::pace;
use super::tickets::JobId;
use crate::moment::Moment;
use crate::oauth::outcome::{Outcome, Reason};
use crate::prelude::*;
use crate::snapshot::Lineage;
pub(super) use streak::Streak;

/// Where the refresh of an access token stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewing {
    /// What went wrong last, if anything did.
    pub last_error: Option<Reason>,
    /// A person has to mend something first.
    pub needs_attention: bool,
    /// Until the next refresh may begin; zero if it begins now or is under way.
    pub refresh_in: Duration,
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
        lineage: Lineage,
    ) -> Self {
        let Some(by) = by else { return Self::Impossible };
        let due = pace::refresh_due(account, obtained_at, expires_at);
        Self::Idle { renewer: Renewer::new(by, lineage.generation > 0), due, pause: Pause::Fresh }
    }

    /// The first access token of a client that signs in by itself, due now.
    pub(super) fn first_fetch(now: Moment) -> Self {
        Self::Idle { renewer: Renewer::new(RenewedBy::Credentials, false), due: now, pause: Pause::Fresh }
    }

    pub(super) fn is_possible(&self) -> bool {
        !matches!(self, Self::Impossible)
    }

    /// Whether it waits because the last try came to nothing.
    pub(super) fn has_failed(&self) -> bool {
        matches!(self, Self::Idle { pause: Pause::Retry { .. } | Pause::Attention, .. })
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

    /// The tokens are set aside for others that may come. Should they be needed again, a refresh in flight, whose
    /// answer counts no more, is due at `now`, and `transient_error_if_cmd` can be asked anew.
    pub(super) fn set_aside(&mut self, now: Moment) {
        if let Some(streak) = self.renewer_mut().and_then(|renewer| renewer.streak.as_deref_mut()) {
            streak.question = None;
        }
        if matches!(self, Self::InFlight { .. }) {
            self.rest(now, Pause::Attention);
        }
    }

    /// Brings an idle one forward as far as it may be.
    pub(super) fn bring_forward(&mut self, haste: Haste, now: Moment) {
        if let Self::Idle { due, pause, .. } = self {
            *due = pause.brought_forward(*due, haste, now);
        }
    }

    /// In flight → idle until `due`.
    pub(super) fn rest(&mut self, due: Moment, pause: Pause) {
        if let Some(renewer) = mem::replace(self, Self::Impossible).into_renewer() {
            *self = Self::Idle { renewer, due, pause };
        }
    }
}

/// Who wants a refresh to start early.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Haste {
    /// `show` of an expired token: cuts the pauses of transient failures short.
    Show,
    /// `refresh`: also tries again what needs attention.
    Refresh,
}

/// Why the next try waits, of a renewal or of a question to an issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pause {
    /// No failure counts: the token is fresh, or there was no try yet, or the last one is to be made anew.
    Fresh,
    /// After a transient failure; the server asked not to come back before `not_before`.
    Retry { not_before: Moment },
    /// A person has to mend something first.
    Attention,
}

impl Pause {
    /// When a try that is `due` after this pause begins, where somebody is in haste.
    pub(super) fn brought_forward(self, due: Moment, haste: Haste, now: Moment) -> Moment {
        let earliest = match self {
            Self::Fresh => now,
            Self::Retry { not_before } => now.max(not_before),
            Self::Attention if haste == Haste::Show => due,
            Self::Attention => now,
        };
        earliest.min(due)
    }
}

/// What renews an access token, and how it has fared.
#[derive(Debug)]
pub(super) struct Renewer {
    pub(super) by: RenewedBy,
    /// The transient failures in a row, where there are any.
    pub(super) streak: Option<Box<Streak>>,
    /// Refusals without a reason in a row.
    silent_refusals: u32,
    /// Whether a refresh has succeeded with the account as it is configured: then no setting can be what is refused.
    is_proven: bool,
    /// The refusals since then that may mean a dead grant.
    vague_refusals: u32,
}

/// So many silent refusals in a row are no accident.
const SILENT_REFUSALS: u32 = 3;

/// So many vague refusals where a refresh has succeeded before are about the grant.
const VAGUE_REFUSALS: u32 = 2;

/// What a new access token is asked for with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RenewedBy {
    /// RFC 6749 §6.
    RefreshToken(Secret),
    /// What the client signs in by itself with (RFC 6749 §4.4).
    Credentials,
}

impl RenewedBy {
    pub(super) fn refresh_token(&self) -> Option<&Secret> {
        match self {
            Self::RefreshToken(token) => Some(token),
            Self::Credentials => None,
        }
    }
}

impl Renewer {
    fn new(by: RenewedBy, is_proven: bool) -> Self {
        Self { by, streak: None, silent_refusals: 0, is_proven, vague_refusals: 0 }
    }

    /// The account is configured in another way: that may be what is refused from now on.
    pub(super) fn settings_changed(&mut self) {
        (self.is_proven, self.vague_refusals) = (false, 0);
    }

    /// What has come of an attempt to renew, as far as it tells of the grant.
    pub(super) fn heard(&mut self, outcome: &Outcome) {
        let is_silent = matches!(outcome, Outcome::RefusedSilently(_));
        self.silent_refusals = if is_silent { self.silent_refusals.saturating_add(1) } else { 0 };
        match outcome {
            Outcome::RefusedVaguely(_) => self.vague_refusals = self.vague_refusals.saturating_add(1),
            Outcome::NeedsAttention(_) => self.vague_refusals = 0,
            _ => {}
        }
    }

    /// Whether the server has refused so often without a reason that it must mean the refresh token.
    pub(super) fn is_refused_for_good(&self) -> bool {
        self.by != RenewedBy::Credentials && self.silent_refusals >= SILENT_REFUSALS
    }

    /// Whether nothing but the grant can be at fault, though the server has not said that it is gone.
    pub(super) fn is_suspect(&self) -> bool {
        let is_by_grant = self.by != RenewedBy::Credentials;
        is_by_grant && self.is_proven && (self.is_refused_for_good() || self.vague_refusals >= VAGUE_REFUSALS)
    }

    /// A failure of another kind has come: transient ones are counted anew, and the verdict of a
    /// `transient_error_if_cmd` that still runs no longer counts.
    pub(super) fn end_streak(&mut self) {
        self.streak = None;
    }
}
