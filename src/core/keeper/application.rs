//! Clients that sign in by themselves (RFC 6749 §4.4): no user is asked, and no error ends what they sign in with.

use pizauth_common::account_name::AccountName;

use super::Keeper;
use super::entry::Entry;
use super::invitation::Begun;
use super::renewal::Renewal;
use super::token_state::TokenState;
use crate::moment::{Moment, Now};
use crate::prelude::*;

impl Keeper {
    /// What was saved is there: from now on the first access tokens of clients that sign in by themselves are fetched
    /// without being asked for.
    pub fn begin_fetching(&mut self, now: Now) {
        self.fetches_by_itself = true;
        let names: Vec<_> = self.entries.keys().cloned().collect();
        self.fetch_missing(&names, now);
    }

    /// Fetches what these accounts lack, as far as that needs nobody.
    pub(super) fn fetch_missing(&mut self, names: &[AccountName], now: Now) {
        if !self.fetches_by_itself || self.is_stopping {
            return;
        }
        for name in names {
            let lacks_it =
                |entry: &Entry| entry.signs_in_by_itself() && matches!(entry.state, TokenState::Empty);
            if self.entries.get(name).is_some_and(lacks_it) {
                // It is there.
                let _ = self.change(name.as_str(), now, |entry, _| fetch(entry, now.moment));
            }
        }
    }
}

/// Asks for a first access token, as soon as the bucket allows.
pub(super) fn fetch(entry: &mut Entry, now: Moment) -> Begun {
    entry.state = TokenState::Fetching(Renewal::first_fetch(now));
    Begun::Fetching(entry.renewing(now))
}
