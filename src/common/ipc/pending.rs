//! What the user has to do to sign in, as callers are told it.

use serde::{Deserialize, Serialize};

use super::account_status::Method;
use super::left_out::is_false;
use crate::unix_time::UnixTime;

/// The account waits for its user, who has to visit a URL and, on another device, to type a code there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// The URL.
    pub url: String,
    /// How the user signs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// What to type there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_code: Option<String>,
    /// Where to type it; the URL may have the code in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification_uri: Option<String>,
    /// When the code ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<UnixTime>,
    /// Why nobody can come back from there now: the redirect listener cannot listen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listener_error: Option<String>,
    /// Whether this is not the end: the caller waits, and another answer follows.
    #[serde(default, skip_serializing_if = "is_false")]
    pub more: bool,
}

impl Pending {
    /// Nothing but a URL to visit.
    pub fn at(url: String) -> Self {
        Self {
            url,
            method: None,
            user_code: None,
            verification_uri: None,
            expires: None,
            listener_error: None,
            more: false,
        }
    }
}
