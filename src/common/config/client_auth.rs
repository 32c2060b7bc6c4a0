//! How the client proves who it is: `client_auth` and what goes with it.

use std::sync::Arc;

use super::client_key::ClientKey;
use crate::secret::Secret;

/// Where the client's secret is (RFC 6749 §2.3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientSecret {
    /// In the configuration, and never empty: servers refuse an empty one from a public client.
    Written(Secret),
    /// What this command prints, for `$SHELL -c`.
    OfCommand(Arc<str>),
}

impl From<Secret> for ClientSecret {
    fn from(secret: Secret) -> Self {
        Self::Written(secret)
    }
}

impl From<&str> for ClientSecret {
    fn from(secret: &str) -> Self {
        Self::Written(secret.into())
    }
}

/// Client authentication (RFC 6749 §2.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// A public client, which says its `client_id` and nothing more.
    None,
    /// The secret is a field of the form.
    Post(ClientSecret),
    /// Identifier and secret are a header (RFC 7617).
    Basic(ClientSecret),
    /// One of these two: whichever the issuer lists that is asked for endpoints, the form first (RFC 8414 §2).
    AsListed(ClientSecret),
    /// What the client signs says who it is (RFC 7523 §2.2).
    PrivateKeyJwt(Arc<ClientKey>),
}

impl ClientAuth {
    /// As `client_auth` is written, where it can be.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Post(_) => "post",
            Self::Basic(_) => "basic",
            Self::AsListed(_) => "as listed",
            Self::PrivateKeyJwt(_) => "private_key_jwt",
        }
    }

    /// The secret that proves the client, wherever it is.
    pub fn client_secret(&self) -> Option<&ClientSecret> {
        match self {
            Self::None | Self::PrivateKeyJwt(_) => None,
            Self::Post(secret) | Self::Basic(secret) | Self::AsListed(secret) => Some(secret),
        }
    }

    /// What of the configuration must not be shown.
    pub fn secret(&self) -> Option<&Secret> {
        match self.client_secret()? {
            ClientSecret::Written(secret) => Some(secret),
            ClientSecret::OfCommand(_) => None,
        }
    }

    /// What prints the secret, where something does.
    pub fn secret_cmd(&self) -> Option<&Arc<str>> {
        match self.client_secret()? {
            ClientSecret::Written(_) => None,
            ClientSecret::OfCommand(command) => Some(command),
        }
    }

    /// What signs, where something does.
    pub fn key(&self) -> Option<&Arc<ClientKey>> {
        match self {
            Self::PrivateKeyJwt(key) => Some(key),
            Self::None | Self::Post(_) | Self::Basic(_) | Self::AsListed(_) => None,
        }
    }
}
