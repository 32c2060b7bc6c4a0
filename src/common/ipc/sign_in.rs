//! What callers ask who lead their user through a sign-in, and what only they are answered.

use serde::{Deserialize, Serialize};

use super::account_status::{Method, State};
use crate::unix_time::UnixTime;

/// Where an account stands; a sign-in is begun where it needs one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// The account.
    pub account: String,
    /// How the user wants to sign in; none: as it is under way, or else as the configuration says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
}

/// Where an account stands, once that is not where it was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Await {
    /// The account.
    pub account: String,
    /// Seconds to wait for a change.
    pub wait: u64,
    /// Where it was last seen.
    pub state: State,
    /// With `pending`: the URL that was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// With `pending`: the code that was seen, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_code: Option<String>,
    /// With `exchanging`: the error that was seen, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
}

/// There is a valid access token. It does not travel here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    /// When it expires; none: valid until revoked.
    pub expires: Option<UnixTime>,
    /// Whether it can be refreshed.
    pub refreshable: bool,
    /// What a person has to mend before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attention: Option<String>,
    /// Who has signed in, where that is another than `login_hint` or `user` names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_in_as: Option<String>,
}
