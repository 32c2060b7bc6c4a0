//! A user's command to run, with what it is told.

use pizauth_common::account_name::AccountName;
use pizauth_core::keeper::{AccountEvent, Happened, JobId, TokenEvent};

/// One run of a `*_cmd`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hook {
    /// `startup_cmd`.
    Startup,
    /// `auth_notify_cmd`.
    AuthNotify {
        /// `PIZAUTH_ACCOUNT`.
        account: AccountName,
        /// `PIZAUTH_URL`.
        url: String,
        /// `PIZAUTH_CODE`, where the user types one there.
        user_code: Option<String>,
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

impl Hook {
    /// The hooks that have to hear of an event, in their order.
    pub(super) fn that_hear(event: &AccountEvent) -> impl Iterator<Item = Self> {
        let account = || event.account.clone();
        let token = event.what.token_event().map(|event| Self::TokenEvent { account: account(), event });
        let error = event.error_message().map(|message| Self::ErrorNotify { account: account(), message });
        let visit = match &event.what {
            Happened::AuthorizationPending { is_known: true, .. } => None,
            Happened::AuthorizationPending { url, user_code, .. }
            | Happened::AuthorizationReminded { url, user_code } => Some((url.clone(), user_code.clone())),
            _ => None,
        };
        let visit = visit.map(|(url, user_code)| Self::AuthNotify { account: account(), url, user_code });
        [token, error, visit].into_iter().flatten()
    }
}
