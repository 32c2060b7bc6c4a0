//! Who has signed in, as the `id_token` says (OpenID Connect Core §2, §5.1). Its signature is not looked at: it comes
//! from the token endpoint itself (§3.1.3.7), and nothing but a word to the user depends on it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::prelude::*;

/// Larger ones are not looked at.
const MAX_BYTES: usize = 16 * 1024;
/// Longer names are no names.
const MAX_NAME_BYTES: usize = 320;

/// The claims by which people know their accounts.
#[derive(Deserialize)]
struct Claims {
    preferred_username: Option<String>,
    email: Option<String>,
    /// Microsoft's.
    upn: Option<String>,
}

/// The names of the user; none where there is nothing that can be read.
pub(super) fn users(id_token: &str) -> Vec<String> {
    let claims = claims(id_token);
    let names = claims.map(|claims| [claims.preferred_username, claims.email, claims.upn]);
    let names = names.into_iter().flatten().flatten();
    names.filter(|name| !name.is_empty() && name.len() <= MAX_NAME_BYTES).collect()
}

fn claims(id_token: &str) -> Option<Claims> {
    let payload = id_token.split('.').nth(1).filter(|payload| payload.len() <= MAX_BYTES)?;
    let json = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&json).ok()
}

/// Who has signed in in place of the one who is meant. What is no address may be anything.
pub(crate) fn somebody_else<'a>(meant: &str, users: &'a [String]) -> Option<&'a str> {
    let is_meant = |user: &String| user.eq_ignore_ascii_case(meant);
    let first = users.first().filter(|_| meant.contains('@') && !users.iter().any(is_meant));
    first.map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn the_names_of_the_user_are_read_and_nothing_else_matters() {
        let claims = r#"{"sub":"1","preferred_username":"Me@Example.org","email":"","upn":null,"aud":[1]}"#;
        assert_eq!(users(&token(claims)), ["Me@Example.org"]);
        let long = format!(r#"{{"email":"{}"}}"#, "x".repeat(321));
        let large = format!(r#"{{"email":"a@b","x":"{}"}}"#, "x".repeat(MAX_BYTES * 3 / 4 - 22));
        assert_eq!((token(&large).len(), users(&token(&large))), (16 * 1024 + 9, vec!["a@b".to_owned()]));
        let larger = format!(r#"{{"email":"a@b","x":"{}"}}"#, "x".repeat(MAX_BYTES));
        for nothing in
            ["", "a.b", "a.!.c", &token("[]"), &token(r#"{"email":7}"#), &token(&long), &token(&larger)]
        {
            assert_eq!(users(nothing), [""; 0], "{nothing}");
        }
    }

    #[test]
    fn whoever_is_meant_by_any_name_in_any_case_is_nobody_else() {
        let users = ["boss@example.org".to_owned(), "Me@Example.org".to_owned()];
        assert_eq!(somebody_else("me@example.org", &users), None);
        assert_eq!(somebody_else("you@example.org", &users), Some("boss@example.org"));
        assert_eq!(somebody_else("me", &users), None);
        assert_eq!(somebody_else("you@example.org", &[]), None);
    }
}
