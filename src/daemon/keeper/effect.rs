//! What the keeper wants done in the world.

use pizauth_common::account_name::AccountName;

use super::notice::Notice;
use crate::oauth::outcome::Reason;
use crate::oauth::token_request::TokenRequest;

/// The ticket for one piece of outside work. An answer counts only while an account still holds its ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// One thing to do.
#[derive(Debug)]
pub enum Effect {
    /// Perform a token request and report its outcome, exactly once.
    RequestToken {
        /// The ticket to report with.
        job: JobId,
        /// For the log.
        account: AccountName,
        /// What to send.
        request: TokenRequest,
    },
    /// Run a hook.
    RunHook(Hook),
    /// Write to the log.
    Log(Notice),
    /// The exchange that browsers may be waiting for has ended.
    ExchangeFinished {
        /// Its ticket.
        job: JobId,
        /// The account.
        account: AccountName,
        /// How it ended.
        result: Result<(), Reason>,
    },
}

/// A user's command to run, with what it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hook {
    /// `startup_cmd`.
    Startup,
    /// `auth_notify_cmd`.
    AuthNotify {
        /// `PIZAUTH_ACCOUNT`.
        account: AccountName,
        /// `PIZAUTH_URL`.
        url: String,
    },
    /// `error_notify_cmd`.
    ErrorNotify {
        /// `PIZAUTH_ACCOUNT`.
        account: AccountName,
        /// `PIZAUTH_MSG`.
        message: String,
    },
    /// `token_event_cmd`.
    TokenEvent {
        /// `PIZAUTH_ACCOUNT`.
        account: AccountName,
        /// `PIZAUTH_EVENT`.
        event: TokenEvent,
    },
    /// `transient_error_if_cmd`: its verdict is reported with the ticket.
    TransientErrorIf {
        /// The ticket.
        job: JobId,
        /// `PIZAUTH_ACCOUNT`.
        account: AccountName,
    },
}

/// What happened to a token, for `token_event_cmd`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenEvent {
    /// An authorization succeeded.
    New,
    /// A refresh succeeded.
    Refreshed,
    /// The session was ended by the server, by the configuration or by a hook.
    Invalidated,
    /// The user revoked it.
    Revoked,
}

impl TokenEvent {
    /// The value of `PIZAUTH_EVENT`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "token_new",
            Self::Refreshed => "token_refreshed",
            Self::Invalidated => "token_invalidated",
            Self::Revoked => "token_revoked",
        }
    }
}
