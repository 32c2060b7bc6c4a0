//! What the keeper wants the log to say. No secret can be put into one.

use std::time::Duration;

use pizauth_common::account_name::AccountName;

use crate::oauth::outcome::Reason;

/// Something that happened to an account, for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The account.
    pub account: AccountName,
    /// What happened.
    pub what: NoticeKind,
}

/// The kinds of [`Notice`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    /// An authorization request waits for the user.
    AuthorizationRequested,
    /// The code came back; the exchange begins.
    ExchangeStarted,
    /// The exchange could not reach the server and will be tried again.
    ExchangeRetry {
        /// Why.
        reason: Reason,
        /// The pause before the next try.
        pause: Duration,
    },
    /// An authorization came to nothing.
    AuthorizationFailed {
        /// Why.
        reason: Reason,
    },
    /// An access token was issued for an authorization.
    TokenNew {
        /// Its lifetime.
        lifetime: Duration,
        /// Whether a refresh token came with it.
        refreshable: bool,
    },
    /// An access token was refreshed.
    TokenRefreshed {
        /// Its lifetime.
        lifetime: Duration,
        /// Whether the refresh token was replaced.
        rotated: bool,
    },
    /// The server granted less than was asked for.
    ScopeNarrowed {
        /// What it granted.
        granted: String,
    },
    /// A refresh failed and will be tried again.
    RefreshFailed {
        /// Why.
        reason: Reason,
        /// Consecutive failures so far.
        failures: u32,
        /// The pause before the next try.
        pause: Duration,
    },
    /// A refresh fails until a person mends something.
    NeedsAttention {
        /// What is wrong.
        reason: Reason,
    },
    /// The session ended; the user must authorize again.
    SessionEnded {
        /// Why.
        reason: Reason,
    },
    /// The user revoked the account.
    Revoked,
    /// The configuration changed what the tokens were bound to, or dropped the account.
    ConfigurationChanged,
    /// Tokens were taken from a dump.
    Restored,
    /// A token request has its outcome.
    RequestEnded {
        /// Which, in a word.
        outcome: &'static str,
        /// Whether an account still waits for it: the work may have been cancelled meanwhile.
        is_awaited: bool,
    },
}
