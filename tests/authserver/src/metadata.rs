//! What the server says of itself: at the place of RFC 8414, and nowhere else.

use serde_json::json;

use crate::policy::{Policy, SecretIs};
use crate::wire::{Request, Response};

/// The document.
pub(crate) fn document(request: &Request, policy: &Policy, issuer: &str) -> Response {
    if request.path != "/.well-known/oauth-authorization-server" {
        return Response::new(404, "text/plain", "nothing here\n");
    }
    let at = |path: &str| format!("{issuer}{path}");
    let document = json!({
        "issuer": issuer,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "device_authorization_endpoint": at("/device"),
        "revocation_endpoint": at("/revoke"),
        "registration_endpoint": at("/register"),
        "scopes_supported": ["openid", "email", "offline_access", "urn:ietf:params:oauth:scope:mail"],
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": methods(policy.secret_is),
        "authorization_response_iss_parameter_supported": true,
    });
    Response::json(200, &document)
}

/// How a client may prove who it is.
fn methods(secret_is: SecretIs) -> &'static [&'static str] {
    match secret_is {
        SecretIs::Anywhere => &["none", "client_secret_post", "client_secret_basic"],
        SecretIs::InTheBody => &["none", "client_secret_post"],
        SecretIs::Basic => &["none", "client_secret_basic"],
    }
}
