//! A session as the rules tell it: what it holds, when its refresh is due, what it gives way to.

use std::ops::RangeInclusive;
use std::time::Duration;

use pizauth_common::config::Account;

use super::model::SignIn;
use super::transfer::TEN_YEARS;
use crate::keeper::JobId;
use crate::keeper::tests::bench::seconds;
use crate::moment::{Moment, Now};
use crate::oauth::outcome::Outcome;
use crate::snapshot::Lineage;

/// Why the next refresh is not due yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// The access token is fresh.
    Fresh,
    /// A refresh has failed, and the server does not want to see another one before this moment.
    Failure { not_before: Moment },
    /// A person has to mend something.
    Person,
}

/// An access token that was issued or restored, and what renews it.
#[derive(Clone, Debug)]
pub(super) struct Session {
    /// Empty where it was restored without one.
    pub(super) access_token: String,
    pub(super) refresh_token: Option<String>,
    pub(super) obtained_at: Moment,
    pub(super) expires_at: Moment,
    /// Where it comes from. Generation 0 of a new session has no number before the keeper has rolled it.
    pub(super) lineage: Lineage,
    pub(super) is_numbered: bool,
    /// The generation in which the refresh token came.
    pub(super) rotated: u64,
    pub(super) due: Moment,
    pub(super) wait: Wait,
    pub(super) failures: u32,
    pub(super) answered_failures: u32,
    /// Those that count for `transient_error_if_cmd`, and when the last of them was.
    pub(super) counted: (u32, Option<Moment>),
    /// In a row.
    pub(super) silent_refusals: u32,
    /// Whether a refresh has succeeded with these settings.
    pub(super) is_proven: bool,
    /// Since then, in words that may mean a dead grant.
    pub(super) vague_refusals: u32,
    /// Brought along, and nothing has come of it yet.
    pub(super) is_untried: bool,
    /// The user may sign in anew.
    pub(super) sign_in: Option<SignIn>,
    pub(super) question: Option<JobId>,
    /// The client signs in by itself.
    pub(super) by_itself: bool,
}

impl Session {
    /// One that begins at this moment, so far without any token.
    pub(super) fn beginning(now: Now) -> Self {
        Self {
            access_token: String::new(),
            refresh_token: None,
            obtained_at: now.moment,
            expires_at: now.moment,
            lineage: Lineage { session: 0, generation: 0, authorized: now.wall },
            is_numbered: false,
            rotated: 0,
            due: now.moment,
            wait: Wait::Fresh,
            failures: 0,
            answered_failures: 0,
            counted: (0, None),
            silent_refusals: 0,
            is_proven: false,
            vague_refusals: 0,
            is_untried: false,
            sign_in: None,
            question: None,
            by_itself: false,
        }
    }

    /// It is the next generation of that one: a refresh token that is not replaced stays good.
    pub(super) fn continues(&mut self, old: Self) {
        let generation = old.lineage.generation + 1;
        self.rotated = if self.refresh_token.is_some() { generation } else { old.rotated };
        self.refresh_token = self.refresh_token.take().or(old.refresh_token);
        self.lineage = Lineage { generation, ..old.lineage };
        self.is_numbered = true;
        self.is_proven = true;
    }

    pub(super) fn is_refreshable(&self) -> bool {
        self.refresh_token.is_some() || self.by_itself
    }

    pub(super) fn has_expired(&self, now: Moment) -> bool {
        self.expires_at <= now
    }

    /// Good for nothing: expired, and without a refresh token.
    pub(super) fn is_spent(&self, now: Moment) -> bool {
        self.has_expired(now) && !self.is_refreshable()
    }

    /// Of no use to another daemon: expired, and without a refresh token.
    pub(super) fn is_not_worth_saving(&self, now: Moment) -> bool {
        self.has_expired(now) && self.refresh_token.is_none()
    }

    /// Good until it is revoked.
    pub(super) fn is_endless(&self) -> bool {
        !self.is_refreshable() && self.expires_at.since(self.obtained_at) >= seconds(TEN_YEARS)
    }

    /// The access token that may be shown, dumped and held.
    pub(super) fn valid_token(&self, now: Moment) -> Option<&str> {
        Some(&*self.access_token).filter(|token| !token.is_empty() && !self.has_expired(now))
    }

    /// Before expiry, but not at once after issue, and at least every so often.
    pub(super) fn wait_fresh(&mut self, account: &Account) {
        let lifetime = self.expires_at.since(self.obtained_at);
        let mut after = lifetime.saturating_sub(account.refresh_before_expiry);
        if after < seconds(10) {
            after = lifetime / 2;
        }
        self.due = self.obtained_at.plus(after.min(account.refresh_at_least));
        self.wait = Wait::Fresh;
    }

    /// A caller wants a valid token: `show`, or `refresh`, which insists.
    pub(super) fn hasten(&mut self, insists: bool, now: Moment) {
        match self.wait {
            Wait::Person if !insists => {}
            Wait::Fresh | Wait::Person => self.due = self.due.min(now),
            Wait::Failure { not_before } => self.due = self.due.min(not_before.max(now)),
        }
    }

    /// What was in flight counts for nothing.
    pub(super) fn is_due(&mut self, now: Moment) {
        (self.wait, self.due) = (Wait::Fresh, now);
    }

    /// The daemon was told to look again.
    pub(super) fn reloaded(&mut self, account: &Account, now: Moment) {
        match self.wait {
            Wait::Fresh if self.due > now => self.wait_fresh(account),
            Wait::Person => self.due = now,
            Wait::Fresh | Wait::Failure { .. } => {}
        }
    }

    /// It was restored from a dump that knows of refreshes, or of none.
    pub(super) fn restored(&mut self) {
        self.is_proven = self.lineage.generation > 0;
        self.rotated = self.lineage.generation;
    }

    /// What is refused from now on may be a setting.
    pub(super) fn settings_changed(&mut self) {
        (self.is_proven, self.vague_refusals) = (false, 0);
    }

    /// Whether `refresh` is a new authorization beside it.
    pub(super) fn offers_sign_in(&self) -> bool {
        self.sign_in.is_some() || self.is_suspect()
    }

    /// The same settings have worked: two refusals in vague words, or three without any, are about the token.
    pub(super) fn is_suspect(&self) -> bool {
        !self.by_itself && self.is_proven && (self.vague_refusals >= 2 || self.silent_refusals >= 3)
    }

    /// A code is exchanged for what may take its place: nobody waits for its refresh any more, nor for a verdict on
    /// those that have failed.
    pub(super) fn steps_aside(&mut self, is_in_flight: bool, now: Moment) {
        self.question = None;
        if is_in_flight {
            (self.wait, self.due) = (Wait::Person, now);
        }
    }

    /// A refusal without a reason is a failure like any other, but the third in a row and those behind it.
    pub(super) fn loud(&mut self, outcome: Outcome) -> Outcome {
        let Outcome::RefusedSilently(reason) = outcome else {
            self.silent_refusals = 0;
            return self.clear(outcome);
        };
        self.silent_refusals += 1;
        match self.silent_refusals {
            _ if self.by_itself => Outcome::Transient { reason, retry_after: None, reached: true },
            ..3 => Outcome::Transient { reason, retry_after: None, reached: true },
            _ => Outcome::NeedsAttention(reason),
        }
    }

    /// Vague words need attention as any other, and are counted until there are clear ones.
    fn clear(&mut self, outcome: Outcome) -> Outcome {
        match outcome {
            Outcome::RefusedVaguely(reason) => {
                self.vague_refusals += 1;
                return Outcome::NeedsAttention(reason);
            }
            Outcome::NeedsAttention(_) => self.vague_refusals = 0,
            _ => {}
        }
        outcome
    }

    /// Another transient failure; the pause may be within these bounds.
    pub(super) fn failed(
        &mut self,
        account: &Account,
        reached: bool,
        retry_after: Option<Duration>,
        now: Moment,
    ) -> RangeInclusive<Duration> {
        self.failures += 1;
        self.answered_failures = if reached { self.answered_failures + 1 } else { 0 };
        let rests = |then| now.since(then) >= account.refresh_retry * 9 / 10;
        if reached || self.counted.1.is_none_or(rests) {
            self.counted = (self.counted.0 + 1, Some(now));
        }
        let asked = retry_after.unwrap_or_default().min(seconds(3600));
        self.wait = Wait::Failure { not_before: now.plus(asked) };
        let first = account.refresh_retry;
        let growing = (1..self.answered_failures).fold(first, |pause, _| pause * 2);
        let longest = if reached { first.max(seconds(15 * 60)) } else { Duration::MAX };
        let bound = |percent| (growing * percent / 100).min(longest).max(asked);
        bound(90)..=bound(110)
    }

    /// Whether `saved`, of which a dump may know the lineage, is better.
    pub(super) fn gives_way_to(&self, saved: &Session, lineage: Option<Lineage>, now: Moment) -> bool {
        match lineage {
            _ if self.is_not_worth_saving(now) => true,
            Some(lineage) if lineage.session == self.lineage.session => {
                lineage.generation > self.lineage.generation
            }
            _ => !self.is_refreshable() && saved.expires_at > self.expires_at,
        }
    }
}
