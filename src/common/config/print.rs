//! What an account comes to, defaults and provider filled in, in the language of the configuration.

use std::time::Duration;

use super::client_auth::{ClientAuth, ClientSecret};
use super::client_key::ClientKey;
use super::endpoint::Endpoint;
use super::grant::{Application, Grant, JwtBearer};
use super::model::Account;
use super::uri::Uri;
use super::user_path::UserPath;

/// An account that means the same, but for its secret, which is left out.
pub fn print(account: &Account) -> String {
    // A new field does not compile until it is printed.
    let Account {
        name,
        token_uri,
        revocation_uri,
        issuer,
        client_id,
        client_auth,
        scopes,
        resource,
        token_uri_fields,
        grant,
        user,
        refresh_at_least,
        refresh_before_expiry,
        refresh_retry,
    } = account;
    // A grant that need not be written, since it is the default.
    let is_usual = matches!(grant, Grant::AuthorizationCode { .. });
    let auth_uri = grant.browser().map(|browser| &browser.auth_uri);
    let redirect_uri = grant.browser().map(|browser| &*browser.redirect_uri);
    let lines = [
        if is_usual { String::new() } else { option("grant", &string_literal(grant.name())) },
        endpoint("auth_uri", auth_uri),
        endpoint("device_auth_uri", grant.device().map(|device| &device.device_auth_uri)),
        endpoint("token_uri", Some(token_uri)),
        endpoint("revocation_uri", revocation_uri.as_ref()),
        uri("issuer", issuer.as_deref()),
        option("client_id", &string_literal(client_id)),
        secret(client_auth),
        account.key().map(|key| signing_key(key)).unwrap_or_default(),
        application(grant.application()),
        list("scopes", scopes),
        list("resource", resource),
        map("auth_uri_fields", grant.auth_uri_fields()),
        map("token_uri_fields", token_uri_fields),
        user.as_deref().map(|user| option("user", &string_literal(user))).unwrap_or_default(),
        uri("redirect_uri", redirect_uri),
        option("refresh_at_least", &time(*refresh_at_least)),
        option("refresh_before_expiry", &time(*refresh_before_expiry)),
        option("refresh_retry", &time(*refresh_retry)),
    ];
    format!("account {} {{\n{}}}\n", string_literal(name.as_str()), lines.concat())
}

/// An endpoint; one that an issuer is asked for is not known, and becomes a comment.
fn endpoint(name: &str, endpoint: Option<&Endpoint>) -> String {
    match endpoint {
        Some(Endpoint::OfIssuer(issuer)) => format!("    // {name}: as {} says\n", issuer.written()),
        Some(Endpoint::At(known)) => uri(name, Some(known)),
        None => String::new(),
    }
}

fn uri(name: &str, uri: Option<&Uri>) -> String {
    uri.map(|uri| option(name, &string_literal(uri.written()))).unwrap_or_default()
}

fn option(name: &str, value: &str) -> String {
    format!("    {name} = {value};\n")
}

const NOT_SHOWN: &str = "    // client_secret: there is one, not shown here\n";
const AS_LISTED: &str = "    // the issuer lists how it is sent\n";

/// How the client proves itself with a secret. A written secret is not shown; with it `client_auth`, which would be an
/// error alone, becomes a comment.
fn secret(auth: &ClientAuth) -> String {
    match auth {
        ClientAuth::None | ClientAuth::PrivateKeyJwt(_) => String::new(),
        ClientAuth::AsListed(ClientSecret::OfCommand(command)) => {
            option("client_secret_cmd", &string_literal(command)) + AS_LISTED
        }
        ClientAuth::AsListed(_) => format!("{NOT_SHOWN}{AS_LISTED}"),
        ClientAuth::Post(ClientSecret::OfCommand(command))
        | ClientAuth::Basic(ClientSecret::OfCommand(command)) => {
            option("client_secret_cmd", &string_literal(command))
                + &option("client_auth", &string_literal(auth.as_str()))
        }
        ClientAuth::Post(_) | ClientAuth::Basic(_) => {
            format!("{NOT_SHOWN}    // client_auth = {:?};\n", auth.as_str())
        }
    }
}

fn signing_key(key: &ClientKey) -> String {
    let ClientKey { file, certificate, id, algorithm } = key;
    let path = |name: &str, path: &UserPath| option(name, &string_literal(&path.written()));
    let lines = [
        path("client_key_file", file),
        certificate.as_ref().map(|file| path("client_certificate_file", file)).unwrap_or_default(),
        id.as_ref().map(|id| option("client_key_id", &string_literal(id))).unwrap_or_default(),
        algorithm.map(|it| option("client_key_alg", &string_literal(it.as_str()))).unwrap_or_default(),
    ];
    lines.concat()
}

/// What a client signs in by itself with, besides what it proves itself with. A new way does not compile until it is
/// printed.
fn application(application: Option<&Application>) -> String {
    match application {
        None | Some(Application::ClientCredentials) => String::new(),
        Some(Application::JwtBearer(JwtBearer { key: _, subject })) => {
            option("subject", &string_literal(subject))
        }
    }
}

fn list(name: &str, values: &[String]) -> String {
    let lines: Vec<_> = values.iter().map(|value| format!("\n        {}", string_literal(value))).collect();
    if lines.is_empty() { String::new() } else { option(name, &format!("[{}\n    ]", lines.join(","))) }
}

fn map(name: &str, pairs: &[(String, String)]) -> String {
    let pair = |(key, value): &(String, String)| {
        format!("\n        {}: {}", string_literal(key), string_literal(value))
    };
    let lines: Vec<_> = pairs.iter().map(pair).collect();
    if lines.is_empty() { String::new() } else { option(name, &format!("{{{}\n    }}", lines.join(","))) }
}

/// `text` as a value, in its quotes.
pub fn string_literal(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A time in the largest unit that leaves no rest.
fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    let units = [(24 * 60 * 60, 'd'), (60 * 60, 'h'), (60, 'm')];
    let unit = units.into_iter().find(|(unit, _)| seconds > 0 && seconds.is_multiple_of(*unit));
    let (unit, letter) = unit.unwrap_or((1, 's'));
    format!("{}{letter}", seconds / unit)
}

#[cfg(test)]
mod tests;
