//! What the answers of all endpoints have in common: the members of their body, errors (RFC 6749 §5.2), and the
//! server's words as far as they may be shown.

use pizauth_common::terminal::cut;

use self::body::Unreadable;
use self::oauth_error::OAuthError;
use super::outcome::Reason;
use super::provider_hints;
use super::redaction::Redaction;
use crate::http::Answer;
use crate::prelude::*;

pub(crate) use self::retry_after::LONGEST_RETRY_AFTER;

pub(super) mod body;
pub(super) mod oauth_error;
mod preview;
pub(super) mod retry_after;
mod unreadable;
pub(super) mod values;

/// Room for a hint behind the server's words, within the 4 KiB of a reason.
const MAX_REFUSAL_CHARS: usize = 900;

/// A server that has failed tells of itself, and of what it was doing, rather than of what is wrong.
const MAX_FAILURE_BYTES: usize = 200;

/// The server's words, as far as they may be shown.
pub(super) fn told(error: &OAuthError, answer: &Answer, redaction: &Redaction) -> String {
    // Cut only after redaction: half a token would not be found.
    let mut text: String = redaction.apply(&error.text()).chars().take(MAX_REFUSAL_CHARS).collect();
    if answer.status >= 500 {
        cut(&mut text, MAX_FAILURE_BYTES);
    }
    text
}

/// A refusal, and behind it in parentheses what to do about it, where that is known.
pub(super) fn with_hint(
    error: &OAuthError,
    answer: &Answer,
    redaction: &Redaction,
    hint: Option<&str>,
) -> Reason {
    let cause = redaction.apply(&error.cause());
    let text = provider_hints::with_hint(&told(error, answer, redaction), hint);
    Reason::with_cause(&cause, &text).of_refusal(error.code())
}

/// Why an answer is of no use, and how it begins where that may be shown.
pub(super) fn unusable(answer: &Answer, why: &Unreadable, redaction: &Redaction) -> String {
    let status = answer.status;
    match preview::preview(answer, redaction) {
        Some(preview) => format!("http status {status}: {why}: {preview:?}"),
        None => format!("http status {status}: {}", redaction.apply(&why.to_string())),
    }
}
