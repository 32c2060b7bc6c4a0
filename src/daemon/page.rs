//! The page that the browser shows at the end.

use pizauth_common::account_name::AccountName;
use pizauth_core::oauth::outcome::Reason;

/// What the browser is told. What really happened, and nothing of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// The exchange succeeded.
    SignedIn(AccountName),
    /// The same, by somebody else than `login_hint` or `user` names.
    SignedInAs(AccountName, String),
    /// A reload of the page after success.
    AlreadySignedIn(AccountName),
    /// The user or the server said no, or the exchange failed.
    Failed(AccountName, Reason),
    /// The exchange takes longer than the browser should wait; why, where that is known.
    StillWorking(Option<Reason>),
    /// Nothing waits for this: wrong host, wrong path, unknown or used `state`.
    NotFound,
    /// The request is not an authorization response: which rule it breaks.
    BadRequest(&'static str),
    /// The daemon cannot answer now (it is stopping, or a worker failed).
    Unavailable,
}
