//! Clients that sign in by themselves (RFC 6749 §4.4): no user is asked, and no error ends what they sign in with.

use pizauth_common::account_name::AccountName;

use super::Keeper;
use super::entry::Entry;
use super::invitation::Begun;
use super::renewal::Renewal;
use super::token_state::TokenState;
use crate::moment::{Moment, Now};

impl Keeper {
    /// What was saved is there: from now on the first access tokens of clients that sign in by themselves are fetched
    /// without being asked for.
    pub fn begin_fetching(&mut self, now: Now) {
        self.fetches_by_itself = true;
        self.fetch_missing(|_| true, now);
        self.start_due_requests(now);
    }

    /// Fetches what the accounts lack that are `meant`, as far as that needs nobody.
    pub(super) fn fetch_missing(&mut self, meant: impl Fn(&AccountName) -> bool, now: Now) {
        if !self.fetches_by_itself || self.is_stopping {
            return;
        }
        let lacks_it = |entry: &Entry| {
            let is_empty = matches!(entry.state, TokenState::Empty);
            is_empty && entry.signs_in_by_itself() && meant(&entry.account.name)
        };
        self.step_each(lacks_it, now, |entry, _| drop(fetch(entry, now.moment)));
    }
}

/// Asks for a first access token, as soon as the bucket allows.
pub(super) fn fetch(entry: &mut Entry, now: Moment) -> Begun {
    entry.state = TokenState::Fetching(Renewal::first_fetch(now));
    Begun::Fetching(entry.renewing(now))
}
