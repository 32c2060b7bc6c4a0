//! The token endpoint (RFC 6749 §3.2) and introspection (RFC 7662).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::device;
use crate::policy::{Policy, RefreshTokens, SecretIs};
use crate::store::{Approval, Grant, Store, Unusable};
use crate::wire::{Request, Response};

/// An OAuth error answer.
pub(crate) struct Refusal(pub(crate) u16, pub(crate) &'static str, pub(crate) &'static str);

type Tokens = Result<Value, Refusal>;

/// RFC 7523 §2.1.
pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// A token request.
pub(crate) fn token(request: &Request, policy: &Policy, store: &mut Store) -> Response {
    if request.form("grant_type") == Some(JWT_BEARER) {
        return respond(in_the_name_of(request, policy, store));
    }
    let answer = authenticate(request, policy).and_then(|client_id| match request.form("grant_type") {
        Some("authorization_code") => exchange(request, &client_id, policy, store),
        Some("refresh_token") => refresh(request, &client_id, policy, store),
        Some("urn:ietf:params:oauth:grant-type:device_code") => poll(request, &client_id, policy, store),
        Some("client_credentials") => by_itself(request, &client_id, policy, store),
        _ => Err(Refusal(400, "unsupported_grant_type", "authorization_code or refresh_token")),
    });
    respond(answer)
}

/// A device authorization request.
pub(crate) fn device(request: &Request, policy: &Policy, store: &mut Store, issuer: &str) -> Response {
    let client = authenticate(request, policy);
    respond(client.map(|client_id| device::authorize(request, &client_id, policy, store, issuer)))
}

fn respond(answer: Tokens) -> Response {
    match answer {
        Ok(answer) => Response::json(200, &answer),
        Err(Refusal(status, error, why)) => {
            Response::json(status, &json!({"error": error, "error_description": why}))
        }
    }
}

/// The revocation endpoint (RFC 7009): with any token of it the whole session ends. What is dead already is no error.
pub(crate) fn revoke(request: &Request, policy: &Policy, store: &mut Store) -> Response {
    let revoked = authenticate(request, policy).and_then(|client_id| {
        let token = request.form("token").ok_or(Refusal(400, "invalid_request", "token is missing"))?;
        let grant = store.access_grant(token).or_else(|| store.refresh_grant(token, false).ok());
        match grant {
            Some(grant) if grant.approval.client_id != client_id => {
                Err(Refusal(400, "unauthorized_client", "the token is another client's"))
            }
            Some(grant) => {
                store.end(grant.session);
                Ok(())
            }
            None => Ok(()),
        }
    });
    match revoked {
        Ok(()) => Response::new(200, "text/plain", ""),
        Err(refusal) => respond(Err(refusal)),
    }
}

/// What a resource server asks about a token.
pub(crate) fn introspect(request: &Request, store: &Store) -> Response {
    let grant = request.form("token").and_then(|token| store.access_grant(token));
    let answer = match grant {
        Some(grant) => json!({"active": true, "client_id": grant.approval.client_id,
            "scope": grant.approval.scope, "token_type": "Bearer"}),
        None => json!({"active": false}),
    };
    Response::json(200, &answer)
}

/// The client, which has shown its secret if it has one (RFC 6749 §2.3.1: in the body, or as Basic).
fn authenticate(request: &Request, policy: &Policy) -> Result<String, Refusal> {
    let basic = basic_credentials(request);
    let (id, secret) = (request.form("client_id"), request.form("client_secret"));
    let has_body = secret.is_some();
    if request.header("authorization").is_some() && (has_body || basic.is_none()) {
        return Err(Refusal(400, "invalid_request", "one way of client authentication, and a readable one"));
    }
    if policy.secret_is == SecretIs::Basic && has_body
        || policy.secret_is == SecretIs::InTheBody && basic.is_some()
    {
        return Err(Refusal(
            401,
            "invalid_client",
            "the client is registered for another authentication method",
        ));
    }
    let client_id = basic.as_ref().map(|(id, _)| id.as_str()).or(id).map(str::to_owned);
    let secret = basic.as_ref().map(|(_, secret)| secret.as_str()).or(secret);
    let client_id = client_id.ok_or(Refusal(400, "invalid_request", "client_id is missing"))?;
    match (policy.client_secrets.get(&client_id), secret) {
        (None, None) => Ok(client_id),
        (Some(wanted), Some(given)) if wanted == given => Ok(client_id),
        (None, Some(_)) => {
            Err(Refusal(401, "invalid_client", "a public client must not send a client_secret"))
        }
        (Some(_), None) => Err(Refusal(401, "invalid_client", "client_secret is missing")),
        (Some(_), Some(_)) => Err(Refusal(401, "invalid_client", "wrong client_secret")),
    }
}

fn basic_credentials(request: &Request) -> Option<(String, String)> {
    let encoded = request.header("authorization")?.strip_prefix("Basic ")?;
    let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((form_decoded(id)?, form_decoded(secret)?))
}

/// RFC 6749 §2.3.1.
fn form_decoded(text: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(text.as_bytes());
    let (decoded, _) = pairs.next().unwrap_or_default();
    pairs.next().is_none().then(|| decoded.into_owned())
}

/// RFC 6749 §4.1.3 with RFC 7636 §4.6.
fn exchange(request: &Request, client_id: &str, policy: &Policy, store: &mut Store) -> Tokens {
    let code = request.form("code").ok_or(Refusal(400, "invalid_request", "code is missing"))?;
    let grant = store.take_code(code).map_err(|why| refused_grant(store, why))?;
    let verifier = request.form("code_verifier").unwrap_or_default();
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
    if grant.approval.client_id != client_id {
        return Err(Refusal(400, "invalid_grant", "the code belongs to another client"));
    }
    if request.form("redirect_uri") != Some(grant.approval.redirect_uri.as_str()) {
        return Err(Refusal(400, "invalid_grant", "redirect_uri differs from the authorization request"));
    }
    if challenge != grant.approval.code_challenge {
        return Err(Refusal(400, "invalid_grant", "code_verifier does not match code_challenge"));
    }
    let refresh_token = grant.approval.offline.then(|| store.issue_refresh_token(&grant));
    Ok(tokens(&grant, refresh_token, policy, store))
}

/// RFC 6749 §6.
fn refresh(request: &Request, client_id: &str, policy: &Policy, store: &mut Store) -> Tokens {
    let given =
        request.form("refresh_token").ok_or(Refusal(400, "invalid_request", "refresh_token is missing"))?;
    let grant = match store.refresh_grant(given, policy.forgive_last) {
        Ok(grant) => grant,
        Err(Unusable::Spent(_)) if !policy.detect_reuse => {
            return Err(Refusal(400, "invalid_grant", "the refresh token has been replaced"));
        }
        Err(why) => return Err(refused_grant(store, why)),
    };
    if grant.approval.client_id != client_id {
        return Err(Refusal(400, "invalid_grant", "the refresh token belongs to another client"));
    }
    let rotated = policy.rotate.then(|| {
        store.spend_refresh_token(given);
        store.issue_refresh_token(&grant)
    });
    Ok(tokens(&grant, rotated, policy, store))
}

/// RFC 8628 §3.4.
fn poll(request: &Request, client_id: &str, policy: &Policy, store: &mut Store) -> Tokens {
    let code =
        request.form("device_code").ok_or(Refusal(400, "invalid_request", "device_code is missing"))?;
    let grant = store.poll_device_code(code, client_id, policy.device_interval).map_err(device::refusal)?;
    let refresh_token =
        (policy.refresh_tokens != RefreshTokens::Never).then(|| store.issue_refresh_token(&grant));
    Ok(tokens(&grant, refresh_token, policy, store))
}

/// RFC 6749 §4.4: confidential clients only.
fn by_itself(request: &Request, client_id: &str, policy: &Policy, store: &mut Store) -> Tokens {
    if !policy.client_secrets.contains_key(client_id) {
        return Err(Refusal(401, "invalid_client", "a public client cannot sign in by itself"));
    }
    Ok(session_of_client(client_id, request.form("scope"), policy, store))
}

/// RFC 7523 §2.1: the client is whoever has signed, which is not checked here.
fn in_the_name_of(request: &Request, policy: &Policy, store: &mut Store) -> Tokens {
    let claims: Value = request
        .form("assertion")
        .and_then(|jwt| URL_SAFE_NO_PAD.decode(jwt.split('.').nth(1)?).ok())
        .and_then(|claims| serde_json::from_slice(&claims).ok())
        .ok_or(Refusal(400, "invalid_grant", "assertion is missing, or is no JWT"))?;
    let (Some(client), Some(_)) = (claims["iss"].as_str(), claims["sub"].as_str()) else {
        return Err(Refusal(400, "invalid_grant", "iss and sub are wanted"));
    };
    if ["client_id", "client_secret", "client_assertion"].iter().any(|field| request.form(field).is_some()) {
        return Err(Refusal(400, "invalid_request", "the assertion is all"));
    }
    Ok(session_of_client(client, claims["scope"].as_str(), policy, store))
}

fn session_of_client(client_id: &str, scope: Option<&str>, policy: &Policy, store: &mut Store) -> Value {
    let approval = Approval {
        client_id: client_id.to_owned(),
        redirect_uri: String::new(),
        scope: scope.unwrap_or_default().to_owned(),
        code_challenge: String::new(),
        offline: false,
    };
    tokens(&store.session_of_client(approval), None, policy, store)
}

/// Reuse of a code or refresh token ends the session (RFC 6749 §4.1.2, RFC 9700 §4.14.2).
fn refused_grant(store: &mut Store, why: Unusable) -> Refusal {
    if let Unusable::Spent(session) = why {
        store.end(session);
    }
    let description = match why {
        Unusable::Unknown => "unknown code or refresh token",
        Unusable::Expired => "the code has expired",
        Unusable::Spent(_) => "used a second time: the session is ended",
        Unusable::Ended => "the session has ended",
    };
    Refusal(400, "invalid_grant", description)
}

fn tokens(grant: &Grant, refresh_token: Option<String>, policy: &Policy, store: &mut Store) -> Value {
    let lifetime = policy.access_token_lifetime;
    let mut answer = json!({
        "access_token": store.issue_access_token(grant, lifetime),
        "token_type": "Bearer",
        "expires_in": lifetime.as_secs(),
        "scope": grant.approval.scope,
    });
    if let Some(refresh_token) = refresh_token {
        answer["refresh_token"] = Value::String(refresh_token);
    }
    answer
}
