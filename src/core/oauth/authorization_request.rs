//! The authorization request that the user opens in a browser (RFC 6749 §4.1.1, RFC 7636 §4.3).

use crate::prelude::*;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pizauth_common::config::{Account, AuthorizationCode, Uri};
use pizauth_common::secret::Secret;
use sha2::{Digest as _, Sha256};
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::served::Served;

#[cfg(test)]
mod tests;

/// Bytes of randomness in a `state` parameter.
const STATE_BYTES: usize = 32;

/// Bytes of randomness in a code verifier: 86 characters, of the 43 to 128 that RFC 7636 §4.1 allows.
const VERIFIER_BYTES: usize = 64;

/// What has to be remembered until the browser comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuthorizationRequest {
    /// The URL for the user.
    pub(crate) url: String,
    /// RFC 6749 §10.12; 32 random bytes, base64url.
    pub(crate) state: Secret,
    /// RFC 7636 §4.1; 64 random bytes, base64url.
    pub(crate) code_verifier: Secret,
    /// The redirect URI with the listener's port, as the exchange must repeat it.
    pub(crate) redirect_uri: String,
}

impl AuthorizationRequest {
    /// Builds the request of an account that has such an endpoint. `entropy` fills a buffer with random bytes; `port`
    /// is the redirect listener's.
    pub(crate) fn new(served: &Served, port: u16, entropy: &mut dyn FnMut(&mut [u8])) -> Option<Self> {
        let (grant, endpoint) = served.browser()?;
        let state = random_text::<STATE_BYTES>(entropy);
        let code_verifier = random_text::<VERIFIER_BYTES>(entropy);
        let redirect_uri = with_port(&grant.redirect_uri, port);
        let fields = fields(served.account, grant, &redirect_uri, &state, &code_verifier);
        let url = with_query(endpoint.written(), &fields);
        Some(Self { url, state, code_verifier, redirect_uri })
    }
}

/// `N` random bytes as base64url without padding.
fn random_text<const N: usize>(entropy: &mut dyn FnMut(&mut [u8])) -> Secret {
    let mut bytes = Zeroizing::new([0; N]);
    entropy(bytes.as_mut_slice());
    Secret::new(URL_SAFE_NO_PAD.encode(bytes))
}

/// RFC 7636 §4.2, method S256.
fn code_challenge(code_verifier: &Secret) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(code_verifier.expose()))
}

/// The redirect URI with the listener's port, which differs from start to start (RFC 8252 §7.3).
fn with_port(redirect_uri: &Uri, port: u16) -> String {
    let mut uri = redirect_uri.parsed().clone();
    // Only a URI without host refuses a port, and the configuration has none of those.
    let _ = uri.set_port(Some(port));
    uri.into()
}

/// The query of the request.
fn fields(
    account: &Account,
    grant: &AuthorizationCode,
    redirect_uri: &str,
    state: &Secret,
    code_verifier: &Secret,
) -> String {
    let mut fields = form_urlencoded::Serializer::new(String::new());
    fields
        .append_pair("access_type", "offline")
        .append_pair("response_type", "code")
        .append_pair("client_id", &account.client_id)
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("code_challenge", &code_challenge(code_verifier))
        .append_pair("code_challenge_method", "S256")
        .append_pair("state", state.expose());
    if !account.scopes.is_empty() {
        fields.append_pair("scope", &account.scopes.join(" "));
    }
    fields.extend_pairs(account.resource.iter().map(|resource| ("resource", resource)));
    fields.extend_pairs(&*grant.auth_uri_fields);
    // A blank as `+` is read by forms alone, `%20` by every hop; a `+` that is meant is `%2B` here.
    fields.finish().replace('+', "%20")
}

/// The endpoint as it is written, its own query included, and our fields behind it.
fn with_query(endpoint: &str, fields: &str) -> String {
    format!("{endpoint}{}{fields}", separator(endpoint))
}

/// What stands between an endpoint, which may have a query of its own, and further fields.
fn separator(endpoint: &str) -> &'static str {
    match (endpoint.contains('?'), endpoint.ends_with(['?', '&'])) {
        (false, _) => "?",
        (true, false) => "&",
        (true, true) => "",
    }
}
