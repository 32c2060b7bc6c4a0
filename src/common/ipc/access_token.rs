//! What callers ask about the tokens of an account: which, and whether they wait.

use serde::{Deserialize, Serialize};

use super::left_out::{is_false, is_zero};

/// Which access token is to be shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Show {
    /// The account.
    pub account: String,
    /// Seconds to wait for it, where there is none now; the answer comes later then.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub wait: u64,
    /// Seconds for which it has to be valid.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub min_valid: u64,
    /// The name of the form in which it is to be given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
}

impl Show {
    /// The one of this account that there is now.
    pub fn of(account: String) -> Self {
        Self { account, ..Self::default() }
    }
}

/// Which access token is to be refreshed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refresh {
    /// The account.
    pub account: String,
    /// Seconds to wait for a new access token; the answer comes later then.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub wait: u64,
}

/// Whose tokens are to be forgotten.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revoke {
    /// The account.
    pub account: String,
    /// Whether the authorization server is to revoke them first; the answer comes later then.
    #[serde(default, skip_serializing_if = "is_false")]
    pub remote: bool,
}
