//! What a caller can ask for: show, refresh, revoke.

use core::time::Duration;

use pizauth_common::secret::Secret;

use super::authorization::authorize;
use super::device;
use super::entry::Entry;
use super::invitation::{Begun, Invitation};
use super::issuers::Issuers;
use super::outbox::Outbox;
use super::renewal::{Haste, Renewing};
use super::revocation::forget_tokens;
use super::token_state::TokenState;
use super::{Keeper, Settings, UnknownAccount};
use crate::moment::{Moment, Now};
use crate::oauth::outcome::Reason;
use crate::prelude::*;

/// What `show` finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// A valid access token.
    AccessToken(Secret),
    /// The user has to sign in.
    Pending(Invitation),
    /// This host has been asked for what a sign-in begins with (a code for the user, or the endpoints), and has not
    /// answered.
    Starting(String),
    /// The user has not signed in in time, and hears of no further code for a while.
    Resting {
        /// Why nothing came of the last one.
        last_error: Option<Reason>,
        /// Until `show` makes the next one.
        next_code_in: Duration,
    },
    /// The authorization is being completed.
    Exchanging {
        /// Why the last try to do so failed, if one did.
        last_error: Option<Reason>,
    },
    /// The access token has expired and can be refreshed.
    Expired(Renewing),
    /// The client signs in by itself, and has no access token yet.
    Fetching(Renewing),
    /// The access token is valid, but for less time than was asked for.
    TooShort {
        /// For so long.
        valid_for: Duration,
        /// What becomes of it; none where it cannot be refreshed.
        renewal: Option<Renewing>,
    },
    /// The issuer that the account asks for its endpoints has said what is of no use.
    Unserved {
        /// Why.
        reason: Reason,
        /// Until it is asked again.
        asked_in: Duration,
    },
    /// There is no valid token, and the daemon stops: nothing is begun for it.
    Stopping,
}

/// What `refresh` brings about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// A refresh is under way or will be as soon as the bucket and the server's Retry-After allow.
    Scheduled {
        /// Until then; zero if it begins now or is under way.
        refresh_in: Duration,
    },
    /// The user has to sign in.
    Pending(Invitation),
    /// This host has been asked for what a sign-in begins with (a code for the user, or the endpoints), and has not
    /// answered.
    Starting(String),
    /// The authorization is being completed; nothing changed.
    Exchanging {
        /// Why the last try to do so failed, if one did.
        last_error: Option<Reason>,
    },
    /// The access token is valid but came without a refresh token.
    Impossible,
    /// The daemon stops: nothing is begun.
    Stopping,
}

impl Keeper {
    /// The access token, valid for `min_valid` more if the server's ever are for so long, or why there is none and what
    /// happens about it: a refresh, or a new authorization where there is nothing to refresh.
    ///
    /// # Errors
    /// There is no such account.
    pub fn show_lasting(
        &mut self,
        account: &str,
        min_valid: Duration,
        now: Now,
    ) -> Result<Shown, UnknownAccount> {
        let entry = self.entries.get(account).ok_or(UnknownAccount)?;
        if let Some(access_token) = entry.state.token().and_then(|token| token.lasting(min_valid, now.moment))
        {
            return Ok(Shown::AccessToken(access_token.clone()));
        }
        let (settings, is_stopping) = (self.settings, self.is_stopping);
        let no_secret_until = self.secrets.no_secret_until(&entry.account, now.moment);
        self.issuers.hasten(entry, Haste::Show, now.moment);
        let unserved = unserved(entry, &self.issuers, now.moment);
        let shown = self.change(account, now, |entry, outbox| {
            let offers_sign_in = entry.state.pending().is_some();
            if !is_stopping && !offers_sign_in {
                entry.hasten(Haste::Show, now.moment);
            }
            match why_not(entry, now.moment) {
                Some(why @ (Shown::Pending(_) | Shown::Starting(_) | Shown::Exchanging { .. })) => why,
                _ if is_stopping => Shown::Stopping,
                Some(why) => why,
                None => unserved
                    .unwrap_or_else(|| sign_in_or_rest(entry, &settings, no_secret_until, now, outbox)),
            }
        })?;
        // The refresh that has just begun may have failed already, for want of the client's secret.
        let is_begun = matches!(shown, Shown::Expired(_) | Shown::Fetching(_) | Shown::TooShort { .. });
        let why = if is_begun { self.why_not(account, now)? } else { None };
        Ok(why.unwrap_or(shown))
    }

    /// Why `show` gives no access token; none where it would begin a new authorization. Begins nothing itself.
    ///
    /// # Errors
    /// There is no such account.
    pub fn why_not(&self, account: &str, now: Now) -> Result<Option<Shown>, UnknownAccount> {
        self.entries.get(account).map(|entry| why_not(entry, now.moment)).ok_or(UnknownAccount)
    }

    /// Starts a refresh, or a new authorization where there is no token or the refresh token seems to be dead.
    ///
    /// # Errors
    /// There is no such account.
    pub fn refresh(&mut self, account: &str, now: Now) -> Result<Refreshed, UnknownAccount> {
        let (settings, is_stopping) = (self.settings, self.is_stopping);
        let entry = self.entries.get(account).ok_or(UnknownAccount)?;
        self.secrets.retry(&entry.account);
        self.issuers.hasten(entry, Haste::Refresh, now.moment);
        self.change(account, now, |entry, outbox| match &entry.state {
            _ if is_stopping => Refreshed::Stopping,
            TokenState::Starting(_) => Refreshed::Starting(entry.sign_in_host()),
            TokenState::Exchanging(_) => Refreshed::Exchanging { last_error: entry.exchange_error() },
            TokenState::Active(token) if token.offers_sign_in() => {
                authorize(entry, &settings, now, outbox).into()
            }
            TokenState::Fetching(_) => {
                entry.hasten(Haste::Refresh, now.moment);
                Refreshed::Scheduled { refresh_in: entry.refresh_in(now.moment) }
            }
            TokenState::Active(token) if token.renewal.is_possible() => {
                entry.hasten(Haste::Refresh, now.moment);
                Refreshed::Scheduled { refresh_in: entry.refresh_in(now.moment) }
            }
            TokenState::Active(token) if !token.has_expired(now.moment) => Refreshed::Impossible,
            TokenState::Active(_) | TokenState::Empty | TokenState::Pending(_) | TokenState::OnDevice(_) => {
                authorize(entry, &settings, now, outbox).into()
            }
        })
    }

    /// Whether the account has no valid access token and nothing that will bring one but its user.
    ///
    /// # Errors
    /// There is no such account.
    pub fn needs_authorization(&self, account: &str, now: Now) -> Result<bool, UnknownAccount> {
        self.entries.get(account).map(|entry| entry.needs_authorization(now.moment)).ok_or(UnknownAccount)
    }

    /// Whether an account needs no user.
    pub fn signs_in_by_itself(&self, account: &str) -> bool {
        self.entries.get(account).is_some_and(Entry::signs_in_by_itself)
    }

    /// Whether the account has no valid access token, and nothing has begun that will bring one without its user.
    ///
    /// # Errors
    /// There is no such account.
    pub fn lacks_token(&self, account: &str, now: Now) -> Result<bool, UnknownAccount> {
        self.entries.get(account).map(|entry| entry.lacks_token(now.moment)).ok_or(UnknownAccount)
    }

    /// Forgets the tokens, also those that are saved, and cancels what is under way.
    ///
    /// # Errors
    /// There is no such account.
    pub fn revoke(&mut self, account: &str, now: Now) -> Result<(), UnknownAccount> {
        self.change(account, now, forget_tokens)
    }
}

impl From<Begun> for Shown {
    fn from(begun: Begun) -> Self {
        match begun {
            Begun::Pending(invitation) => Self::Pending(invitation),
            Begun::Starting(host) => Self::Starting(host),
            Begun::Fetching(renewing) => Self::Fetching(renewing),
        }
    }
}

impl From<Begun> for Refreshed {
    fn from(begun: Begun) -> Self {
        match begun {
            Begun::Pending(invitation) => Self::Pending(invitation),
            Begun::Starting(host) => Self::Starting(host),
            Begun::Fetching(Renewing { refresh_in, .. }) => Self::Scheduled { refresh_in },
        }
    }
}

/// Why a sign-in cannot begin, where what the issuer has said of its endpoints is of no use.
fn unserved(entry: &Entry, issuers: &Issuers, now: Moment) -> Option<Shown> {
    let uri = entry.account.asks().filter(|_| entry.served().is_none())?;
    let issuer = issuers.get(uri).filter(|issuer| issuer.needs_attention())?;
    Some(Shown::Unserved { reason: issuer.last_error.clone()?, asked_in: issuer.due()?.since(now) })
}

/// Begins a sign-in, unless its user is to hear of none for a while.
fn sign_in_or_rest(
    entry: &mut Entry,
    settings: &Settings,
    no_secret_until: Option<Moment>,
    now: Now,
    outbox: &mut Outbox,
) -> Shown {
    match device::rest(entry, settings, no_secret_until, now.moment) {
        Some(next_code_in) => Shown::Resting { last_error: entry.last_error.clone(), next_code_in },
        None => authorize(entry, settings, now, outbox).into(),
    }
}

fn why_not(entry: &Entry, now: Moment) -> Option<Shown> {
    if let Some(invitation) = entry.state.invitation() {
        return Some(Shown::Pending(invitation));
    }
    match &entry.state {
        TokenState::Empty | TokenState::Pending(_) | TokenState::OnDevice(_) => None,
        TokenState::Starting(_) => Some(Shown::Starting(entry.sign_in_host())),
        TokenState::Exchanging(_) => Some(Shown::Exchanging { last_error: entry.exchange_error() }),
        TokenState::Fetching(_) => Some(Shown::Fetching(entry.renewing(now))),
        TokenState::Active(token) => {
            let renewal = token.renewal.is_possible().then(|| entry.renewing(now));
            if token.has_expired(now) {
                renewal.map(Shown::Expired)
            } else {
                Some(Shown::TooShort { valid_for: token.expires_at.since(now), renewal })
            }
        }
    }
}
