//! Registering a client at an authorization server that takes anybody's (RFC 7591): the request, and what comes of it.

use pizauth_common::config::Uri;
use pizauth_common::secret::Secret;
use pizauth_common::terminal::is_printable_ascii;
use serde_json::json;

use super::answer::body::{self, Endpoint, Members, Unreadable};
use super::answer::oauth_error::OAuthError;
use super::answer::values::{number, printable};
use super::answer::{unusable, with_hint};
use super::metadata::Metadata;
use super::outcome::Reason;
use super::provider_hints;
use super::redaction::Redaction;
use crate::http::{self, Answer, Lost};
use crate::prelude::*;

#[cfg(test)]
mod tests;

/// With any port, which RFC 8252 §7.3 promises of the first; some servers know the other one only.
const REDIRECT_URIS: [&str; 2] = ["http://127.0.0.1/", "http://localhost/"];

const MAX_CLIENT_ID: usize = 1024;
const MAX_SECRET: usize = 4096;
const MAX_SCOPE: usize = 4096;

/// The client registration endpoint.
const ENDPOINT: Endpoint = Endpoint {
    option: "registration_endpoint",
    names: &[
        "client_id",
        "client_secret",
        "client_secret_expires_at",
        "token_endpoint_auth_method",
        "redirect_uris",
        "registration_access_token",
        "scope",
        "error",
        "error_description",
    ],
};

/// A public client of this program, to be made known to a server (RFC 7591 §3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationRequest {
    endpoint: Uri,
    /// Separated by blanks.
    scope: String,
    redirect_uris: &'static [&'static str],
    /// Whether it may use the device grant, too.
    has_device_grant: bool,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registered {
    /// The server knows a client more.
    Client(Box<NewClient>),
    /// The server does not want such a client (RFC 7591 §3.2.2); it may want one with fewer redirect URIs.
    Refused(Reason),
    /// Nobody can register there, or this answer is none.
    Unusable(Reason),
    /// It may be different next time.
    Transient(Reason),
}

/// The client, as the server has registered it (RFC 7591 §3.2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewClient {
    /// 1 to 1024 bytes of printable ASCII.
    pub client_id: String,
    /// How it proves itself.
    pub auth: NewClientAuth,
    /// The one to use, of those that were asked for.
    pub redirect_uri: &'static str,
    /// What it may ask for, where the server says so.
    pub scope: Option<String>,
    /// Whether there came a token to change it with (RFC 7592), which nobody keeps.
    pub has_access_token: bool,
}

/// How a new client proves itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewClientAuth {
    /// Not at all.
    None,
    /// With the secret in the body.
    Post(NewSecret),
    /// By HTTP Basic.
    Basic(NewSecret),
}

/// A secret that the server has made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSecret {
    /// 1 to 4096 bytes of printable ASCII.
    pub secret: Secret,
    /// In seconds since 1970; none where it stays good.
    pub expires_at: Option<u64>,
}

impl RegistrationRequest {
    /// For a client that will ask for this scope, at a server that says where; none where it does not.
    pub fn new(server: &Metadata, scope: &str) -> Option<Self> {
        Some(Self {
            endpoint: server.registration_endpoint.clone()?,
            scope: scope.to_owned(),
            redirect_uris: &REDIRECT_URIS,
            has_device_grant: server.device_authorization_endpoint.is_some(),
        })
    }

    /// The same with one redirect URI, where it has more.
    pub fn with_one_redirect_uri(&self) -> Option<Self> {
        let redirect_uris = self.redirect_uris.get(..1).filter(|_| self.redirect_uris.len() > 1)?;
        Some(Self { redirect_uris, ..self.clone() })
    }

    /// What is to be sent.
    pub fn http(&self) -> http::Request {
        let json = || Secret::from("application/json");
        http::Request {
            method: http::Method::Post,
            uri: self.endpoint.written().to_owned(),
            headers: [("Accept", json()), ("Content-Type", json())].into(),
            body: Secret::new(self.body()),
            assertion: None,
        }
    }

    /// RFC 7591 §2; OpenID Connect Dynamic Client Registration 1.0 §2 for `application_type`.
    fn body(&self) -> String {
        let device = "urn:ietf:params:oauth:grant-type:device_code";
        let mut grants = ["authorization_code", "refresh_token"].to_vec();
        grants.extend(self.has_device_grant.then_some(device));
        let mut body = json!({
            "client_name": "pizauth",
            "redirect_uris": self.redirect_uris,
            "grant_types": grants,
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
            "application_type": "native",
        });
        if !self.scope.is_empty() {
            body["scope"] = self.scope.as_str().into();
        }
        body.to_string()
    }

    /// What the answer to it means, or the lack of one.
    pub fn outcome(&self, result: Result<Answer, Lost>) -> Registered {
        match result {
            Ok(answer) => self.judge(&answer),
            Err(Lost { why, .. }) => Registered::Transient(Reason::new(&why)),
        }
    }

    fn judge(&self, answer: &Answer) -> Registered {
        let members = body::read(answer, &ENDPOINT);
        let redaction = redaction(members.as_ref().ok());
        let told = |why: &Unreadable| Reason::new(&unusable(answer, why, &redaction));
        let members = match members {
            Ok(members) => members,
            Err(why) => return failed(answer.status, told(&why)),
        };
        if let Some(error) = OAuthError::find(&members) {
            let reason = with_hint(&error, answer, &redaction, None);
            return match answer.status {
                400 => Registered::Refused(reason),
                status => failed(status, reason),
            };
        }
        match answer.status {
            200..=299 => self.client(&members).map_or_else(
                |why| Registered::Unusable(told(&why)),
                |client| Registered::Client(Box::new(client)),
            ),
            status => failed(status, told(&Unreadable::NoClient)),
        }
    }

    fn client(&self, members: &Members) -> Result<NewClient, Unreadable> {
        let client_id =
            printable(members, "client_id", MAX_CLIENT_ID, "1 to 1024 printable ASCII characters")?;
        let scope =
            members.text("scope").filter(|scope| scope.len() <= MAX_SCOPE && is_printable_ascii(scope));
        Ok(NewClient {
            client_id: client_id.ok_or(Unreadable::NoClient)?.to_owned(),
            auth: auth(members)?,
            redirect_uri: self.redirect_uri(members)?,
            scope: scope.map(str::to_owned),
            has_access_token: members.has("registration_access_token"),
        })
    }

    /// The first of ours that the server has kept; it may leave some out (RFC 7591 §3.2.1).
    fn redirect_uri(&self, members: &Members) -> Result<&'static str, Unreadable> {
        let is_kept =
            |uri: &&str| members.get("redirect_uris").and_then(|kept| kept.lists(uri)) != Some(false);
        let bad = Unreadable::BadMember("redirect_uris", "a list with one of those that were asked for");
        self.redirect_uris.iter().copied().find(|uri| is_kept(uri)).ok_or(bad)
    }
}

/// What no message may show.
fn redaction(members: Option<&Members>) -> Redaction {
    let secrets = ["client_secret", "registration_access_token"];
    Redaction::of(secrets.iter().filter_map(|name| members?.text(name)).map(Secret::from))
}

/// RFC 7591 §3: a server may want an initial access token.
const KNOWS_NOBODY: &str = "it registers only whom it knows: register the client on its pages";

/// Of a server that has not said what it dislikes.
fn failed(status: u16, reason: Reason) -> Registered {
    match status {
        408 | 429 | 500.. => Registered::Transient(reason),
        401 | 403 => {
            let text = provider_hints::with_hint(reason.as_str(), Some(KNOWS_NOBODY));
            Registered::Unusable(reason.with_text(&text))
        }
        _ => Registered::Unusable(reason),
    }
}

/// What the server has made of "none", which it may change as it likes.
fn auth(members: &Members) -> Result<NewClientAuth, Unreadable> {
    let secret = printable(members, "client_secret", MAX_SECRET, "1 to 4096 printable ASCII characters")?;
    let secret = || {
        let secret = Secret::from(secret.ok_or(Unreadable::BadMember("client_secret", "there"))?);
        let expires_at = members.get("client_secret_expires_at").and_then(number);
        // 0 stands for never.
        Ok(NewSecret { secret, expires_at: expires_at.filter(|at| *at >= 1.0).map(|at| at as u64) })
    };
    // Where it says nothing of the method a client with a secret has the default of RFC 7591 §2.
    let by_default = if members.has("client_secret") { "client_secret_basic" } else { "none" };
    match members.text("token_endpoint_auth_method").unwrap_or(by_default) {
        "none" => Ok(NewClientAuth::None),
        "client_secret_post" => secret().map(NewClientAuth::Post),
        "client_secret_basic" => secret().map(NewClientAuth::Basic),
        _ => Err(Unreadable::BadMember(
            "token_endpoint_auth_method",
            "\"none\", \"client_secret_post\" or \"client_secret_basic\"",
        )),
    }
}
