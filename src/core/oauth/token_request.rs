//! The request to the token endpoint (RFC 6749 §4.1.3, §6), ready to send.

use alloc::sync::Arc;

use pizauth_common::config::{Account, Application};
use pizauth_common::secret::Secret;
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::client_auth::{Client, Credentials};
use super::provider_hints::Proof;
use super::served::Served;
use crate::http;
use crate::prelude::*;

#[cfg(test)]
mod tests;

/// Room for most forms, so that building one seldom moves it.
const FORM_CAPACITY: usize = 4096;

/// A form to POST to a token endpoint, and what its answer is judged by.
#[derive(Debug, PartialEq, Eq)]
pub struct TokenRequest {
    /// The token endpoint, exactly as the configuration writes it.
    pub token_uri: String,
    /// `application/x-www-form-urlencoded` body.
    pub form: Secret,
    /// The names of its fields that must not show up in a message, beside those of the client.
    secret_fields: Vec<&'static str>,
    /// Which grant this is.
    pub grant: GrantType,
    /// Whose request it is.
    credentials: Credentials,
    /// The scopes that were asked for, to notice a narrower answer.
    pub scopes: Arc<[String]>,
}

/// A field of the form that a grant takes.
#[derive(Clone, Copy)]
enum Field<'a> {
    Open(&'static str, &'a str),
    /// It must not show up in a message.
    Secret(&'static str, &'a Secret),
}

impl<'a> Field<'a> {
    fn exposed(self) -> (&'static str, &'a str) {
        match self {
            Self::Open(name, value) => (name, value),
            Self::Secret(name, value) => (name, value.expose()),
        }
    }

    /// Its name, where it is secret.
    fn secret(self) -> Option<&'static str> {
        match self {
            Self::Open(..) => None,
            Self::Secret(name, _) => Some(name),
        }
    }
}

/// The values of `grant_type` that we use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantType {
    /// §4.1.3: the exchange.
    AuthorizationCode,
    /// §6: a refresh.
    RefreshToken,
    /// RFC 8628 §3.4: whether the user has signed in on another device.
    DeviceCode,
    /// RFC 6749 §4.4: the client signs in by itself.
    ClientCredentials,
    /// RFC 7523 §2.1: so it does, in the name of a user.
    JwtBearer,
}

impl GrantType {
    /// Whether a person has just agreed to it.
    pub(crate) fn is_sign_in(self) -> bool {
        match self {
            Self::AuthorizationCode | Self::DeviceCode => true,
            Self::RefreshToken | Self::ClientCredentials | Self::JwtBearer => false,
        }
    }

    /// Whether the client comes to the token by itself: there is nothing that a user can have taken back.
    pub(crate) fn is_of_application(self) -> bool {
        matches!(self, Self::ClientCredentials | Self::JwtBearer)
    }

    /// The value of `grant_type`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::JwtBearer => "urn:ietf:params:oauth:grant-type:jwt-bearer",
            Self::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
        }
    }
}

impl TokenRequest {
    /// The exchange of an authorization code (RFC 6749 §4.1.3, RFC 7636 §4.5).
    pub fn exchange(client: Client, code: &Secret, code_verifier: &Secret, redirect_uri: &str) -> Self {
        let fields = [
            Field::Secret("code", code),
            Field::Secret("code_verifier", code_verifier),
            Field::Open("redirect_uri", redirect_uri),
        ];
        Self::new(client, GrantType::AuthorizationCode, &fields)
    }

    /// A refresh (RFC 6749 §6).
    pub fn refresh(client: Client, refresh_token: &Secret) -> Self {
        Self::new(client, GrantType::RefreshToken, &[Field::Secret("refresh_token", refresh_token)])
    }

    /// An access token for the client itself (RFC 6749 §4.4.2), or for whom it signs in the name of (RFC 7523 §2.1).
    pub fn by_itself(client: Client, application: &Application) -> Self {
        match application {
            Application::ClientCredentials => {
                let scope = client.account().scope();
                let scope = scope.as_deref().map(|scope| Field::Open("scope", scope));
                Self::new(client, GrantType::ClientCredentials, scope.as_slice())
            }
            Application::JwtBearer(signed) => {
                let credentials = Credentials::in_the_name_of(&client.served, signed);
                Self::with(&client.served, GrantType::JwtBearer, &[], credentials)
            }
        }
    }

    /// Whether the user has signed in on another device (RFC 8628 §3.4).
    pub(super) fn poll(client: Client, device_code: &Secret) -> Self {
        Self::new(client, GrantType::DeviceCode, &[Field::Secret("device_code", device_code)])
    }

    /// The client's secret, where one is sent.
    pub(crate) fn client_secret(&self) -> Option<&Secret> {
        self.credentials.client_secret()
    }

    /// What is to be sent.
    pub fn http(&self) -> http::Request {
        self.credentials.post(&self.token_uri, &self.form)
    }

    fn new(client: Client, grant: GrantType, fields: &[Field]) -> Self {
        Self::with(&client.served, grant, fields, Credentials::of(client))
    }

    fn with(served: &Served, grant: GrantType, own: &[Field], credentials: Credentials) -> Self {
        let account = served.account;
        let client = credentials.fields.iter().map(|(name, value)| (*name, value.expose()));
        let fields =
            [("grant_type", grant.as_str())].into_iter().chain(own.iter().map(|field| field.exposed()));
        Self {
            token_uri: served.token_uri.written().to_owned(),
            form: form(fields.chain(client).chain(fields_of(account))),
            secret_fields: own.iter().filter_map(|field| field.secret()).collect(),
            credentials,
            grant,
            scopes: Arc::clone(&account.scopes),
        }
    }

    /// How the client proves who it is.
    pub(super) fn proof(&self) -> Proof {
        self.credentials.proof()
    }

    /// Whatever in it a server might repeat in its answer and no message may show.
    pub(crate) fn secrets(&self) -> Vec<Secret> {
        let fields = form_urlencoded::parse(self.form.expose().as_bytes())
            .filter(|(name, _)| self.secret_fields.contains(&name.as_ref()))
            .map(|(_, value)| Secret::new(value.into_owned()));
        fields.chain(self.credentials.secrets().iter().cloned()).collect()
    }
}

/// What an account adds to each of its token requests (RFC 8707 §2.2, `token_uri_fields`).
fn fields_of(account: &Account) -> impl Iterator<Item = (&str, &str)> {
    let extra = account.token_uri_fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    resources(account).chain(extra)
}

/// What the token is for (RFC 8707 §2).
pub(super) fn resources(account: &Account) -> impl Iterator<Item = (&str, &str)> {
    account.resource.iter().map(|resource| ("resource", resource.as_str()))
}

pub(super) fn form<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> Secret {
    let mut body = Zeroizing::new(String::with_capacity(FORM_CAPACITY));
    form_urlencoded::Serializer::new(&mut *body).extend_pairs(fields);
    Secret::new(core::mem::take(&mut *body))
}
