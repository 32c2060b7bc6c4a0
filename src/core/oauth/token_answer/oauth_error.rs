//! A well-formed OAuth error (RFC 6749 §5.2) in an answer.

use pizauth_common::terminal::is_printable_ascii;

use super::body::Members;
use crate::oauth::provider_hints;
use crate::prelude::*;

const MAX_CODE_BYTES: usize = 256;

/// `error` and `error_description`.
pub(super) struct OAuthError {
    code: String,
    description: Option<String>,
}

impl OAuthError {
    /// The error of the answer. Codes that nobody listed are errors too; an `error` that is an object or
    /// holds what RFC 6749 §5.2 forbids is not OAuth.
    pub(super) fn find(members: &Members) -> Option<Self> {
        let code = members.text("error").filter(|code| is_code(code))?.to_owned();
        let description = members.text("error_description").map(str::to_owned);
        Some(Self { code, description })
    }

    pub(super) fn code(&self) -> &str {
        &self.code
    }

    pub(super) fn description(&self) -> &str {
        self.description.as_deref().unwrap_or_default()
    }

    /// `error: error_description`.
    pub(super) fn text(&self) -> String {
        match &self.description {
            Some(description) => format!("{}: {description}", self.code),
            None => self.code.clone(),
        }
    }

    /// What stays the same from one answer to the next, while descriptions carry time stamps.
    pub(super) fn cause(&self) -> String {
        match provider_hints::number(self.description()) {
            Some(number) => format!("{} {number}", self.code),
            None => self.code.clone(),
        }
    }

    /// The two codes that say "later" (RFC 6749 §4.1.2.1).
    pub(super) fn is_temporary(&self) -> bool {
        matches!(self.code.as_str(), "temporarily_unavailable" | "server_error")
    }

    /// As all codes of the RFCs are, and those of the servers that follow them: `invalid_client`, `access_denied`;
    /// not `Forbidden`, `Not Found`.
    pub(super) fn is_spelled_as_a_code(&self) -> bool {
        let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        self.code.contains('_') && self.code.bytes().all(letters)
    }
}

/// RFC 6749 §5.2: %x20-21 / %x23-5B / %x5D-7E.
fn is_code(text: &str) -> bool {
    text.len() <= MAX_CODE_BYTES && is_printable_ascii(text) && !text.contains(['"', '\\'])
}
