//! The token cache of Microsoft's MSAL, in the schema that all its languages share: an object for each kind of
//! credential, and in it one for each credential. oauth2ms keeps such a cache, as a string, in a file of its own.

use std::cmp::Reverse;

use pizauth_common::ipc::message::Candidate;

use super::json::{Object, Value};

/// The object that holds the refresh tokens.
const REFRESH_TOKENS: &str = "RefreshToken";
/// The member that identifies the user and their organisation.
const ID: &str = "home_account_id";

pub(super) fn is_cache(object: &Object) -> bool {
    object.object(REFRESH_TOKENS).is_some()
}

/// Its refresh tokens. Which of them fits an account is not known here. Of those that a user has with one client, for
/// other scopes each, the newest is good for all.
pub(super) fn candidates(cache: &Object) -> Vec<Candidate> {
    let mut newest_first: Vec<_> = entries(cache, REFRESH_TOKENS).collect();
    newest_first.sort_by_key(|entry| Reverse(modified(entry)));
    let mut candidates: Vec<Candidate> = Vec::new();
    for candidate in newest_first.into_iter().filter_map(|entry| candidate(entry, cache)) {
        if !candidates.iter().any(|newer| replaces(newer, &candidate)) {
            candidates.push(candidate);
        }
    }
    candidates
}

/// When the entry was last changed, in seconds since 1970: MSAL writes it as a text.
fn modified(entry: &Object) -> u64 {
    entry.text("last_modification_time").and_then(|time| time.parse().ok()).unwrap_or(0)
}

fn replaces(newer: &Candidate, older: &Candidate) -> bool {
    newer.label.is_some()
        && (&newer.label, &newer.client_id, newer.is_family)
            == (&older.label, &older.client_id, older.is_family)
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

/// The name of the user and `id`, which consists of two numbers that nobody knows by heart. The name stands in another
/// part of the cache.
fn label(id: &str, cache: &Object) -> String {
    let name =
        entries(cache, "Account").find(|entry| entry.text(ID) == Some(id)).and_then(|it| it.text("username"));
    name.map_or_else(|| id.to_owned(), |name| format!("{name} {id}"))
}
