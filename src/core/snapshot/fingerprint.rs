//! Whether tokens still fit an account: a hash of the fields that decide what the tokens are good for.

use crate::prelude::*;
use pizauth_common::config::{Account, Application, AuthorizationCode, DeviceCode, Grant, JwtBearer};
use sha2::{Digest, Sha256};
use url::Url;

/// SHA-256 over the security-relevant fields of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

/// What an account's tokens are bound to. Neither how the client proves itself (secrets rotate, the refresh
/// token stays bound to the client) nor whose
/// mailbox it is for, nor any of the times is part of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct SecurityFields<'a> {
    /// `account "name"`.
    pub name: &'a str,
    /// `auth_uri`, or the issuer that is asked for it; empty where an account has none, as it may where its user signs
    /// in on another device.
    pub auth_uri: &'a str,
    /// `auth_uri_fields`, in order.
    pub auth_uri_fields: &'a [(String, String)],
    /// `client_id`.
    pub client_id: &'a str,
    /// `redirect_uri`, with the port that the configuration gives it; empty where there is no `auth_uri`.
    pub redirect_uri: &'a str,
    /// `scopes`, in order.
    pub scopes: &'a [String],
    /// `token_uri`, or the issuer that is asked for it: that may move its endpoints.
    pub token_uri: &'a str,
    /// `resource`, in order: hashed where there is any.
    pub resource: &'a [String],
    /// `token_uri_fields`, in order: hashed where there are any.
    pub token_uri_fields: &'a [(String, String)],
    /// Whether the client comes to its tokens by itself, and no user gave them: hashed where it does.
    pub is_application: bool,
    /// `subject`: hashed where it is set.
    pub subject: Option<&'a str>,
}

impl<'a> SecurityFields<'a> {
    /// Every field of [`Account`] and of its grant is named, so that a new one does not compile until it is decided. A
    /// field that decides what a token is good for joins [`SecurityFields`] and is hashed only where it is set: else
    /// each dump made before would stop to fit.
    fn of_account(account: &'a Account) -> Self {
        let Account {
            name,
            token_uri,
            // Used at the user's word only.
            revocation_uri: _,
            // Hashed in place of each endpoint that it is asked for; of others it would only confirm where they are.
            issuer: _,
            client_id,
            client_auth: _,
            scopes,
            resource,
            token_uri_fields,
            grant,
            user: _,
            refresh_at_least: _,
            refresh_before_expiry: _,
            refresh_retry: _,
        } = account;
        let (auth_uri, redirect_uri, auth_uri_fields) = sign_in(grant);
        Self {
            name: name.as_str(),
            auth_uri,
            auth_uri_fields,
            client_id,
            redirect_uri,
            scopes,
            token_uri: token_uri.anchor().written(),
            resource,
            token_uri_fields,
            is_application: grant.application().is_some(),
            subject: grant.jwt_bearer().map(subject),
        }
    }
}

/// What of a sign-in decides what its tokens are good for. On which device the user signs in does not, and nor does
/// where that begins: the refresh token is the same.
fn sign_in(grant: &Grant) -> (&str, &str, &[(String, String)]) {
    match grant {
        Grant::AuthorizationCode { browser, device: _ }
        | Grant::DeviceCode { browser: Some(browser), device: _ } => {
            let AuthorizationCode { auth_uri, auth_uri_fields, redirect_uri } = browser;
            (auth_uri.anchor().written(), redirect_uri.written(), auth_uri_fields)
        }
        Grant::DeviceCode { device, browser: None } => {
            let DeviceCode { device_auth_uri: _, auth_uri_fields } = device;
            ("", "", auth_uri_fields)
        }
        // No user signs in.
        Grant::Application(Application::ClientCredentials | Application::JwtBearer(_)) => ("", "", &[]),
    }
}

/// Whose tokens they are. With which key that is signed does not matter: keys rotate.
fn subject(JwtBearer { key: _, subject }: &JwtBearer) -> &str {
    subject
}

impl Fingerprint {
    /// Hashes the fields as they are written, order included (a server may not care about the order of
    /// scopes; keeping it costs at most one authorization after an edit). Only URIs are normalised, because
    /// upstream's dump may hold them in either form.
    pub fn of(fields: &SecurityFields) -> Self {
        let mut hash = FieldHash(Sha256::new());
        hash.text("pizauth account");
        hash.text(fields.name);
        hash.uri(fields.auth_uri);
        hash.pairs(fields.auth_uri_fields);
        hash.text(fields.client_id);
        hash.uri(fields.redirect_uri);
        hash.list(fields.scopes);
        hash.uri(fields.token_uri);
        if !fields.resource.is_empty() {
            hash.text("resource");
            hash.list(fields.resource);
        }
        if !fields.token_uri_fields.is_empty() {
            hash.text("token_uri_fields");
            hash.pairs(fields.token_uri_fields);
        }
        if fields.is_application {
            hash.text("application");
        }
        if let Some(subject) = fields.subject {
            hash.text("subject");
            hash.text(subject);
        }
        Self(hash.0.finalize().into())
    }

    /// The fingerprint of an account of the configuration.
    pub fn of_account(account: &Account) -> Self {
        Self::of(&SecurityFields::of_account(account))
    }
}

/// Hashes each value after its length, so that no two lists of fields give the same bytes.
struct FieldHash(Sha256);

impl FieldHash {
    fn length(&mut self, length: usize) {
        self.0.update((length as u64).to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.length(text.len());
        self.0.update(text);
    }

    fn list(&mut self, texts: &[String]) {
        self.length(texts.len());
        texts.iter().for_each(|text| self.text(text));
    }

    fn pairs(&mut self, pairs: &[(String, String)]) {
        self.length(pairs.len());
        for (key, value) in pairs {
            self.text(key);
            self.text(value);
        }
    }

    fn uri(&mut self, uri: &str) {
        match Url::parse(uri) {
            Ok(parsed) => self.text(parsed.as_str()),
            Err(_) => self.text(uri),
        }
    }
}
