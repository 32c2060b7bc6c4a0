//! The URLs in which aerc keeps an account: user and refresh token, the host, and as its query the client.

use pizauth_common::ipc::message::Candidate;
use pizauth_common::secret::Secret;
use url::Url;

use super::facts::Facts;
use super::found::Found;
use super::unreadable::Unreadable;

/// `imaps+xoauth2://` and its like.
pub(super) fn is_url(line: &str) -> bool {
    let Some((scheme, _)) = line.split_once("://") else { return false };
    let (protocol, mechanism) = (scheme.split('+').next(), scheme.rsplit('+').next());
    matches!(protocol, Some("imap" | "imaps" | "smtp" | "smtps"))
        && matches!(mechanism, Some("xoauth2" | "oauthbearer"))
}

/// The refresh token in the URL, which is the password. Only with a token endpoint, though: without one aerc takes the
/// password for an access token.
pub(super) fn read(line: &str) -> Result<Found, Unreadable> {
    let url = Url::parse(line).map_err(|_| Unreadable::BrokenUrl)?;
    let query = |wanted: &str| {
        let mut pairs = url.query_pairs().filter(|(key, value)| key == wanted && !value.is_empty());
        pairs.next().map(|(_, value)| value.into_owned())
    };
    let token_uri = query("token_endpoint").ok_or(Unreadable::NoRefreshToken)?;
    let refresh_token = url.password().map(decoded).filter(|password| !password.expose().is_empty());
    let client_id = query("client_id");
    let candidate = Candidate {
        client_id: client_id.clone(),
        ..Candidate::of(refresh_token.ok_or(Unreadable::NoRefreshToken)?)
    };
    let facts = Facts {
        client_id,
        has_client_secret: query("client_secret").is_some(),
        token_uri: Some(token_uri),
        scopes: query("scope").iter().flat_map(|scopes| scopes.split(' ')).map(str::to_owned).collect(),
        user: Some(decoded(url.username()).expose().to_owned()).filter(|user| !user.is_empty()),
        ..Facts::default()
    };
    Ok(Found { program: Some("aerc"), candidates: vec![candidate], facts })
}

/// Percent-decodes (RFC 3986 §3.2.1) by the parser for forms, once `+` and `&`, which are special in forms only, are
/// encoded.
fn decoded(text: &str) -> Secret {
    let form = Secret::new(format!("v={}", text.replace('+', "%2B").replace('&', "%26")));
    let value = url::form_urlencoded::parse(form.expose().as_bytes()).next();
    Secret::new(value.map(|(_, value)| value.into_owned()).unwrap_or_default())
}
