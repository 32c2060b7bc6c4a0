//! How the client proves who it is: `client_auth` and what goes with it.

use std::sync::Arc;

use super::client_key::ClientKey;
use crate::secret::Secret;

/// Client authentication (RFC 6749 §2.3). A secret is never empty: servers refuse an empty one from a public client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// A public client, which says its `client_id` and nothing more.
    None,
    /// The secret is a field of the form.
    Post(Secret),
    /// Identifier and secret are a header (RFC 7617).
    Basic(Secret),
    /// What the client signs says who it is (RFC 7523 §2.2).
    PrivateKeyJwt(Arc<ClientKey>),
}

impl ClientAuth {
    /// As `client_auth` is written.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Post(_) => "post",
            Self::Basic(_) => "basic",
            Self::PrivateKeyJwt(_) => "private_key_jwt",
        }
    }

    /// What must not be shown.
    pub fn secret(&self) -> Option<&Secret> {
        match self {
            Self::None | Self::PrivateKeyJwt(_) => None,
            Self::Post(secret) | Self::Basic(secret) => Some(secret),
        }
    }

    /// What signs, where something does.
    pub fn key(&self) -> Option<&Arc<ClientKey>> {
        match self {
            Self::PrivateKeyJwt(key) => Some(key),
            Self::None | Self::Post(_) | Self::Basic(_) => None,
        }
    }
}
