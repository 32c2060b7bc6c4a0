//! The key of a client that proves itself by signing (RFC 7523): `client_key_file` and what goes with it.

use std::sync::Arc;

use super::user_path::UserPath;

/// Where the key is, and what is said of it in what it signs. The files are read anew for each signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientKey {
    /// The private key.
    pub file: UserPath,
    /// The certificate that the server knows the key by.
    pub certificate: Option<UserPath>,
    /// What the server calls the key: `kid` (RFC 7515 §4.1.4).
    pub id: Option<Arc<str>>,
    /// How it signs; by the kind of key, where it is not said.
    pub algorithm: Option<KeyAlgorithm>,
}

/// Ways to sign (RFC 7518 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyAlgorithm {
    /// RSA, PKCS #1 v1.5, SHA-256.
    Rs256,
    /// RSA, PSS, SHA-256.
    Ps256,
    /// ECDSA on P-256, SHA-256.
    Es256,
}

impl KeyAlgorithm {
    /// As `client_key_alg` and a signature's head have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
        }
    }
}
