//! The device authorization request and its answer (RFC 8628 §3.1, §3.2): a code that the user types on any device.

use alloc::borrow::Cow;
use core::time::Duration;

use pizauth_common::config::{Scheme, is_one_word};
use pizauth_common::secret::Secret;
use url::Url;

use super::answer::body::{self, Endpoint, Members, Unreadable};
use super::answer::oauth_error::OAuthError;
use super::answer::values::{number, printable};
use super::answer::{unusable, with_hint};
use super::client_auth::{Client, Credentials};
use super::outcome::Reason;
use super::provider_hints::hint_for_device;
use super::redaction::Redaction;
use super::token_request::{form, resources};
use crate::http::{self, Answer, Lost};
use crate::prelude::*;

#[cfg(test)]
mod tests;

/// No poll comes sooner, whatever a server says.
pub(crate) const SHORTEST_INTERVAL: Duration = Duration::from_secs(5);

const SHORTEST_LIFE: f64 = 60.0;
const LONGEST_LIFE: f64 = 3600.0;
/// Where `expires_in` is missing or no number: what Google, GitHub and Microsoft give.
const DEFAULT_LIFE: f64 = 900.0;

const MAX_DEVICE_CODE: usize = 4096;
const MAX_USER_CODE: usize = 64;
const MAX_URI: usize = 4096;

/// The device authorization endpoint.
const ENDPOINT: Endpoint = Endpoint {
    option: "device_auth_uri",
    names: &[
        "device_code",
        "user_code",
        "verification_uri",
        "verification_url",
        "verification_uri_complete",
        "expires_in",
        "interval",
        "error",
        "error_code",
        "error_description",
        "suberror",
    ],
};

/// A form to POST to a device authorization endpoint.
#[derive(Debug, PartialEq, Eq)]
pub struct DeviceRequest {
    /// The endpoint, exactly as the configuration writes it.
    pub device_auth_uri: String,
    /// `application/x-www-form-urlencoded` body.
    pub form: Secret,
    /// Whose request it is.
    credentials: Credentials,
}

/// What the server gives for the user and for us (RFC 8628 §3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceAuthorization {
    /// 1 to 4096 bytes of printable ASCII.
    pub device_code: Secret,
    /// 1 to 64 bytes of printable ASCII, for the user to type.
    pub user_code: String,
    /// Where the user goes to: an http or https URI.
    pub verification_uri: String,
    /// The same with the code in it.
    pub verification_uri_complete: Option<String>,
    /// How long the codes are good: a minute to an hour.
    pub lifetime: Duration,
    /// Between polls: at least 5 s.
    pub interval: Duration,
}

impl DeviceAuthorization {
    /// What the user opens.
    pub fn url(&self) -> &str {
        self.verification_uri_complete.as_ref().unwrap_or(&self.verification_uri)
    }
}

impl DeviceRequest {
    /// For its name in the log, where token requests have their `grant_type`.
    pub const LOGGED_AS: &str = "device_authorization";

    /// The request of a client, where its server has such an endpoint.
    pub fn new(client: Client) -> Option<Self> {
        let (grant, uri) = client.served.device()?;
        let account = client.account();
        let scope = account.scope();
        let scope = scope.as_deref().map(|scope| ("scope", scope));
        let extra = grant.auth_uri_fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let credentials = Credentials::of(client);
        let client = credentials.fields.iter().map(|(name, value)| (*name, value.expose()));
        let form = form(client.chain(scope).chain(resources(account)).chain(extra));
        Some(Self { device_auth_uri: uri.written().to_owned(), form, credentials })
    }

    /// The client's secret, where one is sent.
    pub(crate) fn client_secret(&self) -> Option<&Secret> {
        self.credentials.client_secret()
    }

    /// What is to be sent.
    pub fn http(&self) -> http::Request {
        self.credentials.post(&self.device_auth_uri, &self.form)
    }

    /// What the answer to it means, or the lack of one.
    ///
    /// # Errors
    /// There is no code, and why: for people.
    pub fn outcome(&self, result: Result<Answer, Lost>) -> Result<DeviceAuthorization, Reason> {
        let answer = result.map_err(|Lost { why, .. }| Reason::new(&why))?;
        let redaction = Redaction::of_answer(&answer, self.credentials.secrets().iter().cloned());
        let unusable = |why: &Unreadable| Reason::new(&unusable(&answer, why, &redaction));
        let members = body::read(&answer, &ENDPOINT).map_err(|why| unusable(&why))?;
        if let Some(error) = OAuthError::find(&members) {
            let hint = hint_for_device(self.credentials.proof(), error.code(), error.description());
            return Err(with_hint(&error, &answer, &redaction, hint));
        }
        match answer.status {
            200..=299 => authorization(&members).map_err(|why| unusable(&why)),
            _ => Err(unusable(&Unreadable::NoDeviceAnswer)),
        }
    }
}

fn authorization(members: &Members) -> Result<DeviceAuthorization, Unreadable> {
    let lifetime = lifetime(members);
    let code =
        |name, most, expected| printable(members, name, most, expected)?.ok_or(Unreadable::NoDeviceAnswer);
    Ok(DeviceAuthorization {
        device_code: code("device_code", MAX_DEVICE_CODE, "1 to 4096 printable ASCII characters")?.into(),
        user_code: code("user_code", MAX_USER_CODE, "1 to 64 printable ASCII characters")?.to_owned(),
        // Google and Yandex call it URL.
        verification_uri: uri(members, "verification_uri")
            .or_else(|| uri(members, "verification_url"))
            .ok_or(Unreadable::BadMember("verification_uri", "an http or https URI"))?,
        verification_uri_complete: uri(members, "verification_uri_complete"),
        lifetime,
        interval: interval(members, lifetime).unwrap_or_default().max(SHORTEST_INTERVAL),
    })
}

/// As the server writes it, where that is fit to be printed and opened.
fn uri(members: &Members, name: &str) -> Option<String> {
    let written = members.text(name)?.trim_ascii();
    let parsed = Url::parse(written).ok().filter(|url| Scheme::of(url).is_some())?;
    let uri = if is_one_word(written) { Cow::Borrowed(written) } else { Cow::Owned(String::from(parsed)) };
    (uri.len() <= MAX_URI).then(|| uri.into_owned())
}

fn lifetime(members: &Members) -> Duration {
    let seconds = members.get("expires_in").and_then(number).unwrap_or(DEFAULT_LIFE);
    Duration::from_secs_f64(seconds.clamp(SHORTEST_LIFE, LONGEST_LIFE))
}

/// The `interval` of an answer about codes that live so long. One that is longer is no interval in seconds: Zoho writes
/// milliseconds.
pub(super) fn interval(members: &Members, lifetime: Duration) -> Option<Duration> {
    let seconds = members.get("interval").and_then(number)?;
    let is_one = (0.0..=lifetime.as_secs_f64()).contains(&seconds);
    is_one.then(|| Duration::from_secs_f64(seconds))
}
