//! What is due when, in ordered sets.

use alloc::collections::{BTreeMap, BTreeSet};

use pizauth_common::account_name::AccountName;

use crate::moment::Moment;

/// What an account waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Due {
    /// A request that brings a token, or begins to.
    pub(super) request: Option<Moment>,
    /// That request, while the endpoints are not known: when it is due it has failed, if it is known why they are not.
    pub(super) stranded: Option<Moment>,
    /// The question whether the user has signed in on another device, which other requests go before.
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
    pub(super) requests: Queue<AccountName>,
    pub(super) stranded: Queue<AccountName>,
    pub(super) polls: Queue<AccountName>,
    pub(super) reminders: Queue<AccountName>,
    pub(super) expiries: Queue<AccountName>,
    pub(super) waits: Queue<AccountName>,
}

impl Agenda {
    /// Replaces what is filed for `account`.
    pub(super) fn file(&mut self, account: &AccountName, due: Due) {
        self.requests.file(account, due.request);
        self.stranded.file(account, due.stranded);
        self.polls.file(account, due.poll);
        self.reminders.file(account, due.reminder);
        self.expiries.file(account, due.expiry);
        self.waits.file(account, due.wait);
    }
}

/// Accounts, or others, in the order in which one thing is due, at most once each.
#[derive(Debug)]
pub(super) struct Queue<K> {
    filed: BTreeMap<K, Moment>,
    ordered: BTreeSet<(Moment, K)>,
}

impl<K> Default for Queue<K> {
    fn default() -> Self {
        Self { filed: BTreeMap::new(), ordered: BTreeSet::new() }
    }
}

impl<K: Clone + Ord> Queue<K> {
    pub(super) fn file(&mut self, whose: &K, due: Option<Moment>) {
        if self.filed.get(whose).copied() == due {
            return;
        }
        if let Some(at) = self.filed.remove(whose) {
            self.ordered.remove(&(at, whose.clone()));
        }
        if let Some(at) = due {
            self.filed.insert(whose.clone(), at);
            self.ordered.insert((at, whose.clone()));
        }
    }

    /// Takes out the one for whom it has been due for longest, if it is for one.
    pub(super) fn take_due(&mut self, now: Moment) -> Option<K> {
        self.ordered.first().filter(|(at, _)| *at <= now)?;
        let (_, whose) = self.ordered.pop_first()?;
        self.filed.remove(&whose);
        Some(whose)
    }

    /// When it is due next.
    pub(super) fn next(&self) -> Option<Moment> {
        self.ordered.first().map(|(at, _)| *at)
    }
}
