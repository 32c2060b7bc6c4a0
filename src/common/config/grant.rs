//! How an account comes to its first token: `grant`, and what goes with it.

use std::sync::Arc;

use super::client_key::ClientKey;
use super::endpoint::Endpoint;
use super::sharing::share;
use super::uri::Uri;

/// How an account comes to its first token, and what that takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grant {
    /// The user signs in with a browser, which comes back to a redirect listener (RFC 6749 §4.1).
    AuthorizationCode {
        /// What that takes.
        browser: AuthorizationCode,
        /// What it would take to sign in on another device.
        device: Option<DeviceCode>,
    },
    /// The user signs in on any device, and types a code there (RFC 8628).
    DeviceCode {
        /// What that takes.
        device: DeviceCode,
        /// What it would take to sign in with a browser.
        browser: Option<AuthorizationCode>,
    },
    /// The client signs in by itself: there is no user, no refresh token, and nothing to visit.
    Application(Application),
}

/// What a client signs in by itself with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Application {
    /// With what it proves itself with (RFC 6749 §4.4).
    ClientCredentials,
    /// With what it signs, in the name of a user whom nobody asks (RFC 7523 §2.1).
    JwtBearer(JwtBearer),
}

/// What a client signs, instead of proving itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwtBearer {
    /// What it signs with.
    pub key: Arc<ClientKey>,
    /// In whose name.
    pub subject: Arc<str>,
}

impl Grant {
    /// As `grant` is written.
    pub fn name(&self) -> &'static str {
        match self {
            Self::AuthorizationCode { .. } => "authorization_code",
            Self::DeviceCode { .. } => "device_code",
            Self::Application(Application::ClientCredentials) => "client_credentials",
            Self::Application(Application::JwtBearer(_)) => "jwt_bearer",
        }
    }

    /// What the client signs in by itself with, where it does.
    pub fn application(&self) -> Option<&Application> {
        match self {
            Self::Application(application) => Some(application),
            Self::AuthorizationCode { .. } | Self::DeviceCode { .. } => None,
        }
    }

    /// Whether access tokens are good for what a user has, and not for what the client itself has been given.
    pub fn is_for_user(&self) -> bool {
        !matches!(self, Self::Application(Application::ClientCredentials))
    }

    /// What the client signs, where that takes the place of a sign-in.
    pub fn jwt_bearer(&self) -> Option<&JwtBearer> {
        match self.application()? {
            Application::JwtBearer(signed) => Some(signed),
            Application::ClientCredentials => None,
        }
    }

    /// What it takes to sign in with a browser, where that is known.
    pub fn browser(&self) -> Option<&AuthorizationCode> {
        match self {
            Self::AuthorizationCode { browser, .. } => Some(browser),
            Self::DeviceCode { browser, .. } => browser.as_ref(),
            Self::Application(_) => None,
        }
    }

    /// What it takes to sign in on another device, where that is known.
    pub fn device(&self) -> Option<&DeviceCode> {
        match self {
            Self::AuthorizationCode { device, .. } => device.as_ref(),
            Self::DeviceCode { device, .. } => Some(device),
            Self::Application(_) => None,
        }
    }

    /// The endpoint that a sign-in begins at, where a user signs in.
    pub fn endpoint(&self) -> Option<&Endpoint> {
        match self {
            Self::AuthorizationCode { browser, .. } => Some(&browser.auth_uri),
            Self::DeviceCode { device, .. } => Some(&device.device_auth_uri),
            Self::Application(_) => None,
        }
    }

    /// Where a browser comes back to, where one does.
    pub fn redirect_uri(&self) -> Option<&Uri> {
        self.browser().map(|browser| &*browser.redirect_uri)
    }

    /// Extra fields of whichever request begins a sign-in, in order.
    pub fn auth_uri_fields(&self) -> &[(String, String)] {
        match self {
            Self::AuthorizationCode { browser, .. } => &browser.auth_uri_fields,
            Self::DeviceCode { device, .. } => &device.auth_uri_fields,
            Self::Application(_) => &[],
        }
    }

    /// Uses the other grant's values where its own are the same.
    pub(super) fn share_with(&mut self, other: &Self) {
        if let (Some(own), Some(other)) = (self.browser_mut(), other.browser()) {
            own.auth_uri.share_with(&other.auth_uri);
            share(&mut own.redirect_uri, &other.redirect_uri);
            share(&mut own.auth_uri_fields, &other.auth_uri_fields);
        }
        if let (Some(own), Some(other)) = (self.device_mut(), other.device()) {
            own.device_auth_uri.share_with(&other.device_auth_uri);
            share(&mut own.auth_uri_fields, &other.auth_uri_fields);
        }
    }

    fn browser_mut(&mut self) -> Option<&mut AuthorizationCode> {
        match self {
            Self::AuthorizationCode { browser, .. } => Some(browser),
            Self::DeviceCode { browser, .. } => browser.as_mut(),
            Self::Application(_) => None,
        }
    }

    fn device_mut(&mut self) -> Option<&mut DeviceCode> {
        match self {
            Self::AuthorizationCode { device, .. } => device.as_mut(),
            Self::DeviceCode { device, .. } => Some(device),
            Self::Application(_) => None,
        }
    }
}

/// What an authorization request says of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationCode {
    /// The authorization endpoint (RFC 6749 §3.1).
    pub auth_uri: Endpoint,
    /// Extra fields of the authorization request, in order (a `login_hint` option becomes one of them).
    pub auth_uri_fields: Arc<[(String, String)]>,
    /// RFC 6749 §3.1.2; its port is replaced by the listener's when it is used.
    pub redirect_uri: Arc<Uri>,
}

/// What a device authorization request says of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceCode {
    /// The device authorization endpoint (RFC 8628 §3.1).
    pub device_auth_uri: Endpoint,
    /// Extra fields of the device authorization request, in order: those of an authorization request.
    pub auth_uri_fields: Arc<[(String, String)]>,
}
