//! Why a request was refused.

use serde::{Deserialize, Serialize};

/// Why a request was refused, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The configuration has no such account.
    UnknownAccount,
    /// `refresh` of an access token that came without a refresh token.
    NoRefreshToken,
    /// The configuration file has errors.
    BadConfiguration,
    /// The dump is truncated, corrupted, foreign or newer.
    BadDump,
    /// The frame or the message could not be understood.
    BadRequest,
    /// The version byte is one that this daemon does not speak.
    UnsupportedVersion,
    /// A request or an answer over its cap.
    TooLarge,
    /// `show` of an account whose user has not signed in in time on another device: the next code is not made yet.
    NoCodeYet,
    /// While `startup_cmd` may be restoring tokens: what that would make needless or undo, and a `dump`, which would
    /// lack them. While the saved tokens are still being read: anything but `status`, `info` and `shutdown`.
    Starting,
    /// `dump` by somebody who is not given one.
    Denied,
    /// What this socket is not for: an extra socket shows tokens and no more.
    Restricted,
    /// `import` into an account that has tokens, is just getting some, or signs in by itself.
    AlreadyActive,
    /// `import` of a refresh token that belongs to another client than the account's.
    ClientMismatch,
    /// `import` of several refresh tokens that fit, or of none that has what was asked for in its name.
    Ambiguous,
    /// `show` of an access token that expires sooner than was asked for.
    NotValidLongEnough,
    /// `show` in a form that names the user, of an account that names none.
    NoUser,
    /// `login` in a way that the account does not know, or to one that signs in by itself.
    NoMethod,
    /// `redirect` with what is not the end of the account's sign-in.
    BadRedirect,
    /// `show` in a form that there is none of.
    BadFormat,
    /// `revoke` at the authorization server, which has not done it.
    NotRevoked,
    /// `revoke` at the authorization server, of an account without `revocation_uri`.
    NoRevocation,
    /// What was waited for does not come before somebody does something.
    Ended,
    /// What was waited for has not come in time.
    TimedOut,
    /// So many callers wait already that no more may.
    Busy,
    /// The daemon is stopping.
    ShuttingDown,
    /// A fault of the daemon.
    Internal,
    /// One that a later release has added.
    #[serde(other)]
    Other,
}
