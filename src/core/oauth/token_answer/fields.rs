//! The members of a successful answer (RFC 6749 §5.1), read as generously as real servers need.

use core::time::Duration;

use pizauth_common::secret::Secret;

use super::LONGEST_LIFETIME;
use crate::oauth::answer::body::{Member, Members, Unreadable};
use crate::oauth::answer::values::number;
use crate::oauth::token_request::GrantType;
use crate::prelude::*;

/// Where it is missing or no number.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(3600);

/// The members that say it, the first one wins. Where `expires_in_sec` stands beside it, the other one is in
/// milliseconds (Zoho).
const LIFETIME_MEMBERS: [&str; 2] = ["expires_in_sec", "expires_in"];

/// Scopes that ask for something else than access, and that servers therefore often leave out.
const UNECHOED_SCOPES: [&str; 4] = ["offline_access", "openid", "profile", "email"];

/// A client must not use a token whose type it does not understand (RFC 6749 §7.1); a missing type is
/// taken for Bearer.
pub(super) fn check_token_type(members: &Members) -> Result<(), Unreadable> {
    match members.get("token_type") {
        None => Ok(()),
        Some(Member::Text(kind)) if kind.trim().eq_ignore_ascii_case("bearer") => Ok(()),
        Some(kind) => Err(Unreadable::TokenType(kind.to_string())),
    }
}

/// The token of that name, if the answer has one.
pub(super) fn token(members: &Members, name: &'static str) -> Result<Option<Secret>, Unreadable> {
    match members.get(name) {
        None => Ok(None),
        Some(_) => {
            let token = members.text(name).and_then(Secret::token);
            token.map(Some).ok_or(Unreadable::BadToken(name))
        }
    }
}

/// `expires_in`: an integer, a float or a numeric string, in seconds. A sign-in that brings no word of it, and nothing
/// to refresh with, has brought a token that is good until it is revoked (GitHub).
pub(super) fn lifetime(members: &Members, grant: GrantType, is_renewable: bool) -> Duration {
    let seconds = LIFETIME_MEMBERS.into_iter().find_map(|name| number(members.get(name)?));
    let is_said = || LIFETIME_MEMBERS.into_iter().any(|name| members.has(name));
    match seconds {
        Some(seconds) => Duration::from_secs_f64(seconds.clamp(0.0, LONGEST_LIFETIME.as_secs_f64())),
        None if grant.is_sign_in() && !is_renewable && !is_said() => LONGEST_LIFETIME,
        None => DEFAULT_LIFETIME,
    }
}

/// The granted scope where something that was asked for is missing from it. No `scope` means: as asked.
pub(super) fn narrowed_scope(members: &Members, asked: &[String]) -> Option<String> {
    let granted = scope_text(members.get("scope")?)?;
    let is_granted =
        |scope: &str| granted.split_ascii_whitespace().any(|one| one.eq_ignore_ascii_case(scope));
    let is_missing = |scope: &String| !UNECHOED_SCOPES.contains(&scope.as_str()) && !is_granted(scope);
    asked.iter().any(is_missing).then_some(granted)
}

/// RFC 6749 §3.3 says: separated by spaces. Some use commas, some an array.
fn scope_text(scope: &Member) -> Option<String> {
    match scope {
        Member::Text(text) => Some(text.replace(',', " ")),
        Member::List(scopes) => Some(scopes.trim_ascii_end().to_owned()),
        _ => None,
    }
}
