//! What came of a token request, as the state machine tells it apart.

use core::fmt;
use core::time::Duration;

use crate::prelude::*;
use pizauth_common::secret::Secret;
use pizauth_common::terminal::{cut, is_unsafe};

/// The verdict on a token request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server issued an access token (RFC 6749 §5.1).
    Issued(Issued),
    /// The grant is gone: only a new authorization helps.
    Ended(Reason),
    /// The server refuses for a reason that a person has to mend; the refresh token is still good.
    NeedsAttention(Reason),
    /// The same in words that some servers have for a grant that is gone, too: `invalid_request` and the like.
    RefusedVaguely(Reason),
    /// The server refuses with the status of an OAuth error (400, 401) and without its `error` (RFC 6749 §5.2). Once
    /// that may be anybody on the way; again and again it is a grant that is gone.
    RefusedSilently(Reason),
    /// Anything else that may be different next time.
    Transient {
        /// What happened.
        reason: Reason,
        /// The server's Retry-After.
        retry_after: Option<Duration>,
        /// Whether a byte of the request can have reached the server.
        reached: bool,
    },
}

impl Outcome {
    /// In a word, for the log.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Issued(_) => "issued",
            Self::Ended(_) => "ended",
            Self::NeedsAttention(_) | Self::RefusedVaguely(_) => "needs_attention",
            Self::RefusedSilently(_) | Self::Transient { .. } => "transient",
        }
    }
}

/// A successful token answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// 1 byte to 64 KiB of printable ASCII.
    pub access_token: Secret,
    /// A new refresh token; `None`: the old one, if any, stays good (RFC 6749 §6).
    pub refresh_token: Option<Secret>,
    /// 0 to 10 years.
    pub lifetime: Duration,
    /// The granted scope, where it is less than what was asked for (RFC 6749 §5.1).
    pub narrowed_scope: Option<String>,
    /// The names of the user in the `id_token`, if there is one.
    pub users: Vec<String>,
}

/// Why something failed, for people: no control characters, at most 4 KiB, never a token. A pointer, since every
/// account has room for one, and few have one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(Box<ReasonText>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct ReasonText {
    text: String,
    cause: String,
    /// What the log says in its place, which may have to say less.
    logged: Option<String>,
    /// The server refuses what proves the client.
    is_of_client: bool,
}

impl Reason {
    const MAX_BYTES: usize = 4096;

    /// Cleans `text`: control characters become spaces, and what is over the cap is cut.
    pub fn new(text: &str) -> Self {
        Self::with_cause(text, text)
    }

    /// A reason with an OAuth `error` code. The code is the cause: descriptions often carry a time stamp
    /// or a trace number, so two texts of one cause differ.
    pub fn with_cause(cause: &str, text: &str) -> Self {
        let (text, cause) = (cleaned(text), cleaned(cause));
        Self(Box::new(ReasonText { text, cause, logged: None, is_of_client: false }))
    }

    /// A reason whose text holds what is for the user alone; `logged` does not.
    pub(crate) fn for_the_user(cause: &str, text: &str, logged: &str) -> Self {
        let mut reason = Self::with_cause(cause, text);
        reason.0.logged = Some(cleaned(logged));
        reason
    }

    /// Of a refusal with this OAuth `error`.
    pub(crate) fn of_refusal(mut self, error: &str) -> Self {
        self.0.is_of_client = error.eq_ignore_ascii_case("invalid_client");
        self
    }

    /// The same with another text.
    pub(crate) fn with_text(mut self, text: &str) -> Self {
        self.0.text = cleaned(text);
        self
    }

    /// Whether the server refuses what proves the client (RFC 6749 §5.2).
    pub(crate) fn refuses_client(&self) -> bool {
        self.0.is_of_client
    }

    /// The text as it may stand in the log.
    pub fn logged(&self) -> &str {
        self.0.logged.as_deref().unwrap_or(&self.0.text)
    }

    /// The cleaned text.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// What tells this reason from others: the same cause is reported to the user only once.
    pub fn cause(&self) -> &str {
        &self.0.cause
    }
}

fn cleaned(text: &str) -> String {
    let mut clean: String =
        text.chars().map(|c| if is_unsafe(c) { ' ' } else { c }).take(Reason::MAX_BYTES).collect();
    cut(&mut clean, Reason::MAX_BYTES);
    clean.trim().to_owned()
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_has_a_word_for_the_log() {
        let reason = || Reason::new("it rains");
        let transient = Outcome::Transient { reason: reason(), retry_after: None, reached: true };
        let outcomes = [Outcome::Ended(reason()), Outcome::NeedsAttention(reason()), transient];
        assert_eq!(outcomes.map(|outcome| outcome.as_str()), ["ended", "needs_attention", "transient"]);
    }

    #[test]
    fn a_reason_is_one_clean_line_with_a_cap() {
        assert_eq!(Reason::new("a\r\nb\u{1b}[31m\0").as_str(), "a  b [31m");
        assert_eq!(Reason::new(&"ü".repeat(5000)).as_str().len(), 4096);
        assert_eq!(Reason::new("evil\u{202e}txt").as_str(), "evil txt");
    }
}
