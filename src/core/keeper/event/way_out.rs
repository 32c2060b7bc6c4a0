//! What ends an outage.

use pizauth_common::account_name::when_mended;

use crate::oauth::outcome::Reason;
use crate::prelude::*;

/// What ends an outage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WayOut {
    /// A refresh, which is tried again.
    Refresh,
    /// A refresh, once a person has mended something.
    Attention,
    /// A new authorization.
    SignIn,
}

impl WayOut {
    /// What is wrong, and what helps.
    pub(super) fn advice(self, reason: &Reason, account: &str) -> String {
        match self {
            Self::Refresh => {
                format!(", and there is no new one yet: {reason}; refreshing it goes on by itself")
            }
            Self::Attention => format!(", and there is no new one: {reason}; {}", when_mended(account)),
            Self::SignIn => format!(": {reason}; sign in again with: pizauth refresh {account}"),
        }
    }
}
