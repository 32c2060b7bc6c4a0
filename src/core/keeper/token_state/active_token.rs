//! The tokens of an account that has signed in.

use core::ops::Range;
use core::time::Duration;

use pizauth_common::config::Account;
use pizauth_common::secret::Secret;

use super::{PendingAuthorization, TokenState};
use crate::keeper::renewal::{Renewal, RenewedBy, Renewer};
use crate::moment::Moment;
use crate::oauth::token_answer::LONGEST_LIFETIME;
use crate::prelude::*;
use crate::snapshot::Lineage;

/// Lifetimes that differ by no more are the same.
const LIFETIME_SLACK: Duration = Duration::from_secs(5);

/// An access token and what can be done for its future.
#[derive(Debug)]
pub(in crate::keeper) struct ActiveToken {
    /// Absent once it has expired.
    pub(in crate::keeper) access_token: Option<Secret>,
    pub(in crate::keeper) obtained_at: Moment,
    pub(in crate::keeper) expires_at: Moment,
    pub(in crate::keeper) lineage: Lineage,
    /// The generation in which the refresh token came.
    pub(in crate::keeper) rotated: u64,
    pub(in crate::keeper) renewal: Renewal,
    /// Whether it was imported and no access token has come of it yet.
    pub(in crate::keeper) is_untried: bool,
    /// The user may sign in anew, while what renews it seems to be dead.
    pub(in crate::keeper) sign_in: Option<Box<PendingAuthorization>>,
}

impl ActiveToken {
    /// Tokens that are good from the begin of `life` until its end, with what comes next `by` it.
    pub(in crate::keeper) fn new(
        access_token: Option<Secret>,
        by: Option<RenewedBy>,
        life: Range<Moment>,
        lineage: Lineage,
        account: &Account,
    ) -> Self {
        let Range { start: obtained_at, end: expires_at } = life;
        Self {
            access_token,
            obtained_at,
            expires_at,
            lineage,
            rotated: lineage.generation,
            renewal: Renewal::of(by, account, obtained_at, expires_at, lineage),
            is_untried: false,
            sign_in: None,
        }
    }

    /// The tokens that have come by a refresh of these. Without a new refresh token the old one stays.
    pub(in crate::keeper) fn followed_by(
        self,
        access_token: Secret,
        new: Option<RenewedBy>,
        life: Range<Moment>,
        account: &Account,
    ) -> Self {
        let old = self.renewal.into_renewer().map(|renewer| renewer.by);
        let generation = self.lineage.generation.saturating_add(1);
        let is_rotated = new.is_some() && new != old;
        let rotated = if is_rotated { generation } else { self.rotated };
        let lineage = Lineage { generation, ..self.lineage };
        Self { rotated, ..Self::new(Some(access_token), new.or(old), life, lineage, account) }
    }

    /// Whether another refresh token has come with the access token.
    pub(in crate::keeper) fn has_rotated(&self) -> bool {
        self.lineage.generation > 0 && self.rotated == self.lineage.generation
    }

    /// The access token, while it is good for something.
    pub(in crate::keeper) fn valid(&self, now: Moment) -> Option<&Secret> {
        self.access_token.as_ref().filter(|_| !self.has_expired(now))
    }

    /// The same, while it is valid for `min_valid` more. Where it was valid for hardly longer when it was new, it does
    /// until it expires: another one would be no better.
    pub(in crate::keeper) fn lasting(&self, min_valid: Duration, now: Moment) -> Option<&Secret> {
        let is_lasting = self.expires_at.since(now) >= min_valid
            || self.expires_at.since(self.obtained_at) <= min_valid.saturating_add(LIFETIME_SLACK);
        self.valid(now).filter(|_| is_lasting)
    }

    pub(in crate::keeper) fn has_expired(&self, now: Moment) -> bool {
        self.expires_at <= now
    }

    /// Whether it is good until somebody revokes it: it lives as long as any can, and nothing renews it.
    pub(in crate::keeper) fn is_endless(&self) -> bool {
        !self.renewal.is_possible() && self.expires_at.since(self.obtained_at) >= LONGEST_LIFETIME
    }

    /// Whether `refresh` offers a new authorization: what renews it seems to be dead.
    pub(in crate::keeper) fn offers_sign_in(&self) -> bool {
        self.sign_in.is_some() || self.renewal.renewer().is_some_and(Renewer::is_suspect)
    }

    /// What is left when there is nothing to renew it with any more.
    pub(in crate::keeper) fn end(self) -> TokenState {
        self.sign_in.map_or(TokenState::Empty, |pending| TokenState::Pending(*pending))
    }

    /// Whether it is good for nothing any more: it has expired, and nothing can renew it.
    pub(in crate::keeper) fn is_spent(&self, now: Moment) -> bool {
        self.has_expired(now) && !self.renewal.is_possible()
    }
}
