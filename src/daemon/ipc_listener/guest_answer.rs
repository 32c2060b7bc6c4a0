//! What can be said at the extra socket. Whoever asks there may be root of another machine, so the types have no room
//! for a URL, a code, or why something has failed.

use pizauth_common::account_name::as_argument;
use pizauth_common::ipc::message::{
    AccountStatus, Answer, Expired, Refusal, Report, Response, SavedState, StartupCmd,
};
use pizauth_common::near_miss::no_account;
use pizauth_common::roughly::exactly;
use pizauth_common::secret::Secret;

/// What a guest is told.
#[derive(Debug)]
pub(crate) enum GuestAnswer {
    /// The access token.
    AccessToken(Secret),
    /// The access token in the form that was asked for.
    Output(Secret),
    /// An authorization code is being exchanged.
    Exchanging,
    /// The access token has expired.
    Expired {
        /// Whether a person has to mend something before a refresh can succeed.
        needs_attention: bool,
        /// Seconds until the next refresh may begin.
        refresh_in: u64,
    },
    /// The client signs in by itself, and has no access token yet.
    Fetching {
        /// As above.
        needs_attention: bool,
        /// As above.
        refresh_in: u64,
    },
    /// How the accounts are, which tells nothing of errors and of where the user keeps their files.
    Status(Vec<AccountStatus>, StartupCmd),
    /// It was not done.
    Refused(GuestRefusal),
}

impl From<GuestRefusal> for GuestAnswer {
    fn from(refusal: GuestRefusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<GuestAnswer> for Answer {
    fn from(answer: GuestAnswer) -> Self {
        let response = match answer {
            GuestAnswer::AccessToken(access_token) => Response::AccessToken { access_token },
            GuestAnswer::Output(text) => Response::Output { text },
            GuestAnswer::Exchanging => Response::Exchanging { last_error: None },
            GuestAnswer::Expired { needs_attention, refresh_in } => {
                Response::Expired(Expired { last_error: None, needs_attention, refresh_in })
            }
            GuestAnswer::Fetching { needs_attention, refresh_in } => {
                Response::Fetching(Expired { last_error: None, needs_attention, refresh_in })
            }
            GuestAnswer::Refused(refusal) => refusal.into(),
            GuestAnswer::Status(mut accounts, startup_cmd) => {
                accounts.iter_mut().for_each(|row| row.last_error = None);
                let saved_state = SavedState::default();
                return Report::Status { accounts, startup_cmd, saved_state }.into();
            }
        };
        response.into()
    }
}

/// Why a guest gets nothing: a kind, and words that are made here.
#[derive(Debug)]
pub(crate) struct GuestRefusal {
    kind: Refusal,
    message: String,
    valid_for: Option<u64>,
}

impl GuestRefusal {
    fn new(kind: Refusal, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), valid_for: None }
    }

    /// The request is not one for this socket.
    pub(crate) fn restricted() -> Self {
        Self::new(Refusal::Restricted, "this socket only shows tokens")
    }

    /// The account is none of those that are `listed`.
    pub(crate) fn unknown_account(account: &str, listed: &[&str]) -> Self {
        Self::new(Refusal::UnknownAccount, no_account(account, listed))
    }

    /// Only a person can do something about it, elsewhere.
    pub(crate) fn needs_sign_in(account: &str) -> Self {
        let message = format!("{} has to be signed in where pizauthd runs", as_argument(account));
        Self::new(Refusal::Restricted, message)
    }

    /// It wants to wait for longer than `most` seconds.
    pub(crate) fn waits_too_long(most: u64) -> Self {
        let message = format!("this socket lets nobody wait longer than {}", exactly(most));
        Self::new(Refusal::BadRequest, message)
    }

    /// There are only the forms that are named.
    pub(crate) fn bad_format(names: &str) -> Self {
        Self::new(Refusal::BadFormat, format!("unknown format: there are {names}"))
    }

    /// The form that was asked for names the user, and the account has none.
    pub(crate) fn no_user(account: &str) -> Self {
        Self::new(Refusal::NoUser, format!("{} has no user", as_argument(account)))
    }

    /// The access token is valid for so many seconds only.
    pub(crate) fn too_short(valid_for: Option<u64>) -> Self {
        let message = "the access token is valid for less time than was asked for";
        Self { valid_for, ..Self::new(Refusal::NotValidLongEnough, message) }
    }

    /// The access token has not come within so many seconds.
    pub(crate) fn timed_out(wait: u64) -> Self {
        Self::new(Refusal::TimedOut, format!("no access token within {}", exactly(wait)))
    }

    /// It does not come before somebody does something.
    pub(crate) fn ended(account: &str) -> Self {
        let message =
            format!("no access token for account {account:?}: pizauth status tells where pizauthd runs");
        Self::new(Refusal::Ended, message)
    }

    /// Tokens that were saved are not there yet.
    pub(crate) fn starting() -> Self {
        Self::new(Refusal::Starting, "tokens are being restored (try again in a moment)")
    }

    /// As many wait as may.
    pub(crate) fn busy() -> Self {
        Self::new(Refusal::Busy, "too many callers wait already (try again later)")
    }

    /// The daemon stops.
    pub(crate) fn stopping() -> Self {
        Self::new(Refusal::ShuttingDown, "pizauthd is stopping: nothing new is begun")
    }

    /// A fault of the daemon.
    pub(crate) fn internal() -> Self {
        Self::new(Refusal::Internal, "a fault of pizauthd, which its log tells")
    }
}

impl From<GuestRefusal> for Response {
    fn from(GuestRefusal { kind, message, valid_for }: GuestRefusal) -> Self {
        Self::Refused { kind, message, valid_for }
    }
}
