//! The private key of a client, as it lies in a file: PEM, or what Google gives for a service account.

use std::fmt;

use ring::rand::SystemRandom;
use ring::rsa;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaKeyPair,
};
use rustls::pki_types::pem::{PemObject, SectionKind};
use serde::Deserialize;

use pizauth_common::config::KeyAlgorithm;

/// A private key, and what its file says of it.
#[derive(Debug)]
pub struct KeyFile {
    key: Key,
    /// What the server calls the key.
    pub id: Option<String>,
    /// Whose key it is, where the file says so.
    pub client: Option<String>,
}

#[derive(Debug)]
enum Key {
    Rsa(Box<RsaKeyPair>),
    P256(Box<EcdsaKeyPair>),
}

/// Why a file has no key that signs, and how to make one of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFault {
    /// There is none.
    None,
    /// It is encrypted.
    Encrypted,
    /// It is in the form that `openssl ecparam` writes (SEC1).
    Sec1,
    /// It is of a kind or size that is not understood.
    Kind,
    /// JSON, but not of a service account.
    Json,
    /// It does not sign in the way that is asked for.
    Algorithm(KeyAlgorithm),
    /// Signing has failed: the numbers of a damaged key do not fit each other.
    Signing,
}

impl fmt::Display for KeyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("there is no private key in it (PEM: -----BEGIN PRIVATE KEY-----)"),
            Self::Encrypted => f.write_str(
                "its key is encrypted by a passphrase, which nobody can type here (without it: openssl pkey -in FILE \
                 -out NEW)",
            ),
            Self::Sec1 => f.write_str(
                "its key is in an old form (in the one that is understood: openssl pkcs8 -topk8 -nocrypt -in FILE -out \
                 NEW)",
            ),
            Self::Kind => f.write_str(
                "its key is neither an RSA key of 2048 to 4096 bits nor one on the curve P-256 (openssl genpkey \
                 -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out NEW)",
            ),
            Self::Json => f.write_str("it is JSON, but not the key of a Google service account"),
            Self::Algorithm(algorithm) => {
                write!(f, "its key does not sign as client_key_alg says, by {}", algorithm.as_str())
            }
            Self::Signing => f.write_str(
                "its key does not sign: is the file damaged? (openssl pkey -check -noout -in FILE)",
            ),
        }
    }
}

/// What Google gives for a service account, as far as it matters.
#[derive(Deserialize)]
struct ServiceAccount {
    #[serde(rename = "type")]
    kind: String,
    private_key: String,
    private_key_id: Option<String>,
    client_email: String,
}

impl KeyFile {
    /// Reads the first private key.
    ///
    /// # Errors
    /// There is none that signs.
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyFault> {
        if !bytes.trim_ascii_start().starts_with(b"{") {
            return Ok(Self { key: pem(bytes)?, id: None, client: None });
        }
        let account: ServiceAccount = serde_json::from_slice(bytes).map_err(|_| KeyFault::Json)?;
        if account.kind != "service_account" {
            return Err(KeyFault::Json);
        }
        let key = pem(account.private_key.as_bytes())?;
        Ok(Self { key, id: account.private_key_id, client: Some(account.client_email) })
    }

    /// How it signs, where it may choose: as Microsoft wants it of whoever has a certificate.
    ///
    /// # Errors
    /// It does not sign as it is wanted to.
    pub fn algorithm(
        &self,
        wanted: Option<KeyAlgorithm>,
        has_certificate: bool,
    ) -> Result<KeyAlgorithm, KeyFault> {
        match (&self.key, wanted) {
            (Key::Rsa(_), Some(KeyAlgorithm::Es256)) => Err(KeyFault::Algorithm(KeyAlgorithm::Es256)),
            (Key::P256(_), Some(other @ (KeyAlgorithm::Rs256 | KeyAlgorithm::Ps256))) => {
                Err(KeyFault::Algorithm(other))
            }
            (_, Some(wanted)) => Ok(wanted),
            (Key::P256(_), None) => Ok(KeyAlgorithm::Es256),
            (Key::Rsa(_), None) if has_certificate => Ok(KeyAlgorithm::Ps256),
            (Key::Rsa(_), None) => Ok(KeyAlgorithm::Rs256),
        }
    }

    /// The signature of a message (RFC 7518 §3.3 to §3.5).
    ///
    /// # Errors
    /// It does not sign so.
    pub fn sign(&self, algorithm: KeyAlgorithm, message: &[u8]) -> Result<Vec<u8>, KeyFault> {
        let random = SystemRandom::new();
        match (&self.key, algorithm) {
            (Key::Rsa(key), KeyAlgorithm::Rs256 | KeyAlgorithm::Ps256) => {
                let padding: &dyn ring::signature::RsaEncoding =
                    if algorithm == KeyAlgorithm::Rs256 { &RSA_PKCS1_SHA256 } else { &RSA_PSS_SHA256 };
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(padding, &random, message, &mut signature).map_err(|_| KeyFault::Signing)?;
                Ok(signature)
            }
            (Key::P256(key), KeyAlgorithm::Es256) => {
                let signature = key.sign(&random, message).map_err(|_| KeyFault::Signing)?;
                Ok(signature.as_ref().to_vec())
            }
            (_, other) => Err(KeyFault::Algorithm(other)),
        }
    }
}

/// The first section that is a private key.
fn pem(bytes: &[u8]) -> Result<Key, KeyFault> {
    let sections = <(SectionKind, Vec<u8>)>::pem_slice_iter(bytes);
    // What is broken is none; what is broken behind the first one does not matter.
    for (kind, der) in sections.map_while(Result::ok) {
        match kind {
            SectionKind::PrivateKey => return pkcs8(&der),
            SectionKind::RsaPrivateKey => {
                let key = rsa::KeyPair::from_der(&der).map_err(|_| KeyFault::Kind)?;
                return Ok(Key::Rsa(Box::new(key)));
            }
            SectionKind::EcPrivateKey => return Err(KeyFault::Sec1),
            _ => {}
        }
    }
    const ENCRYPTED: &[u8] = b"-----BEGIN ENCRYPTED PRIVATE KEY-----";
    let is_encrypted = bytes.windows(ENCRYPTED.len()).any(|window| window == ENCRYPTED);
    Err(if is_encrypted { KeyFault::Encrypted } else { KeyFault::None })
}

fn pkcs8(der: &[u8]) -> Result<Key, KeyFault> {
    if let Ok(key) = RsaKeyPair::from_pkcs8(der) {
        return Ok(Key::Rsa(Box::new(key)));
    }
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, &SystemRandom::new());
    key.map(|key| Key::P256(Box::new(key))).map_err(|_| KeyFault::Kind)
}
