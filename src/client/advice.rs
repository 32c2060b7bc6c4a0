//! What a user is told by several commands. It can be shown as it stands.

use pizauth_common::account_name::{self, as_argument};
use pizauth_common::terminal::printable;

/// What to do where a refresh needs a person's attention.
pub(crate) fn when_mended(account: &str) -> String {
    account_name::when_mended(&printable(&as_argument(account)))
}

/// Whose tokens an account has, where they are another user's than the configured one's.
pub(crate) fn signed_in_as(user: &str) -> String {
    format!("signed in as {} and not as the configuration says", printable(user))
}

/// Why it is too early to sign in: there is no redirect listener.
pub(crate) fn nobody_listens(why: &str) -> String {
    format!("do not sign in yet, since pizauthd could not hear of it: {}", printable(why))
}
