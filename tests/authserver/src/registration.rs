//! The client registration endpoint (RFC 7591): whoever asks as a public client becomes one.

use serde_json::{Value, json};

use crate::store::Store;
use crate::wire::{Request, Response};

/// The new client. It is remembered no better than the others, any of which this server takes.
pub(crate) fn register(request: &Request, store: &mut Store) -> Response {
    let Ok(Value::Object(mut client)) = serde_json::from_slice(&request.body) else {
        return refusal("invalid_client_metadata", "the body is no JSON object");
    };
    if client.get("token_endpoint_auth_method") != Some(&json!("none")) {
        return refusal("invalid_client_metadata", "public clients only");
    }
    if client.get("redirect_uris").and_then(Value::as_array).is_none_or(Vec::is_empty) {
        return refusal("invalid_redirect_uri", "there is none");
    }
    client.insert("client_id".into(), store.mint("client").into());
    client.insert("registration_access_token".into(), store.mint("registration").into());
    client.insert("registration_client_uri".into(), "http://127.0.0.1/nowhere".into());
    Response::json(201, &Value::Object(client))
}

fn refusal(error: &str, why: &str) -> Response {
    Response::json(400, &json!({"error": error, "error_description": why}))
}
