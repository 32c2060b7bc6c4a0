//! The five kinds of hook and what is fixed for each: its name, its time limit, how many run at once.

use std::time::Duration;

use pizauth_common::account_name::AccountName;
use pizauth_common::config::HookCommands;

use super::Hook;

/// What kind of hook it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HookKind {
    Startup,
    AuthNotify,
    ErrorNotify,
    TokenEvent,
    TransientErrorIf,
}

/// What happens to a hook that takes too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimeLimit {
    /// Nothing.
    None,
    /// It is logged, and goes on: it may have become the user's browser.
    ToldAfter(Duration),
    /// Its process group is ended: TERM, then KILL.
    KilledAfter(Duration),
}

impl HookKind {
    pub(super) const ALL: [Self; 5] =
        [Self::Startup, Self::TokenEvent, Self::TransientErrorIf, Self::ErrorNotify, Self::AuthNotify];

    pub(super) fn of(hook: &Hook) -> Self {
        match hook {
            Hook::Startup => Self::Startup,
            Hook::AuthNotify { .. } => Self::AuthNotify,
            Hook::ErrorNotify { .. } => Self::ErrorNotify,
            Hook::TokenEvent { .. } => Self::TokenEvent,
            Hook::TransientErrorIf { .. } => Self::TransientErrorIf,
        }
    }

    /// The name of its option.
    pub(super) fn option(self) -> &'static str {
        match self {
            Self::Startup => "startup_cmd",
            Self::AuthNotify => "auth_notify_cmd",
            Self::ErrorNotify => "error_notify_cmd",
            Self::TokenEvent => "token_event_cmd",
            Self::TransientErrorIf => "transient_error_if_cmd",
        }
    }

    /// The user's command, if there is one.
    pub(super) fn command(self, commands: &HookCommands) -> Option<&str> {
        match self {
            Self::Startup => commands.startup_cmd.as_deref(),
            Self::AuthNotify => commands.auth_notify_cmd.as_deref(),
            Self::ErrorNotify => commands.error_notify_cmd.as_deref(),
            Self::TokenEvent => commands.token_event_cmd.as_deref(),
            Self::TransientErrorIf => commands.transient_error_if_cmd.as_deref(),
        }
    }

    pub(super) fn limit(self) -> TimeLimit {
        match self {
            Self::Startup => TimeLimit::None,
            Self::AuthNotify => TimeLimit::ToldAfter(Duration::from_secs(5 * 60)),
            Self::ErrorNotify | Self::TokenEvent => TimeLimit::KilledAfter(Duration::from_secs(60)),
            Self::TransientErrorIf => TimeLimit::KilledAfter(Duration::from_secs(3 * 60)),
        }
    }

    /// How many run at the same time: ten thousand accounts must not start ten thousand processes.
    pub(super) fn at_once(self) -> usize {
        match self {
            Self::AuthNotify => 64,
            Self::ErrorNotify | Self::TransientErrorIf => 16,
            Self::Startup | Self::TokenEvent => 1,
        }
    }
}

/// The account that a hook is told about.
pub(super) fn account(hook: &Hook) -> Option<&AccountName> {
    match hook {
        Hook::Startup => None,
        Hook::AuthNotify { account, .. }
        | Hook::ErrorNotify { account, .. }
        | Hook::TokenEvent { account, .. }
        | Hook::TransientErrorIf { account, .. } => Some(account),
    }
}
