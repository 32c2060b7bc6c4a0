//! The document itself, read strictly: its members, and what they may hold.

use serde::Deserialize;

use super::SecretsTaken;
use crate::oauth::token_answer::body::{Member, Unreadable};

/// Deeper than any metadata are.
pub(super) const MAX_DEPTH: usize = 32;

/// The members that are read; each may stand once.
#[derive(Deserialize)]
pub(super) struct Document {
    pub(super) issuer: Option<Member>,
    pub(super) authorization_endpoint: Option<Member>,
    pub(super) token_endpoint: Option<Member>,
    pub(super) device_authorization_endpoint: Option<Member>,
    pub(super) revocation_endpoint: Option<Member>,
    /// Yahoo's word for that.
    pub(super) token_revocation_endpoint: Option<Member>,
    pub(super) authorization_response_iss_parameter_supported: Option<Member>,
    pub(super) code_challenge_methods_supported: Option<Member>,
    pub(super) token_endpoint_auth_methods_supported: Option<Member>,
    pub(super) require_pushed_authorization_requests: Option<Member>,
}

/// Strictly: what is no JSON object in UTF-8 is no document.
pub(super) fn document(body: &[u8]) -> Result<Document, Unreadable> {
    let text = str::from_utf8(body).map_err(|_| Unreadable::NotJson)?.trim_ascii();
    if text.is_empty() {
        Err(Unreadable::Empty)
    } else if text.starts_with('<') {
        Err(Unreadable::Html)
    } else if !text.starts_with('{') || is_deep(text) {
        Err(Unreadable::NotJson)
    } else {
        serde_json::from_str(text).map_err(|_| Unreadable::NotJson)
    }
}

fn is_deep(json: &str) -> bool {
    let (mut depth, mut in_string, mut is_escaped) = (0_usize, false, false);
    json.bytes().any(|byte| {
        let is_quote = byte == b'"' && !is_escaped;
        is_escaped = in_string && byte == b'\\' && !is_escaped;
        in_string ^= is_quote;
        match byte {
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > MAX_DEPTH
    })
}

pub(super) fn text(member: &Member) -> Option<&str> {
    match member {
        Member::Text(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}

pub(super) fn is_true(member: Option<&Member>) -> bool {
    member == Some(&Member::Flag(true))
}

/// Whether a list has `word` in it; none where there is no list.
pub(super) fn lists(member: Option<&Member>, word: &str) -> Option<bool> {
    match member? {
        Member::List(words) => Some(words.split(' ').any(|one| one == word)),
        _ => None,
    }
}

pub(super) fn secrets_taken(methods: Option<&Member>) -> SecretsTaken {
    let has = |method| lists(methods, method);
    match has("client_secret_basic") {
        Some(basic) => SecretsTaken { basic, post: has("client_secret_post") == Some(true) },
        None => SecretsTaken::default(),
    }
}
