//! A well-formed OAuth error (RFC 6749 §5.2) in an answer.

use pizauth_common::terminal::is_printable_ascii;

use super::body::Members;
use crate::oauth::provider_hints::{self, Proof};
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

/// What blames the client, whatever the grant is worth.
const OF_THE_CLIENT: [&str; 2] = ["invalid_client", "unauthorized_client"];

/// `error` and `error_description`, and Microsoft's `suberror`.
pub(in crate::oauth) struct OAuthError {
    code: String,
    description: Option<String>,
    suberror: Option<String>,
}

impl OAuthError {
    /// The error of the answer. Codes that nobody listed are errors too; an `error` that is an object or
    /// holds what RFC 6749 §5.2 forbids is not OAuth.
    pub(in crate::oauth) fn find(members: &Members) -> Option<Self> {
        // Google's device endpoint names it so.
        let code = members.text("error").or_else(|| members.text("error_code"));
        let code = code.filter(|code| is_code(code))?.to_owned();
        let description = members.text("error_description").map(str::to_owned);
        let suberror = members.text("suberror").map(str::to_owned);
        Some(Self { code, description, suberror })
    }

    pub(in crate::oauth) fn code(&self) -> &str {
        &self.code
    }

    pub(in crate::oauth) fn description(&self) -> &str {
        self.description.as_deref().unwrap_or_default()
    }

    /// `error: error_description`.
    pub(in crate::oauth) fn text(&self) -> String {
        match &self.description {
            Some(description) => format!("{}: {description}", self.code),
            None => self.code.clone(),
        }
    }

    /// What stays the same from one answer to the next, while descriptions carry time stamps.
    pub(in crate::oauth) fn cause(&self) -> String {
        match provider_hints::number(self.description()) {
            Some(number) => format!("{} {number}", self.code),
            None => self.code.clone(),
        }
    }

    /// What to do about it, where that is known.
    pub(in crate::oauth) fn hint(&self, proof: Proof) -> Option<&'static str> {
        if self.is_one_of(&DEAD_GRANT) && !self.ends_the_grant() {
            // That of its number: the code alone would have the user sign in anew.
            return provider_hints::hint_for(proof, "", self.description())
                .or(Some(provider_hints::REFUSED_FOR_NOW));
        }
        provider_hints::hint_for(proof, &self.code, self.description())
    }

    /// Whether the grant is gone for good.
    pub(in crate::oauth) fn ends_the_grant(&self) -> bool {
        let is_final = |suberror: &String| FINAL_SUBERRORS.contains(&suberror.as_str());
        self.is_one_of(&DEAD_GRANT)
            && self.suberror.as_ref().is_none_or(is_final)
            && provider_hints::number(self.description()) != Some(LOOP_DETECTED)
    }

    /// Whether it may be the grant that is gone, where nothing else can be wrong: it is neither the client's fault nor
    /// does it say that the grant lives on.
    pub(in crate::oauth) fn may_mean_a_dead_grant(&self) -> bool {
        !self.is_one_of(&OF_THE_CLIENT) && !self.is_one_of(&DEAD_GRANT)
    }

    fn is_one_of(&self, codes: &[&str]) -> bool {
        codes.iter().any(|code| self.code.eq_ignore_ascii_case(code))
    }

    /// The two codes that say "later" (RFC 6749 §4.1.2.1).
    pub(in crate::oauth) fn is_temporary(&self) -> bool {
        matches!(self.code.as_str(), "temporarily_unavailable" | "server_error")
    }

    /// As all codes of the RFCs are, and those of the servers that follow them: `invalid_client`, `access_denied`;
    /// not `Forbidden`, `Not Found`.
    pub(in crate::oauth) fn is_spelled_as_a_code(&self) -> bool {
        let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        self.code.contains('_') && self.code.bytes().all(letters)
    }
}

/// RFC 6749 §5.2: %x20-21 / %x23-5B / %x5D-7E.
fn is_code(text: &str) -> bool {
    text.len() <= MAX_CODE_BYTES && is_printable_ascii(text) && !text.contains(['"', '\\'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_blames_the_client_or_spares_the_grant_does_not_mean_that_it_is_dead() {
        let error = |code: &str| OAuthError { code: code.to_owned(), description: None, suberror: None };
        for code in ["invalid_request", "access_denied", "interaction_required", "brand_new"] {
            assert!(error(code).may_mean_a_dead_grant(), "{code}");
        }
        for code in ["invalid_client", "Unauthorized_Client", "invalid_grant"] {
            assert!(!error(code).may_mean_a_dead_grant(), "{code}");
        }
    }
}
