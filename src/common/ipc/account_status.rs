//! How an account is: a row of `status`.

use serde::{Deserialize, Serialize};

use crate::unix_time::UnixTime;

/// Where an account is in the life of its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// No token, nothing under way.
    Empty,
    /// A server has been asked for what a sign-in begins with: a code for the user, or the endpoints.
    Starting,
    /// An authorization waits for the user.
    Pending,
    /// The authorization code is being exchanged.
    Exchanging,
    /// There is an access token (perhaps an expired one with a refresh token).
    Active,
    /// The first access token of a client that signs in by itself is asked for.
    Fetching,
}

impl State {
    /// As it is written in a message.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Starting => "starting",
            Self::Pending => "pending",
            Self::Exchanging => "exchanging",
            Self::Active => "active",
            Self::Fetching => "fetching",
        }
    }
}

/// How a user signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// With a browser that comes back to the redirect listener.
    Browser,
    /// On any device, by typing a code there.
    Device,
}

/// One row of `status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountStatus {
    /// The account.
    pub account: String,
    /// Where it is.
    pub state: State,
    /// How the sign-in is done that is under way.
    #[serde(default)]
    pub method: Option<Method>,
    /// When the access token was obtained.
    pub obtained: Option<UnixTime>,
    /// When the access token expires or expired.
    pub expires: Option<UnixTime>,
    /// Whether there is a refresh token.
    pub refreshable: bool,
    /// Whether a token request is under way.
    pub in_flight: bool,
    /// Whether the next one waits for `client_secret_cmd` to print the client's secret.
    #[serde(default)]
    pub waits_for_secret: bool,
    /// When the next refresh is due.
    pub next_refresh: Option<UnixTime>,
    /// When a sign-in or a refresh last ended, in success or not.
    pub last_refresh: Option<UnixTime>,
    /// Whether that was a sign-in.
    #[serde(default)]
    pub last_was_sign_in: bool,
    /// Why that one failed; absent after a success.
    pub last_error: Option<String>,
    /// Whether a person has to do something before a refresh can succeed.
    pub needs_attention: bool,
    /// Who has signed in, where that is another than `login_hint` or `user` names.
    #[serde(default)]
    pub signed_in_as: Option<String>,
    /// Whose mailbox it is for, where that is known.
    #[serde(default)]
    pub user: Option<String>,
    /// Whether there is a valid access token.
    #[serde(default)]
    pub usable: bool,
    /// Whether there will be no new access token before a person has signed in or mended something.
    #[serde(default)]
    pub needs_user: bool,
}
