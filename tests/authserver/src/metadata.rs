//! What the server says of itself: at the place of RFC 8414, and nowhere else.

use serde_json::json;

use crate::wire::{Request, Response};

/// The document.
pub(crate) fn document(request: &Request, issuer: &str) -> Response {
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
        "token_endpoint_auth_methods_supported": ["none", "client_secret_post", "client_secret_basic"],
        "authorization_response_iss_parameter_supported": true,
    });
    Response::json(200, &document)
}
