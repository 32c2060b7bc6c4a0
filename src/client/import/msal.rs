//! The token cache of Microsoft's MSAL, in the schema that all its languages share: an object for each kind of
//! credential, and in it one for each credential. oauth2ms keeps such a cache, as a string, in a file of its own.

use pizauth_common::ipc::message::Candidate;

use super::json::{Object, Value};

/// The object that holds the refresh tokens.
const REFRESH_TOKENS: &str = "RefreshToken";
/// Of the user and their organisation.
const ID: &str = "home_account_id";

pub(super) fn is_cache(object: &Object) -> bool {
    object.object(REFRESH_TOKENS).is_some()
}

/// Its refresh tokens. Which of them fits an account is not known here.
pub(super) fn candidates(cache: &Object) -> Vec<Candidate> {
    entries(cache, REFRESH_TOKENS).filter_map(|entry| candidate(entry, cache)).collect()
}

fn entries<'a>(cache: &'a Object, kind: &str) -> impl Iterator<Item = &'a Object> {
    cache.object(kind).into_iter().flat_map(Object::values).filter_map(Value::as_object)
}

fn candidate(entry: &Object, cache: &Object) -> Option<Candidate> {
    Some(Candidate {
        refresh_token: entry.secret("secret")?.clone(),
        client_id: entry.text("client_id").map(str::to_owned),
        label: entry.text(ID).map(|id| label(id, cache)),
        is_family: entry.text("family_id") == Some("1"),
    })
}

/// Two numbers that nobody knows by heart, and the name beside them in another place.
fn label(id: &str, cache: &Object) -> String {
    let name =
        entries(cache, "Account").find(|entry| entry.text(ID) == Some(id)).and_then(|it| it.text("username"));
    name.map_or_else(|| id.to_owned(), |name| format!("{name} {id}"))
}
