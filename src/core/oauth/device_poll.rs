//! Asking whether the user has signed in on another device (RFC 8628 §3.4, §3.5). The verdict is by `error`, whatever
//! the HTTP status: Google says "pending" with 428 and "no" with 403, GitHub says all of it with 200.

use core::time::Duration;

use pizauth_common::secret::Secret;

use super::answer::body::{self, Endpoint, Members, Unreadable};
use super::answer::oauth_error::OAuthError;
use super::answer::{retry_after, unusable, with_hint};
use super::client_auth::Client;
use super::device_request::interval;
use super::outcome::{Issued, Reason};
use super::provider_hints::hint_for_device;
use super::redaction::Redaction;
use super::token_answer::{issued, redaction};
use super::token_request::TokenRequest;
use crate::http::{self, Answer, Lost};
use crate::prelude::*;

#[cfg(test)]
mod tests;

/// The token endpoint, asked about a device code.
const ENDPOINT: Endpoint = Endpoint {
    option: "token_uri",
    names: &[
        "access_token",
        "refresh_token",
        "id_token",
        "token_type",
        "expires_in",
        "expires_in_sec",
        "scope",
        "interval",
        "error",
        "error_code",
        "error_description",
        "suberror",
    ],
};

/// Errors by which the codes are not good any more, in the words of RFC 8628 and of GitHub, Microsoft and others.
const SPENT: [&str; 5] =
    ["expired_token", "code_expired", "bad_verification_code", "incorrect_device_code", "invalid_grant"];

/// A poll, and what its answer is judged by.
#[derive(Debug, PartialEq, Eq)]
pub struct DevicePoll {
    /// What is sent.
    pub request: TokenRequest,
    /// What the user was told.
    pub user_code: String,
    /// How long the codes were good when they came.
    pub lifetime: Duration,
}

/// What came of a poll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Polled {
    /// The user has signed in.
    Issued(Issued),
    /// Not yet.
    Pending,
    /// Not yet, and we ask too often; the interval that is asked for, if one is.
    SlowDown(Option<Duration>),
    /// There will be no token.
    Failed(Reason),
    /// Nobody has said anything about it: the next answer may.
    NoVerdict {
        /// What happened.
        reason: Reason,
        /// The server's Retry-After.
        retry_after: Option<Duration>,
        /// Whether a byte of the request can have reached the server.
        reached: bool,
    },
}

impl Polled {
    /// In a word, for the log.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Issued(_) => "issued",
            Self::Pending => "pending",
            Self::SlowDown(_) => "slow_down",
            Self::Failed(_) => "ended",
            Self::NoVerdict { .. } => "transient",
        }
    }
}

impl DevicePoll {
    /// Whether the user of this client has typed the code.
    pub fn new(client: Client, device_code: &Secret, user_code: &str, lifetime: Duration) -> Self {
        let request = TokenRequest::poll(client, device_code);
        Self { request, user_code: user_code.to_owned(), lifetime }
    }

    /// What is to be sent.
    pub fn http(&self) -> http::Request {
        self.request.http()
    }

    /// What the answer to it means, or the lack of one.
    pub fn outcome(&self, result: Result<Answer, Lost>) -> Polled {
        match result {
            Ok(answer) => self.judge(&answer),
            Err(Lost { sent, why, .. }) => {
                Polled::NoVerdict { reason: Reason::new(&why), retry_after: None, reached: sent }
            }
        }
    }

    fn judge(&self, answer: &Answer) -> Polled {
        let members = body::read(answer, &ENDPOINT);
        // The log must not show the user's code, and nobody the others.
        let mut secrets = self.request.secrets();
        secrets.push(Secret::from(self.user_code.as_str()));
        let redaction = redaction(answer, &members, secrets);
        let no_verdict = |why: &Unreadable| Polled::NoVerdict {
            reason: Reason::new(&unusable(answer, why, &redaction)),
            retry_after: retry_after::of(answer),
            reached: true,
        };
        let members = match members {
            Ok(members) => members,
            Err(why) => return no_verdict(&why),
        };
        match OAuthError::find(&members) {
            Some(error) if members.has("access_token") => {
                no_verdict(&Unreadable::TokenAndError(error.text()))
            }
            Some(error) if is_verdict(&error, answer.status) => {
                self.refusal(&error, &members, answer, &redaction)
            }
            Some(error) => no_verdict(&Unreadable::NoVerdict(error.text())),
            None if (200..300).contains(&answer.status) => self.issued(&members, &redaction, no_verdict),
            None => no_verdict(&Unreadable::NoTokenAnswer),
        }
    }

    fn issued(
        &self,
        members: &Members,
        redaction: &Redaction,
        no_verdict: impl Fn(&Unreadable) -> Polled,
    ) -> Polled {
        match issued(members, &self.request) {
            Ok(issued) => {
                let narrowed_scope = issued.narrowed_scope.map(|granted| redaction.apply(&granted));
                Polled::Issued(Issued { narrowed_scope, ..issued })
            }
            Err(why) => no_verdict(&why),
        }
    }

    fn refusal(
        &self,
        error: &OAuthError,
        members: &Members,
        answer: &Answer,
        redaction: &Redaction,
    ) -> Polled {
        match error.code() {
            "authorization_pending" => Polled::Pending,
            "slow_down" | "rate_limit_exceeded" => Polled::SlowDown(interval(members, self.lifetime)),
            "access_denied" | "authorization_declined" => {
                Polled::Failed(Reason::with_cause("access_denied", "the sign-in was declined"))
            }
            code if SPENT.contains(&code) => Polled::Failed(not_used(&self.user_code)),
            code => {
                let hint = hint_for_device(self.request.proof(), code, error.description());
                Polled::Failed(with_hint(error, answer, redaction, hint))
            }
        }
    }
}

/// Why nothing came of a code that nobody has typed in time.
pub(crate) fn not_used(user_code: &str) -> Reason {
    let why = "was not used in time, or was used already";
    Reason::for_the_user("expired_token", &format!("the code {user_code} {why}"), &format!("the code {why}"))
}

/// Whether an `error` is the server's word on the sign-in. Two codes say "later" (RFC 6749 §4.1.2.1), and firewalls and
/// frameworks have an `error` of their own, which is no code: `Forbidden`, `Too Many Requests`.
fn is_verdict(error: &OAuthError, status: u16) -> bool {
    !error.is_temporary() && (matches!(status, 200..=299 | 400 | 401) || error.is_spelled_as_a_code())
}
