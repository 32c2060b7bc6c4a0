//! The state of every account, for people.

use alloc::sync::Arc;
use core::fmt;

use pizauth_common::account_name::AccountName;
use pizauth_common::ipc::message::{AccountStatus, Method, State};
use pizauth_common::unix_time::UnixTime;

use super::entry::Entry;
use super::renewal::Renewal;
use super::token_state::{ActiveToken, TokenState};
use super::{Keeper, UnknownAccount};
use crate::moment::{Moment, Now};
use crate::oauth::outcome::Reason;
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

    /// Whose mailbox an account is for, where that is known.
    ///
    /// # Errors
    /// There is no such account.
    pub fn user(&self, account: &str) -> Result<Option<&str>, UnknownAccount> {
        self.entries.get(account).map(|entry| entry.account.user.as_deref()).ok_or(UnknownAccount)
    }

    /// What there is to say of the access token of an account, where it has one.
    pub fn token_facts(&self, account: &str, now: Now) -> Option<TokenFacts> {
        let entry = self.entries.get(account)?;
        let token = entry.state.token()?;
        let (obtained, expires) = (now.wall_at(token.obtained_at), expiry(token, now));
        Some(TokenFacts { user: entry.account.user.clone(), obtained, expires })
    }

    /// How the accounts are, in short.
    pub fn summary(&self, now: Now) -> Summary {
        self.entries.values().fold(Summary::default(), |sum, entry| Summary {
            usable: sum.usable + usize::from(entry.valid_token(now.moment).is_some()),
            needs_user: sum.needs_user + usize::from(needs_user(entry, now.moment)),
        })
    }
}

/// An access token, without itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFacts {
    /// Whose mailbox it is for, where that is known.
    pub user: Option<Arc<str>>,
    /// When it was obtained.
    pub obtained: UnixTime,
    /// When it expires, if it ever does.
    pub expires: Option<UnixTime>,
}

fn expiry(token: &ActiveToken, now: Now) -> Option<UnixTime> {
    (!token.is_endless()).then(|| now.wall_at(token.expires_at))
}

/// How the accounts are, in two numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Those with a valid access token.
    pub usable: usize,
    /// Those that get no new one before a person has done something.
    pub needs_user: usize,
}

impl Keeper {
    /// What went wrong last with an account, as it may stand in the log.
    pub fn logged_error(&self, account: &str) -> Option<&str> {
        self.entries.get(account)?.last_error.as_ref().map(Reason::logged)
    }
}

impl fmt::Display for Summary {
    /// `3 active, 1 needs you`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} active", self.usable)?;
        match self.needs_user {
            0 => Ok(()),
            1 => f.write_str(", 1 needs you"),
            several => write!(f, ", {several} need you"),
        }
    }
}

fn status_of(name: &str, entry: &Entry, now: Now) -> AccountStatus {
    let token = entry.state.token();
    let renewal = token.map(|token| &token.renewal).or_else(|| entry.state.renewal());
    AccountStatus {
        account: name.to_owned(),
        state: state_of(entry),
        method: method_of(entry),
        obtained: token.map(|token| now.wall_at(token.obtained_at)),
        expires: token.and_then(|token| expiry(token, now)),
        refreshable: renewal.is_some_and(Renewal::is_possible),
        in_flight: entry.is_in_flight(),
        waits_for_secret: !entry.secret_wait.is_over(),
        next_refresh: entry.next_refresh(now.moment).map(|at| now.wall_at(at)),
        last_refresh: entry.answered_at.map(|at| now.wall_at(at)),
        last_was_sign_in: entry.last_was_sign_in,
        last_error: entry.last_error.as_ref().map(ToString::to_string),
        needs_attention: entry.needs_attention(),
        signed_in_as: entry.somebody_else.clone(),
        user: entry.account.user.as_deref().map(str::to_owned),
        usable: entry.valid_token(now.moment).is_some(),
        needs_user: needs_user(entry, now.moment),
    }
}

fn needs_user(entry: &Entry, now: Moment) -> bool {
    let waits = matches!(entry.state, TokenState::Starting(_) | TokenState::OnDevice(_));
    waits || entry.needs_attention() || entry.needs_authorization(now)
}

fn state_of(entry: &Entry) -> State {
    match entry.state {
        TokenState::Empty => State::Empty,
        TokenState::Starting(_) => State::Starting,
        TokenState::Pending(_) | TokenState::OnDevice(_) => State::Pending,
        TokenState::Exchanging(_) => State::Exchanging,
        TokenState::Active(_) => State::Active,
        TokenState::Fetching(_) => State::Fetching,
    }
}

/// How the sign-in is done that is under way.
fn method_of(entry: &Entry) -> Option<Method> {
    match &entry.state {
        TokenState::Starting(starting) => Some(starting.by.method()),
        TokenState::OnDevice(_) => Some(Method::Device),
        TokenState::Exchanging(_) => Some(Method::Browser),
        state => state.pending().map(|_| Method::Browser),
    }
}
