//! A client that is made known to an issuer (RFC 7591), in the words of its §3.2.1.

use pizauth_common::config::Uri;
use pizauth_core::http::{Answer, Lost, Request};
use pizauth_core::oauth::metadata::Metadata;
use pizauth_core::oauth::registration::{
    NewClient, NewClientAuth, NewSecret, Registered, RegistrationRequest,
};
use serde_json::{Value, json};

use super::{Failed, Found};

/// Registers a client; once more with one redirect URI where the server does not want it with all.
///
/// # Errors
/// The server knows no client more, and why.
pub(super) fn register(
    issuer: &Uri,
    server: &Metadata,
    scope: &str,
    ask: impl Fn(Request) -> Result<Answer, Lost>,
) -> Result<Found, Failed> {
    let issuer = issuer.written();
    let request = RegistrationRequest::new(server, scope).ok_or_else(|| {
        Failed::ForGood(format!(
            "{issuer} has no registration_endpoint: register the client on its pages, or ask who runs it"
        ))
    })?;
    let mut registered = request.outcome(ask(request.http()));
    if let (Registered::Refused(_), Some(again)) = (&registered, request.with_one_redirect_uri()) {
        registered = again.outcome(ask(again.http()));
    }
    match registered {
        Registered::Client(client) => Ok(told(issuer, &client)),
        Registered::Refused(reason) => {
            Err(Failed::ForGood(format!("{issuer} refuses to register the client: {reason}")))
        }
        Registered::Unusable(reason) => {
            Err(Failed::ForGood(format!("cannot register a client at {issuer}: {reason}")))
        }
        Registered::Transient(reason) => {
            Err(Failed::ForNow(format!("cannot register a client at {issuer}: {reason}")))
        }
    }
}

fn told(issuer: &str, client: &NewClient) -> Found {
    let (method, secret) = match &client.auth {
        NewClientAuth::None => ("none", None),
        NewClientAuth::Post(secret) => ("client_secret_post", Some(secret)),
        NewClientAuth::Basic(secret) => ("client_secret_basic", Some(secret)),
    };
    let mut json = json!({
        "client_id": client.client_id,
        "token_endpoint_auth_method": method,
        "redirect_uris": [client.redirect_uri],
    });
    if let Some(scope) = &client.scope {
        json["scope"] = scope.as_str().into();
    }
    if let Some(NewSecret { secret, expires_at }) = secret {
        json["client_secret"] = secret.expose().into();
        json["client_secret_expires_at"] = Value::from(expires_at.unwrap_or(0));
    }
    let unkept = format!(
        "the registration access token of this client is not kept: what {issuer} knows of it cannot be changed by it"
    );
    Found { json, remarks: client.has_access_token.then_some(unkept).into_iter().collect() }
}
