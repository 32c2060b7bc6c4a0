//! The answer of the token endpoint (RFC 6749 §5), judged: bytes in, [`Outcome`] out.

use core::time::Duration;

use pizauth_common::secret::Secret;

use super::answer::body::{self, Endpoint, Members, Unreadable};
use super::answer::oauth_error::OAuthError;
use super::answer::{retry_after, told, unusable, with_hint};
use super::id_token;
use super::outcome::{Issued, Outcome, Reason};
use super::provider_hints;
use super::redaction::Redaction;
use super::token_request::{GrantType, TokenRequest};
use crate::http::{Answer, Lost};
use crate::prelude::*;

mod fields;
#[cfg(test)]
pub(super) mod golden;
#[cfg(test)]
mod tests;

/// No access token lives longer, whatever an answer or a dump says of it: ten years.
pub(crate) const LONGEST_LIFETIME: Duration = Duration::from_secs(10 * 365 * 86_400);

/// The token endpoint.
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
        "error",
        "error_description",
        "suberror",
    ],
};

/// The members of an answer that hold a token.
const TOKEN_MEMBERS: [&str; 3] = ["access_token", "refresh_token", "id_token"];

impl TokenRequest {
    /// What the answer to it means, or the lack of one.
    pub fn outcome(&self, result: Result<Answer, Lost>) -> Outcome {
        match result {
            Ok(answer) => judge(&answer, self),
            Err(Lost { why, needs_person: true, .. }) => Outcome::NeedsAttention(Reason::new(&why)),
            Err(Lost { sent, why, needs_person: false, .. }) => {
                Outcome::Transient { reason: Reason::new(&why), retry_after: None, reached: sent }
            }
        }
    }
}

/// The verdict on the answer to a request, with a reason that holds none of the secrets that were
/// sent and no token that came back.
fn judge(answer: &Answer, request: &TokenRequest) -> Outcome {
    let members = body::read(answer, &ENDPOINT);
    let redaction = redaction(answer, &members, request.secrets());
    match verdict(answer, members, request) {
        Verdict::Issued(issued) => {
            let narrowed_scope = issued.narrowed_scope.map(|granted| redaction.apply(&granted));
            Outcome::Issued(Issued { narrowed_scope, ..issued })
        }
        // There is no grant that could have ended.
        Verdict::Ended(error) | Verdict::NeedsAttention(error) if request.grant.is_of_application() => {
            Outcome::NeedsAttention(explained(&error, answer, &redaction, request))
        }
        Verdict::Ended(error) => Outcome::Ended(explained(&error, answer, &redaction, request)),
        Verdict::NeedsAttention(error) if error.may_mean_a_dead_grant() => {
            Outcome::RefusedVaguely(explained(&error, answer, &redaction, request))
        }
        Verdict::NeedsAttention(error) => {
            Outcome::NeedsAttention(explained(&error, answer, &redaction, request))
        }
        Verdict::NotNow(error) => {
            transient(answer, &format!("http status {}: {}", answer.status, told(&error, answer, &redaction)))
        }
        Verdict::Unusable(why) if matches!(answer.status, 400 | 401) => {
            Outcome::RefusedSilently(Reason::new(&unusable(answer, &why, &redaction)))
        }
        Verdict::Unusable(why) => transient(answer, &unusable(answer, &why, &redaction)),
    }
}

/// Of what was sent, and of the tokens that came back.
pub(super) fn redaction(
    answer: &Answer,
    members: &Result<Members, Unreadable>,
    sent: Vec<Secret>,
) -> Redaction {
    let readable = members.as_ref().ok();
    let received = TOKEN_MEMBERS.iter().filter_map(|name| readable?.text(name)).map(Secret::from);
    Redaction::of_answer(answer, sent.into_iter().chain(received))
}

enum Verdict {
    Issued(Issued),
    Ended(OAuthError),
    NeedsAttention(OAuthError),
    NotNow(OAuthError),
    Unusable(Unreadable),
}

fn verdict(answer: &Answer, members: Result<Members, Unreadable>, request: &TokenRequest) -> Verdict {
    let members = match members {
        Ok(members) => members,
        Err(why) => return Verdict::Unusable(why),
    };
    let is_success = (200..300).contains(&answer.status);
    match OAuthError::find(&members) {
        Some(error) if is_success && members.has("access_token") => {
            Verdict::Unusable(Unreadable::TokenAndError(error.text()))
        }
        Some(error) => refusal(answer.status, error),
        None if is_success => issued(&members, request).map_or_else(Verdict::Unusable, Verdict::Issued),
        None => Verdict::Unusable(Unreadable::NoTokenAnswer),
    }
}

pub(super) fn issued(members: &Members, request: &TokenRequest) -> Result<Issued, Unreadable> {
    fields::check_token_type(members)?;
    let access_token = fields::token(members, "access_token")?.ok_or(Unreadable::NoTokenAnswer)?;
    let refresh_token = fields::token(members, "refresh_token")?;
    Ok(Issued {
        access_token,
        lifetime: fields::lifetime(members, request.grant, refresh_token.is_some()),
        refresh_token,
        narrowed_scope: fields::narrowed_scope(members, &request.scopes),
        users: members.text("id_token").map(id_token::users).unwrap_or_default(),
    })
}

/// What a well-formed OAuth error means: only `invalid_grant` and its synonyms, and only where RFC 6749 §5.2 or a
/// sloppy server puts them, end a session.
fn refusal(status: u16, error: OAuthError) -> Verdict {
    match status {
        _ if error.is_temporary() => Verdict::NotNow(error),
        200..=299 | 400 | 401 if error.ends_the_grant() => Verdict::Ended(error),
        // These are about this moment or about what stands in between, whatever the body says.
        407 | 408 | 429 => Verdict::NotNow(error),
        // Firewalls and frameworks answer so too, in their own words.
        403 | 404 if !error.is_spelled_as_a_code() => Verdict::NotNow(error),
        200..=299 | 400..=499 => Verdict::NeedsAttention(error),
        _ => Verdict::NotNow(error),
    }
}

fn explained(error: &OAuthError, answer: &Answer, redaction: &Redaction, request: &TokenRequest) -> Reason {
    with_hint(error, answer, redaction, hint(error, request))
}

fn hint(error: &OAuthError, request: &TokenRequest) -> Option<&'static str> {
    let (code, description) = (error.code(), error.description());
    match request.grant {
        GrantType::JwtBearer => provider_hints::hint_for_assertion(code, description),
        GrantType::ClientCredentials => {
            provider_hints::hint_for_application(request.proof(), code, description)
        }
        GrantType::AuthorizationCode | GrantType::RefreshToken | GrantType::DeviceCode => {
            error.hint(request.proof())
        }
    }
}

fn transient(answer: &Answer, reason: &str) -> Outcome {
    Outcome::Transient { reason: Reason::new(reason), retry_after: retry_after::of(answer), reached: true }
}
