//! The state of every account, for people.

use pizauth_common::account_name::AccountName;
use pizauth_common::ipc::message::{AccountStatus, State};

use super::Keeper;
use super::entry::Entry;
use super::token_state::{ExchangeStage, Renewal, TokenState};
use crate::moment::{Moment, Now};
use crate::prelude::*;

impl Keeper {
    /// What the accounts are called, sorted.
    pub fn account_names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(AccountName::as_str)
    }

    /// A row for each account, sorted by name.
    pub fn status(&self, now: Now) -> Vec<AccountStatus> {
        self.entries.iter().map(|(name, entry)| status_of(name.as_str(), entry, now)).collect()
    }
}

fn status_of(name: &str, entry: &Entry, now: Now) -> AccountStatus {
    let token = entry.active();
    let renewal = token.map(|token| &token.renewal);
    AccountStatus {
        account: name.to_owned(),
        state: state_of(entry),
        obtained: token.map(|token| now.wall_at(token.obtained_at)),
        expires: token.map(|token| now.wall_at(token.expires_at)),
        refreshable: renewal.is_some_and(Renewal::is_possible),
        in_flight: is_in_flight(entry),
        next_refresh: entry.next_refresh(now.moment).map(|at| now.wall_at(at)),
        last_refresh: entry.answered_at.map(|at| now.wall_at(at)),
        last_was_sign_in: entry.last_was_sign_in,
        last_error: entry.last_error.as_ref().map(ToString::to_string),
        needs_attention: entry.needs_attention(),
        usable: entry.valid_token(now.moment).is_some(),
        needs_user: needs_user(entry, now.moment),
    }
}

fn needs_user(entry: &Entry, now: Moment) -> bool {
    match &entry.state {
        TokenState::Empty | TokenState::Pending(_) => true,
        TokenState::Exchanging(_) => false,
        TokenState::Active(token) => entry.needs_attention() || token.is_spent(now),
    }
}

fn state_of(entry: &Entry) -> State {
    match entry.state {
        TokenState::Empty => State::Empty,
        TokenState::Pending(_) => State::Pending,
        TokenState::Exchanging(_) => State::Exchanging,
        TokenState::Active(_) => State::Active,
    }
}

fn is_in_flight(entry: &Entry) -> bool {
    match &entry.state {
        TokenState::Exchanging(exchange) => exchange.stage == ExchangeStage::InFlight,
        TokenState::Active(token) => matches!(token.renewal, Renewal::InFlight { .. }),
        TokenState::Empty | TokenState::Pending(_) => false,
    }
}
