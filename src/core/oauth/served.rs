//! An account together with where its requests go. Without that none can be built.

use pizauth_common::config::{Account, AuthorizationCode, DeviceCode, Grant, Uri};

use super::metadata::Metadata;
use super::outcome::Reason;
use crate::prelude::*;

/// An account whose authorization server's endpoints are known, as far as tokens need them.
#[derive(Clone, Copy, Debug)]
pub struct Served<'a> {
    pub(crate) account: &'a Account,
    /// RFC 6749 §3.2.
    pub(crate) token_uri: &'a Uri,
    metadata: Option<&'a Metadata>,
}

/// What metadata lack, in the words of RFC 8414 §2.
pub type Lacking = &'static str;

/// That the issuer names no such endpoint.
pub(crate) fn has_none(issuer: &Uri, lacking: Lacking) -> Reason {
    Reason::with_cause(lacking, &format!("{} has no {lacking}", issuer.written()))
}

impl<'a> Served<'a> {
    /// By its configuration and these metadata of the issuer that it asks.
    ///
    /// # Errors
    /// They lack an endpoint that no token can be had without.
    pub fn new(account: &'a Account, metadata: Option<&'a Metadata>) -> Result<Self, Lacking> {
        let found = metadata.and_then(|metadata| metadata.token_endpoint.as_ref());
        let token_uri = account.token_uri.at(found).ok_or("token_endpoint")?;
        let served = Self { account, token_uri, metadata };
        match &account.grant {
            Grant::AuthorizationCode { .. } if served.browser().is_none() => Err("authorization_endpoint"),
            Grant::DeviceCode { .. } if served.device().is_none() => Err("device_authorization_endpoint"),
            Grant::AuthorizationCode { .. } | Grant::DeviceCode { .. } | Grant::Application(_) => Ok(served),
        }
    }

    /// What it takes to sign in with a browser, and where that begins.
    pub fn browser(&self) -> Option<(&'a AuthorizationCode, &'a Uri)> {
        let browser = self.account.grant.browser()?;
        let found = self.metadata.and_then(|metadata| metadata.authorization_endpoint.as_ref());
        Some((browser, browser.auth_uri.at(found)?))
    }

    /// What it takes to sign in on another device, and where that begins.
    pub fn device(&self) -> Option<(&'a DeviceCode, &'a Uri)> {
        let device = self.account.grant.device()?;
        let found = self.metadata.and_then(|metadata| metadata.device_authorization_endpoint.as_ref());
        Some((device, device.device_auth_uri.at(found)?))
    }

    /// Where its requests may go.
    pub(crate) fn endpoints(&self) -> impl Iterator<Item = &'a Uri> {
        let device = self.device().map(|(_, uri)| uri);
        [Some(self.token_uri), device, self.revocation_uri()].into_iter().flatten()
    }

    /// Whether each authorization response names its issuer (RFC 9207 §3).
    pub(crate) fn promises_iss(&self) -> bool {
        self.metadata.is_some_and(|metadata| metadata.promises_iss)
    }

    /// Whether a secret is taken as a field of the form; else it is as HTTP Basic, also where nothing is listed.
    pub(crate) fn takes_secret_in_form(&self) -> bool {
        self.metadata.is_some_and(|metadata| metadata.secrets.post)
    }

    /// Where tokens are revoked (RFC 7009 §2), where the server does that.
    pub fn revocation_uri(&self) -> Option<&'a Uri> {
        let found = self.metadata.and_then(|metadata| metadata.revocation_endpoint.as_ref());
        self.account.revocation_uri.as_ref()?.at(found)
    }
}
