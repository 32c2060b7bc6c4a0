//! Whose file it is: told by the members that a program always writes, for messages only. What is taken does not hang
//! on it.

use super::json::Object;

/// Programs with the keys that each always writes: the first row fits of which all are there.
const PROGRAMS: [(&str, &[&str]); 7] = [
    ("oauth2ms", &["token_cache"]),
    ("mutt_oauth2.py", &["registration", "authflow", "access_token_expiration"]),
    ("oama", &["service", "exp_date"]),
    ("oidc-agent", &["name", "issuer_url", "cert_path"]),
    ("getmail6", &["user", "token_uri", "expires_at"]),
    ("ortie", &["access_token", "token_type", "issued_at"]),
    ("sasl-xoauth2", &["access_token", "refresh_token", "expiry"]),
];

pub(super) fn program_of(object: &Object) -> Option<&'static str> {
    let fits = |(_, keys): &&(&str, &[&str])| keys.iter().all(|key| object.has(key));
    PROGRAMS.iter().find(fits).map(|(name, _)| *name)
}
