//! What is due when, in ordered sets.

use alloc::collections::{BTreeMap, BTreeSet};

use pizauth_common::account_name::AccountName;

use crate::moment::Moment;

/// What an account waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Due {
    /// A request that brings a token, or begins to.
    pub(super) request: Option<Moment>,
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
    pub(super) requests: Queue,
    pub(super) polls: Queue,
    pub(super) reminders: Queue,
    pub(super) expiries: Queue,
    pub(super) waits: Queue,
}

impl Agenda {
    /// Replaces what is filed for `account`.
    pub(super) fn file(&mut self, account: &AccountName, due: Due) {
        self.requests.file(account, due.request);
        self.polls.file(account, due.poll);
        self.reminders.file(account, due.reminder);
        self.expiries.file(account, due.expiry);
        self.waits.file(account, due.wait);
    }
}

/// Accounts in the order in which one thing is due, at most once each.
#[derive(Debug, Default)]
pub(super) struct Queue {
    filed: BTreeMap<AccountName, Moment>,
    ordered: BTreeSet<(Moment, AccountName)>,
}

impl Queue {
    fn file(&mut self, account: &AccountName, due: Option<Moment>) {
        if self.filed.get(account).copied() == due {
            return;
        }
        if let Some(at) = self.filed.remove(account) {
            self.ordered.remove(&(at, account.clone()));
        }
        if let Some(at) = due {
            self.filed.insert(account.clone(), at);
            self.ordered.insert((at, account.clone()));
        }
    }

    /// Takes out the account for which it has been due for longest, if it is for one.
    pub(super) fn take_due(&mut self, now: Moment) -> Option<AccountName> {
        self.ordered.first().filter(|(at, _)| *at <= now)?;
        let (_, account) = self.ordered.pop_first()?;
        self.filed.remove(&account);
        Some(account)
    }

    /// When it is due next.
    pub(super) fn next(&self) -> Option<Moment> {
        self.ordered.first().map(|(at, _)| *at)
    }
}
