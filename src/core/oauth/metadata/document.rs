//! The document itself, read strictly: its members, and what they may hold.

use serde::Deserialize;

use super::SecretsTaken;
use crate::oauth::answer::body::{Member, Unreadable};
use crate::prelude::*;

/// Deeper than any metadata are.
pub(super) const MAX_DEPTH: usize = 32;
/// More are no help to a person who chooses.
const MAX_SCOPES: usize = 100;
/// Of one of them.
const MAX_SCOPE_BYTES: usize = 256;

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
    pub(super) registration_endpoint: Option<Member>,
    pub(super) authorization_response_iss_parameter_supported: Option<Member>,
    pub(super) code_challenge_methods_supported: Option<Member>,
    pub(super) token_endpoint_auth_methods_supported: Option<Member>,
    pub(super) require_pushed_authorization_requests: Option<Member>,
    pub(super) scopes_supported: Option<Member>,
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

pub(super) fn secrets_taken(methods: Option<&Member>) -> SecretsTaken {
    let has = |method| methods?.lists(method);
    match has("client_secret_basic") {
        Some(basic) => SecretsTaken { basic, post: has("client_secret_post") == Some(true) },
        None => SecretsTaken::default(),
    }
}

/// Those that can be asked for (RFC 6749 §3.3), the first of them.
pub(super) fn scopes(supported: Option<&Member>) -> Vec<String> {
    let Some(Member::List(words)) = supported else { return Vec::new() };
    words.split(' ').filter(|word| is_scope(word)).take(MAX_SCOPES).map(str::to_owned).collect()
}

fn is_scope(word: &str) -> bool {
    let is_of_one = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
    (1..=MAX_SCOPE_BYTES).contains(&word.len()) && word.bytes().all(is_of_one)
}
