//! The answers that the small commands ask for, read in the small, and the one that can be large.
//!
//! serde reads an enum that carries its tag inside, as [`Response`] does, by way of a buffer that can hold any
//! JSON value: 80 KB of code, a sixth of `pizauth-show`, and most of the time and memory that `status` of many
//! accounts would take. The same messages, read side by side into one flat structure, take 6 KB.

#[cfg(test)]
mod tests;

use serde::Deserialize;

use super::message::{AccountStatus, Expired, Response, Skipped};
use crate::dump::Dump;
use crate::secret::Secret;

const MISFIT: &str = "it does not fit the request, or a field is missing";

/// What a command can take as an answer: every [`Response`], or those that it expects.
pub trait Answer: for<'de> Deserialize<'de> {
    /// Why the request was not done, if it was not.
    fn refusal(&self) -> Option<&str>;
}

impl Answer for Response {
    fn refusal(&self) -> Option<&str> {
        match self {
            Self::Refused { message, .. } => Some(message),
            _ => None,
        }
    }
}

/// A [`Response`] whose fields are all text; any other is an error.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Fields")]
pub enum PlainAnswer {
    /// To `show`: a valid access token.
    AccessToken(Secret),
    /// To `show` and `refresh`: the user has to visit this authorization request URL.
    Pending(String),
    /// To `show` and `refresh`: the authorization code is being exchanged; no URL to visit.
    Exchanging,
    /// To `show`: the access token has expired and can be refreshed.
    Expired(Expired),
    /// To `refresh`: a refresh is under way or will start as soon as it may.
    RefreshScheduled,
    /// To `revoke`.
    Revoked,
    /// To `dump`: the token state.
    Dump(Dump),
    /// The request was not done; nothing changed. For people, and maybe several lines.
    Refused(String),
}

impl Answer for PlainAnswer {
    fn refusal(&self) -> Option<&str> {
        match self {
            Self::Refused(message) => Some(message),
            _ => None,
        }
    }
}

/// What any of these answers may carry.
#[derive(Deserialize)]
struct Fields {
    answer: String,
    access_token: Option<String>,
    url: Option<String>,
    last_error: Option<String>,
    #[serde(default)]
    needs_attention: bool,
    #[serde(default)]
    refresh_in: u64,
    dump: Option<Dump>,
    message: Option<String>,
}

impl TryFrom<Fields> for PlainAnswer {
    type Error = &'static str;

    fn try_from(fields: Fields) -> Result<Self, Self::Error> {
        let answer = match fields.answer.as_str() {
            "access_token" => fields.access_token.map(Secret::new).map(Self::AccessToken),
            "pending" => fields.url.map(Self::Pending),
            "exchanging" => Some(Self::Exchanging),
            "expired" => Some(Self::Expired(Expired {
                last_error: fields.last_error,
                needs_attention: fields.needs_attention,
                refresh_in: fields.refresh_in,
            })),
            "refresh_scheduled" => Some(Self::RefreshScheduled),
            "revoked" => Some(Self::Revoked),
            "dump" => fields.dump.map(Self::Dump),
            "refused" => fields.message.map(Self::Refused),
            _ => None,
        };
        answer.ok_or(MISFIT)
    }
}

/// What `restore` is answered; any other [`Response`] is an error.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RestoreFields")]
pub enum RestoreAnswer {
    /// The tokens were taken where they fit; the accounts whose tokens were not.
    Restored(Vec<Skipped>),
    /// The request was not done; nothing changed. For people, and maybe several lines.
    Refused(String),
}

impl Answer for RestoreAnswer {
    fn refusal(&self) -> Option<&str> {
        match self {
            Self::Refused(message) => Some(message),
            Self::Restored(_) => None,
        }
    }
}

/// What either of these answers may carry.
#[derive(Deserialize)]
struct RestoreFields {
    answer: String,
    skipped: Option<Vec<Skipped>>,
    message: Option<String>,
}

impl TryFrom<RestoreFields> for RestoreAnswer {
    type Error = &'static str;

    fn try_from(fields: RestoreFields) -> Result<Self, Self::Error> {
        let answer = match fields.answer.as_str() {
            "restored" => fields.skipped.map(Self::Restored),
            "refused" => fields.message.map(Self::Refused),
            _ => None,
        };
        answer.ok_or(MISFIT)
    }
}

/// What `status` is answered; any other [`Response`] is an error.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "StatusFields")]
pub enum StatusAnswer {
    /// A row for each account, sorted by account.
    Status(Vec<AccountStatus>),
    /// The request was not done; nothing changed. For people, and maybe several lines.
    Refused(String),
}

impl Answer for StatusAnswer {
    fn refusal(&self) -> Option<&str> {
        match self {
            Self::Refused(message) => Some(message),
            Self::Status(_) => None,
        }
    }
}

/// What either of these answers may carry.
#[derive(Deserialize)]
struct StatusFields {
    answer: String,
    accounts: Option<Vec<AccountStatus>>,
    message: Option<String>,
}

impl TryFrom<StatusFields> for StatusAnswer {
    type Error = &'static str;

    fn try_from(fields: StatusFields) -> Result<Self, Self::Error> {
        let answer = match fields.answer.as_str() {
            "status" => fields.accounts.map(Self::Status),
            "refused" => fields.message.map(Self::Refused),
            _ => None,
        };
        answer.ok_or(MISFIT)
    }
}
