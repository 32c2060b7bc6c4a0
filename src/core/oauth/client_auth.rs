//! How the client proves who it is (RFC 6749 §2.3), alike in every request of ours to an authorization server.

use alloc::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pizauth_common::config::{Account, ClientAuth, ClientSecret, JwtBearer};
use pizauth_common::secret::Secret;
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

use super::provider_hints::Proof;
use super::served::Served;
use crate::http;
use crate::prelude::*;

#[cfg(test)]
mod tests;

/// An account and its server, with all that its client needs to prove who it is: only such a one has requests.
#[derive(Clone, Copy, Debug)]
pub struct Client<'a> {
    pub(super) served: Served<'a>,
    /// Where there is one.
    secret: Option<&'a Secret>,
}

impl<'a> Client<'a> {
    /// That of an account. Where a command prints the secret, that is what it has `told`; without it there is no
    /// client.
    pub fn of(served: Served<'a>, told: Option<&'a Secret>) -> Option<Self> {
        let secret = match served.account.client_auth.client_secret() {
            None => None,
            Some(ClientSecret::Written(secret)) => Some(secret),
            Some(ClientSecret::OfCommand(_)) => Some(told?),
        };
        Some(Self { served, secret })
    }

    pub(crate) fn account(&self) -> &'a Account {
        self.served.account
    }
}

/// What to add to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Credentials {
    /// Fields of the form.
    pub(crate) fields: Vec<(&'static str, Secret)>,
    /// The value of `Authorization`.
    header: Option<Secret>,
    /// What no message may show; the client's secret first.
    secrets: Vec<Secret>,
    /// What is to be signed.
    assertion: Option<http::Assertion>,
}

/// RFC 7523 §2.2.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

impl Credentials {
    /// Those of a client.
    pub(crate) fn of(client: Client) -> Self {
        let Client { served, secret } = client;
        let account = served.account;
        let client_id = ("client_id", Secret::from(&*account.client_id));
        match (&account.client_auth, secret) {
            (ClientAuth::PrivateKeyJwt(key), _) => {
                let kind = ("client_assertion_type", Secret::from(JWT_BEARER));
                let assertion = http::Assertion {
                    field: "client_assertion",
                    key: Arc::clone(key),
                    issuer: Arc::clone(&account.client_id),
                    subject: Arc::clone(&account.client_id),
                    // Also at other endpoints: it is what Microsoft wants, and names the server.
                    audience: served.token_uri.written().to_owned(),
                    scope: None,
                    stamp: http::Stamp::default(),
                };
                Self { assertion: Some(assertion), ..Self::in_the_form([client_id, kind].into()) }
            }
            (_, Some(secret)) if is_in_the_form(&served) => Self {
                fields: [client_id, ("client_secret", secret.clone())].into(),
                secrets: [secret.clone()].into(),
                ..Self::in_the_form(Vec::new())
            },
            (_, Some(secret)) => {
                let encoded = basic(&account.client_id, secret);
                let header = Secret::new(format!("Basic {}", encoded.expose()));
                let secrets = [secret.clone(), encoded].into();
                Self { header: Some(header), secrets, ..Self::in_the_form(Vec::new()) }
            }
            // Who needs a secret is no client without one.
            (_, None) => Self::in_the_form([client_id].into()),
        }
    }

    /// Those of an account whose client says in whose name it asks, and signs that: nothing else has to prove who it
    /// is.
    pub(crate) fn in_the_name_of(served: &Served, signed: &JwtBearer) -> Self {
        let account = served.account;
        let assertion = http::Assertion {
            field: "assertion",
            key: Arc::clone(&signed.key),
            issuer: Arc::clone(&account.client_id),
            subject: Arc::clone(&signed.subject),
            audience: served.token_uri.written().to_owned(),
            scope: account.scope(),
            stamp: http::Stamp::default(),
        };
        Self { assertion: Some(assertion), ..Self::in_the_form(Vec::new()) }
    }

    /// Nothing but these fields.
    fn in_the_form(fields: Vec<(&'static str, Secret)>) -> Self {
        Self { fields, header: None, secrets: Vec::new(), assertion: None }
    }

    /// A form that is posted with them.
    pub(crate) fn post(&self, uri: &str, form: &Secret) -> http::Request {
        let mut headers: Vec<_> = [
            ("Accept", Secret::from("application/json")),
            ("Content-Type", Secret::from("application/x-www-form-urlencoded")),
        ]
        .into();
        headers.extend(self.header.clone().map(|header| ("Authorization", header)));
        let (method, body, assertion) = (http::Method::Post, form.clone(), self.assertion.clone());
        http::Request { method, uri: uri.to_owned(), headers, body, assertion }
    }

    /// How the client proves who it is.
    pub(crate) fn proof(&self) -> Proof {
        match &self.assertion {
            None => Proof::Usual,
            Some(assertion) if assertion.key.certificate.is_some() => Proof::Certificate,
            Some(_) => Proof::Key,
        }
    }

    /// The client's secret, where one is sent.
    pub(crate) fn client_secret(&self) -> Option<&Secret> {
        self.secrets.first()
    }

    /// What no message may show.
    pub(crate) fn secrets(&self) -> &[Secret] {
        &self.secrets
    }
}

/// Whether a secret is a field, and not a header.
fn is_in_the_form(served: &Served) -> bool {
    match served.account.client_auth {
        ClientAuth::Post(_) => true,
        ClientAuth::AsListed(_) => served.takes_secret_in_form(),
        ClientAuth::None | ClientAuth::Basic(_) | ClientAuth::PrivateKeyJwt(_) => false,
    }
}

/// RFC 6749 §2.3.1: both are encoded as in a form first, so that a colon in one cannot be taken for the one between. A
/// blank is %20, which who decodes a form understands as well as who decodes percents only (Authlib).
fn basic(client_id: &str, secret: &Secret) -> Secret {
    let pair = Zeroizing::new(format!("{}:{}", *encoded(client_id), *encoded(secret.expose())));
    Secret::new(STANDARD.encode(&*pair))
}

fn encoded(text: &str) -> Zeroizing<String> {
    let pieces = byte_serialize(text.as_bytes());
    Zeroizing::new(pieces.map(|piece| if piece == "+" { "%20" } else { piece }).collect())
}
