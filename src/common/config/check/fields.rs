//! What an account adds to requests: `auth_uri_fields`, `token_uri_fields`, `resource`.

use super::options::{Given, Seen};
use crate::config::problems::Problems;
use crate::config::syntax::{Quoted, Value};
use crate::config::uri;

/// Parameters of the authorization request that are ours (RFC 6749 §4.1.1, RFC 7636 §4.3).
const RESERVED_IN_AUTHORIZATION: [&str; 8] = [
    "access_type",
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
];

/// Parameters of requests to the token endpoint that are ours, or that would make them requests of another kind
/// (RFC 6749 §4 and §6, RFC 7521 §4, RFC 7636 §4.5, RFC 8628 §3.4, RFC 8693 §2.1, RFC 8707 §2.2).
const RESERVED_IN_TOKEN_REQUESTS: [&str; 14] = [
    "assertion",
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "code",
    "code_verifier",
    "device_code",
    "grant_type",
    "redirect_uri",
    "refresh_token",
    "resource",
    "scope",
    "subject_token",
];

impl<'a> Given<'_, 'a> {
    pub(super) fn auth_uri_fields(&self, problems: &mut Problems<'a>) -> Option<Vec<(String, String)>> {
        self.fields(&RESERVED_IN_AUTHORIZATION, problems)
    }

    pub(super) fn token_uri_fields(&self, problems: &mut Problems<'a>) -> Option<Vec<(String, String)>> {
        self.fields(&RESERVED_IN_TOKEN_REQUESTS, problems)
    }

    fn fields(&self, reserved: &[&str], problems: &mut Problems<'a>) -> Option<Vec<(String, String)>> {
        let entries = self.map(problems)?;
        for (place, key, _) in &entries {
            if reserved.contains(&key.as_str()) {
                let help = (key == "resource").then(|| "there is an option for it: resource".to_owned());
                let message = format!("\"{key}\" is reserved: pizauthd sets it itself");
                problems.error_with_help(place.0, message, help);
            }
        }
        Some(entries.into_iter().map(|(_, key, value)| (key, value)).collect())
    }

    /// RFC 8707 §2: absolute URIs without fragment, of any scheme.
    pub(super) fn resources(&self, problems: &mut Problems<'a>) -> Option<Vec<String>> {
        let Value::List(_, written) = self.value else {
            return self.wrong_type("a list such as [\"https://…\"]", problems);
        };
        let read: Vec<_> = written.iter().map(|uri| resource(*uri, problems)).collect();
        read.into_iter().collect()
    }
}

fn resource<'a>(written: Quoted<'a>, problems: &mut Problems<'a>) -> Option<String> {
    let text = written.text(problems)?;
    match uri::absolute(&text) {
        // It is sent as it stands, and servers compare it letter by letter.
        Ok(_) if !text.bytes().all(|byte| byte.is_ascii_graphic()) => {
            problems
                .error(written.0, "this resource has a character that no URI has: encode it, a blank as %20");
            None
        }
        Ok(_) => Some(text),
        Err(why) => {
            problems.error(written.0, format!("this resource {why}"));
            None
        }
    }
}

/// `auth_uri_fields`, and what `login_hint` adds to them. Whatever two options say at once is an error.
pub(super) fn of_authorization<'a>(
    written: Option<Vec<(String, String)>>,
    login_hint: Option<String>,
    seen: &Seen<'_, 'a>,
    problems: &mut Problems<'a>,
) -> Vec<(String, String)> {
    let mut fields = written.unwrap_or_default();
    for option in ["login_hint", "resource"] {
        if let Some(given) = seen.get(option).filter(|_| fields.iter().any(|(key, _)| key == option)) {
            let message = format!("'{option}' is given here and in auth_uri_fields: remove this one");
            problems.error(given.name, message);
        }
    }
    fields.extend(login_hint.map(|hint| ("login_hint".into(), hint)));
    fields
}
