//! A well-formed OAuth error (RFC 6749 §5.2) in an answer.

use pizauth_common::terminal::is_printable_ascii;

use super::body::Members;
use crate::oauth::provider_hints;
use crate::prelude::*;

const MAX_CODE_BYTES: usize = 256;

/// What a dead grant is called besides `invalid_grant`: by Yahoo, GitHub, Zoho and those who do as they do.
const DEAD_GRANT: [&str; 5] =
    ["invalid_grant", "invalid_refresh_token", "bad_refresh_token", "token_expired", "invalid_code"];

/// What Microsoft says of an `invalid_grant` that no new try will mend. With any other `suberror` the grant lives on: a
/// policy refuses for now.
const FINAL_SUBERRORS: [&str; 3] = ["bad_token", "token_expired", "client_mismatch"];

/// Microsoft's "you ask too often": the grant lives on.
const LOOP_DETECTED: &str = "AADSTS50196";

/// `error` and `error_description`, and Microsoft's `suberror`.
pub(super) struct OAuthError {
    code: String,
    description: Option<String>,
    suberror: Option<String>,
}

impl OAuthError {
    /// The error of the answer. Codes that nobody listed are errors too; an `error` that is an object or
    /// holds what RFC 6749 §5.2 forbids is not OAuth.
    pub(super) fn find(members: &Members) -> Option<Self> {
        let code = members.text("error").filter(|code| is_code(code))?.to_owned();
        let description = members.text("error_description").map(str::to_owned);
        let suberror = members.text("suberror").map(str::to_owned);
        Some(Self { code, description, suberror })
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

    /// Whether the grant is gone for good.
    pub(super) fn ends_the_grant(&self) -> bool {
        let is_final = |suberror: &String| FINAL_SUBERRORS.contains(&suberror.as_str());
        DEAD_GRANT.iter().any(|code| self.code.eq_ignore_ascii_case(code))
            && self.suberror.as_ref().is_none_or(is_final)
            && provider_hints::number(self.description()) != Some(LOOP_DETECTED)
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
