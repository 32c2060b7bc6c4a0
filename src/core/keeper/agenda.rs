//! What is due when, in ordered sets.

use alloc::collections::BTreeSet;

use pizauth_common::account_name::AccountName;

use crate::moment::Moment;

/// What an account waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Due {
    /// A request that brings a token, or begins to.
    pub(super) request: Option<Moment>,
    /// A renewal that cannot be sent, since the endpoints are not known. When it is due it counts as failed, if the
    /// issuer has been asked in vain.
    pub(super) stranded: Option<Moment>,
    /// The question whether the user has signed in on another device. Other requests go first.
    pub(super) poll: Option<Moment>,
    /// A reminder of a pending authorization.
    pub(super) reminder: Option<Moment>,
    /// The end of an access token, which is wiped then, or of a user's code.
    pub(super) expiry: Option<Moment>,
    /// The end of the time that a caller waits.
    pub(super) wait: Option<Moment>,
}

/// Every step costs O(log n) for n accounts.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    pub(super) requests: Schedule<AccountName>,
    pub(super) stranded: Schedule<AccountName>,
    pub(super) polls: Schedule<AccountName>,
    pub(super) reminders: Schedule<AccountName>,
    pub(super) expiries: Schedule<AccountName>,
    pub(super) waits: Schedule<AccountName>,
}

impl Agenda {
    /// Files what `account` waits for now, in place of what it waited for before.
    pub(super) fn file(&mut self, account: &AccountName, before: Due, now: Due) {
        self.requests.file(account, before.request, now.request);
        self.stranded.file(account, before.stranded, now.stranded);
        self.polls.file(account, before.poll, now.poll);
        self.reminders.file(account, before.reminder, now.reminder);
        self.expiries.file(account, before.expiry, now.expiry);
        self.waits.file(account, before.wait, now.wait);
    }
}

/// Accounts, or others, in the order in which one thing is due, at most once each.
#[derive(Debug)]
pub(super) struct Schedule<K>(BTreeSet<(Moment, K)>);

impl<K> Default for Schedule<K> {
    fn default() -> Self {
        Self(BTreeSet::new())
    }
}

impl<K: Clone + Ord> Schedule<K> {
    /// Files when it is due for `whose`, even if that is as before: it may have been taken out meanwhile. `before` must
    /// be what was filed last, which is not kept here a second time, to spare memory with ten thousand accounts. If it
    /// is wrong, what was filed stays, and wakes us up for nothing.
    pub(super) fn file(&mut self, whose: &K, before: Option<Moment>, due: Option<Moment>) {
        if let Some(at) = before.filter(|_| before != due) {
            self.0.remove(&(at, whose.clone()));
        }
        if let Some(at) = due {
            self.0.insert((at, whose.clone()));
        }
    }

    /// Takes out the one for whom it has been due for longest, if it is due for anybody.
    pub(super) fn take_due(&mut self, now: Moment) -> Option<K> {
        self.0.first().filter(|(at, _)| *at <= now)?;
        self.0.pop_first().map(|(_, whose)| whose)
    }

    /// When it is due next.
    pub(super) fn next(&self) -> Option<Moment> {
        self.0.first().map(|(at, _)| *at)
    }
}
