//! What happens to an account, told once: the log, hooks, browser pages and waiting callers all take it from here.
//! No secret can be put into one.

use core::fmt::Display;
use core::time::Duration;

use pizauth_common::account_name::{AccountName, as_argument, when_mended};

use crate::oauth::outcome::Reason;
use crate::oauth::provider_hints::NO_REFRESH_TOKEN;
use crate::prelude::*;

mod learned;
mod table;
#[cfg(test)]
mod tests;
mod token_event;
mod way_out;

pub use learned::{ISSUER_EVENTS, IssuerEvent, Learned};
pub use table::{EventDoc, Severity};
pub use token_event::TokenEvent;
pub use way_out::WayOut;

/// Something that happened to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountEvent {
    /// The account.
    pub account: AccountName,
    /// What happened.
    pub what: Happened,
}

crate::event_table! {
    /// What there is to tell of an account.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub Happened
    /// Every kind of event of an account.
    ACCOUNT_EVENTS

    Error SessionEnded {
        /// Why.
        reason: Reason,
        /// Whether the user has not been told of this cause since the last success.
        is_news: bool
    } "session_ended" "the server has ended a session: the account must be authorized again"
    Error NeedsAttention {
        /// What is wrong.
        reason: Reason,
        /// Whether the user has not been told of this cause since the last success.
        is_news: bool
    } "needs_attention" "a refresh is refused until a person mends something; the session is kept"
    Error AuthorizationFailed {
        /// Why.
        reason: Reason,
        /// Whether the user has not been told of this cause since the last success.
        is_news: bool
    } "authorization_failed" "an authorization or its exchange has failed"
    Error Outage {
        /// Why there is no new one.
        reason: Reason,
        /// What brings a new one.
        way_out: WayOut
    } "outage" "an access token has expired, and there is no new one"
    Notice OutageOver "outage_over" "after an outage there is a valid access token again"
    Warning RefreshFailed {
        /// Why.
        reason: Reason,
        /// Consecutive failures so far.
        failures: u32,
        /// The pause before the next try.
        pause: Duration
    } "refresh_failed" "a refresh has failed and will be tried again"
    Warning ExchangeRetried {
        /// Why.
        reason: Reason,
        /// The pause before the next try.
        pause: Duration
    } "exchange_retried" "the server was not reached: the exchange will be tried again"
    Warning OtherIssuer {
        /// Where it says that it comes from.
        iss: String
    } "other_issuer" "a sign-in was answered in the name of another server than that of auth_uri; it went on"
    Warning PollFailed {
        /// Why.
        reason: Reason,
        /// The pause before the next one.
        pause: Duration
    } "poll_failed" "no usable answer to whether the user has signed in on another device: it will be asked again"
    Warning SecretRefused "secret_refused"
        "the server refuses the client's secret: client_secret_cmd is run again, in case there is a new one"
    Notice NoRefreshToken "no_refresh_token"
        "the access token came without a refresh token: it lives only until it expires"
    Notice ScopeNarrowed {
        /// What the server granted.
        granted: String
    } "scope_narrowed" "the server granted less than was asked for"
    Notice OtherUser {
        /// Who, as the server calls them.
        user: String
    } "other_user" "somebody else has signed in than login_hint or user names; the token is kept"
    Info AuthorizationPending {
        /// For the user.
        url: String,
        /// What they type there, if they have to.
        user_code: Option<String>,
        /// Whether they see it without being told: they are led through it.
        is_known: bool
    } "authorization_pending" "an account waits to be authorized by the user"
    Info TokenNew {
        /// Its lifetime.
        lifetime: Duration
    } "token_new" "an account was authorized"
    Info TokenRefreshed {
        /// Its lifetime.
        lifetime: Duration,
        /// Whether the refresh token was replaced.
        rotated: bool
    } "token_refreshed" "an access token was refreshed"
    Info TokenInvalidated {
        /// Whether there was a token, and not just an authorization under way.
        had_token: bool
    } "token_invalidated" "a token was dropped"
    Info TokenRevoked {
        /// Whether there was a token.
        had_token: bool
    } "token_revoked" "the user revoked a token"
    Info Restored "restored" "a token state was taken from a caller"
    Info Imported "imported" "a refresh token of another program was taken from a caller"
    Debug AuthorizationReminded {
        /// For the user.
        url: String,
        /// What they type there, if they have to.
        user_code: Option<String>
    } "authorization_reminded" "the user was reminded of an account that waits to be authorized"
    Debug RequestStarted {
        /// Its `grant_type`.
        grant: &'static str
    } "request_started" "a token request was begun"
    Debug RequestEnded {
        /// Which, in a word.
        outcome: &'static str,
        /// Whether an account still waits for it: the work may have been cancelled meanwhile.
        is_awaited: bool
    } "request_ended" "a token request has its outcome"
    Debug RedirectAccepted "redirect_accepted" "a browser came back with an answer that fits"
}

/// Why a session or an authorization was dropped at the user's word.
pub const REVOKED: &str = "the account was revoked";

/// Why a session or an authorization was dropped with the configuration.
pub const CONFIGURATION_CHANGED: &str = "the configuration changed";

impl Happened {
    /// The facts that a log line has besides the account, each with its key.
    pub fn each_fact(&self, mut tell: impl FnMut(&'static str, &dyn Display)) {
        match self {
            Self::NeedsAttention { reason, .. } => {
                tell("reason", &reason.logged());
                tell("hint", &when_mended("ACCOUNT"));
            }
            Self::SessionEnded { reason, .. }
            | Self::AuthorizationFailed { reason, .. }
            | Self::Outage { reason, .. } => tell("reason", &reason.logged()),
            Self::RefreshFailed { reason, failures, pause } => {
                tell("failures", failures);
                tell("retry_in", &pause.as_secs());
                tell("reason", reason);
            }
            Self::ExchangeRetried { reason, pause } | Self::PollFailed { reason, pause } => {
                tell("retry_in", &pause.as_secs());
                tell("reason", reason);
            }
            Self::NoRefreshToken => tell("hint", &NO_REFRESH_TOKEN),
            Self::OtherIssuer { iss } => tell("iss", iss),
            Self::ScopeNarrowed { granted } => tell("granted", granted),
            Self::OtherUser { user } => tell("user", user),
            Self::TokenNew { lifetime } => tell("expires_in", &lifetime.as_secs()),
            Self::TokenRefreshed { lifetime, rotated } => {
                tell("expires_in", &lifetime.as_secs());
                tell("rotated", rotated);
            }
            Self::TokenInvalidated { .. } => tell("reason", &CONFIGURATION_CHANGED),
            Self::RequestStarted { grant } => tell("grant", grant),
            Self::RequestEnded { outcome, is_awaited } => {
                tell("outcome", outcome);
                tell("awaited", is_awaited);
            }
            Self::OutageOver
            | Self::SecretRefused
            | Self::AuthorizationPending { .. }
            | Self::AuthorizationReminded { .. }
            | Self::TokenRevoked { .. }
            | Self::Restored
            | Self::Imported
            | Self::RedirectAccepted => {}
        }
    }

    /// What has failed and what to do about it, for people, if `account` is at a loss.
    pub(super) fn failure(&self, account: &str) -> Option<String> {
        let account = as_argument(account);
        match self {
            Self::AuthorizationFailed { reason, .. } => Some(format!("authorization failed: {reason}")),
            Self::SessionEnded { reason, .. } => Some(format!(
                "the session has ended: {reason}; sign in again with: pizauth refresh {account}"
            )),
            Self::NeedsAttention { reason, .. } => {
                Some(format!("refresh needs attention: {reason}; {}", when_mended(&account)))
            }
            _ => None,
        }
    }

    /// Why no access token comes after this before somebody does something, for people.
    pub(super) fn end_of_hope(&self, account: &str) -> Option<String> {
        match self {
            Self::TokenRevoked { .. } => Some(REVOKED.to_owned()),
            Self::TokenInvalidated { .. } => Some(CONFIGURATION_CHANGED.to_owned()),
            what => what.failure(account),
        }
    }

    /// What `token_event_cmd` is told, if it is about a token.
    pub fn token_event(&self) -> Option<TokenEvent> {
        match self {
            Self::TokenNew { .. } => Some(TokenEvent::New),
            Self::TokenRefreshed { .. } => Some(TokenEvent::Refreshed),
            Self::SessionEnded { .. } | Self::TokenInvalidated { had_token: true } => {
                Some(TokenEvent::Invalidated)
            }
            Self::TokenRevoked { had_token: true } => Some(TokenEvent::Revoked),
            _ => None,
        }
    }
}

impl AccountEvent {
    /// What `error_notify_cmd` is told, if the user has to know and does not yet.
    pub fn error_message(&self) -> Option<String> {
        match &self.what {
            Happened::AuthorizationFailed { is_news: true, .. }
            | Happened::SessionEnded { is_news: true, .. }
            | Happened::NeedsAttention { is_news: true, .. } => self.what.failure(self.account.as_str()),
            Happened::Outage { reason, way_out } => {
                let account = as_argument(self.account.as_str());
                Some(format!("the access token has expired{}", way_out.advice(reason, &account)))
            }
            _ => None,
        }
    }
}
