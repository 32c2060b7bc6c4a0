//! Whose file it is matters little: nearly all call it `refresh_token`. So what it is is decided by keys, in a fixed
//! order.

use pizauth_common::ipc::message::{Candidate, MAX_CANDIDATES};
use pizauth_common::secret::Secret;

use super::facts::Facts;
use super::found::Found;
use super::json::{Object, Value};
use super::unreadable::{MAX_INPUT, Unreadable};
use super::{aerc, msal, programs, unreadable};

const BYTE_ORDER_MARK: char = '\u{feff}';

/// Finds refresh tokens in what another program has written.
///
/// # Errors
/// It holds none, or cannot be read; nothing of it is repeated.
pub fn recognise(input: &[u8]) -> Result<Found, Unreadable> {
    if input.len() > MAX_INPUT {
        return Err(Unreadable::TooLarge);
    }
    let text = str::from_utf8(input).map_err(|_| unreadable::of_bytes(input))?;
    let text =
        text.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == BYTE_ORDER_MARK).trim_ascii_end();
    let found = match text {
        "" => return Err(Unreadable::Empty),
        json if json.starts_with('{') => of_object(&object(json)?)?,
        line if aerc::is_url(line) => aerc::read(line)?,
        other => raw(other)?,
    };
    if found.candidates.is_empty() {
        return Err(Unreadable::NoRefreshToken);
    }
    if found.candidates.len() > MAX_CANDIDATES {
        return Err(Unreadable::TooMany);
    }
    let are_tokens = found.candidates.iter().all(|it| Secret::token(it.refresh_token.expose()).is_some());
    if are_tokens { Ok(found) } else { Err(Unreadable::NoToken) }
}

fn object(json: &str) -> Result<Object, Unreadable> {
    Object::read(json).map_err(|error| Unreadable::BrokenJson(error.to_string()))
}

fn of_object(object: &Object) -> Result<Found, Unreadable> {
    let (program, facts) = (programs::program_of(object), Facts::of(object));
    let found = |program, candidates, facts| Ok(Found { program, candidates, facts });
    if let Some(Value::Text(cache)) = object.get("token_cache") {
        return found(program, msal::candidates(&self::object(cache.expose())?), facts);
    }
    if msal::is_cache(object) {
        return found(Some("MSAL"), msal::candidates(object), facts);
    }
    if unreadable::is_sealed_by_the_proxy(object) {
        return Err(Unreadable::SealedByProxy);
    }
    match object.secret("refresh_token") {
        Some(refresh_token) => {
            let client_id = facts.client_id.clone();
            let candidate = Candidate { client_id, ..Candidate::of(refresh_token.clone()) };
            found(program, vec![candidate], facts)
        }
        None if object.has("logins") => Err(Unreadable::Thunderbird),
        None => Err(Unreadable::NoRefreshToken),
    }
}

/// A line that is nothing but the token.
fn raw(line: &str) -> Result<Found, Unreadable> {
    if let Some(foreign) = unreadable::of_text(line) {
        return Err(foreign);
    }
    let candidates = vec![Candidate::of(Secret::from(line))];
    Ok(Found { program: None, candidates, facts: Facts::default() })
}
