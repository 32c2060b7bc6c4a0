//! The answers that the small commands ask for, read in the small, and those that can be large.
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
            "refused" => fields.message.map(Self::Refused),
            _ => None,
        };
        answer.ok_or(MISFIT)
    }
}

/// What an answer brings in a member of its own, which may be large.
pub trait Content: for<'de> Deserialize<'de> {
    /// The answer's name.
    const ANSWER: &'static str;
}

impl Content for Dump {
    const ANSWER: &'static str = "dump";
}

/// The accounts of a dump that `restore` did not take.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct SkippedAccounts(pub Vec<Skipped>);

impl Content for SkippedAccounts {
    const ANSWER: &'static str = "restored";
}

/// The rows of `status`, sorted by account.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct AccountRows(pub Vec<AccountStatus>);

impl Content for AccountRows {
    const ANSWER: &'static str = "status";
}

/// The answer that brings this content; any other [`Response`] is an error.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "ContentFields<C>", bound = "C: Content")]
pub enum ContentAnswer<C> {
    /// Done.
    Content(C),
    /// The request was not done; nothing changed. For people, and maybe several lines.
    Refused(String),
}

impl<C: Content> Answer for ContentAnswer<C> {
    fn refusal(&self) -> Option<&str> {
        match self {
            Self::Refused(message) => Some(message),
            Self::Content(_) => None,
        }
    }
}

/// What it may carry. Each kind of content has a member of its own name.
#[derive(Deserialize)]
#[serde(bound = "C: Content")]
struct ContentFields<C> {
    answer: String,
    #[serde(alias = "dump", alias = "skipped", alias = "accounts")]
    content: Option<C>,
    message: Option<String>,
}

impl<C: Content> TryFrom<ContentFields<C>> for ContentAnswer<C> {
    type Error = &'static str;

    fn try_from(fields: ContentFields<C>) -> Result<Self, Self::Error> {
        let answer = match fields.answer.as_str() {
            "refused" => fields.message.map(Self::Refused),
            answer if answer == C::ANSWER => fields.content.map(Self::Content),
            _ => None,
        };
        answer.ok_or(MISFIT)
    }
}
