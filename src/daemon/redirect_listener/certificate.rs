//! The certificate of the HTTPS listener: made at each start, for the names that lead to us.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::NoServerSessionStorage;
use sha2::{Digest, Sha256};

use super::error::BindError;
use crate::clock::Clock;

#[cfg(test)]
mod tests;
mod trouble;

/// A key pair, a certificate that it has signed itself, and what TLS needs of them.
pub(super) struct Certificate {
    key: KeyPair,
    names: Vec<String>,
    certificate: CertificateDer<'static>,
    config: Arc<ServerConfig>,
}

impl Certificate {
    /// A new one, good for `hosts` and for every name of this machine's loopback.
    pub(super) fn new(hosts: &[String]) -> Result<Self, BindError> {
        let key = KeyPair::generate().map_err(trouble::of_rcgen)?;
        Self::with_key(key, names(hosts))
    }

    /// The same where it is good for `hosts` already, else a new certificate. The key stays.
    pub(super) fn for_hosts(self: &Arc<Self>, hosts: &[String]) -> Result<Arc<Self>, BindError> {
        let names = names(hosts);
        if names == self.names {
            return Ok(Arc::clone(self));
        }
        let key = KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8(&self.key), self.key.algorithm());
        Self::with_key(key.map_err(trouble::of_rcgen)?, names).map(Arc::new)
    }

    fn with_key(key: KeyPair, names: Vec<String>) -> Result<Self, BindError> {
        let certificate = certificate_params(&names)
            .and_then(|params| params.self_signed(&key))
            .map_err(trouble::of_rcgen)?
            .der()
            .clone();
        let config = Arc::new(tls_config(certificate.clone(), pkcs8(&key)).map_err(trouble::of_rustls)?);
        Ok(Self { key, names, certificate, config })
    }

    pub(super) fn config(&self) -> &Arc<ServerConfig> {
        &self.config
    }

    /// The bits of the SubjectPublicKey (RFC 5280 §4.1.2.7), for `info`.
    pub(super) fn public_key(&self) -> String {
        hex_with_colons(self.key.public_key_raw())
    }

    /// What browsers show of an unknown certificate: its SHA-256.
    pub(super) fn fingerprint(&self) -> String {
        hex_with_colons(&Sha256::digest(&self.certificate))
    }

    #[cfg(test)]
    pub(super) fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }
}

fn pkcs8(key: &KeyPair) -> PrivatePkcs8KeyDer<'static> {
    PrivatePkcs8KeyDer::from(key.serialize_der())
}

/// Sorted, each once. A name that no certificate can hold is left out.
fn names(hosts: &[String]) -> Vec<String> {
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
    names.push(rustix::system::uname().nodename().to_string_lossy().into_owned());
    names.extend_from_slice(hosts);
    names.retain(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic()));
    names.sort_unstable();
    names.dedup();
    names
}

fn certificate_params(names: &[String]) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, "pizauth redirect listener");
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let now = rcgen::date_time_ymd(1970, 1, 1) + seconds_since_the_epoch();
    params.not_before = now - DAY;
    params.not_after = now + VALIDITY;
    Ok(params)
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Some browsers refuse certificates that are good for more than 825 days.
const VALIDITY: Duration = Duration::from_secs(820 * 24 * 60 * 60);

/// A clock that is far off must not carry us out of what a certificate can say: at least a year after 1970, at
/// most 2200.
fn seconds_since_the_epoch() -> Duration {
    Duration::from_secs(Clock::now().wall.0.clamp(365 * 24 * 60 * 60, 7_258_118_400))
}

/// TLS 1.2 and 1.3. Nothing is kept between connections: browsers come once.
fn tls_config(
    certificate: CertificateDer<'static>,
    key: PrivatePkcs8KeyDer<'static>,
) -> Result<ServerConfig, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], PrivateKeyDer::Pkcs8(key))?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// As `openssl` and browsers write it: `04:A3:…`.
fn hex_with_colons(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 3);
    for (index, byte) in bytes.iter().enumerate() {
        let colon = if index == 0 { "" } else { ":" };
        // Writing to a String cannot fail.
        let _ = write!(text, "{colon}{byte:02X}");
    }
    text
}
