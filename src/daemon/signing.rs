//! Signs what a request wants signed (RFC 7515, RFC 7523). Key and certificate are read for each request, so that a
//! file which has been replaced needs no reload.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pizauth_common::config::{ClientKey, UserPath};
use pizauth_common::paths::{Environment, ProcessEnvironment};
use pizauth_common::secret::Secret;
use pizauth_core::http::{Assertion, Request};
use rustix::fs::{FileType, Mode, OFlags};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::json;
use sha2::{Digest, Sha256};
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

use crate::http::{NotSigned, Signed};
use key_file::KeyFile;
use unsigned::{Unsigned, Unusable};

pub mod key_file;
#[cfg(test)]
mod tests;
mod unsigned;

/// In bytes.
const LARGEST: u64 = 64 << 10;
const ROOT_UID: u32 = 0;

/// Signs what the request wants signed.
///
/// # Errors
/// A file that is needed for it cannot be used.
pub(crate) fn sign(request: &Request) -> Result<Signed, NotSigned> {
    let Some(assertion) = &request.assertion else {
        return Ok(Signed { body: request.body.clone(), added: None });
    };
    let jwt = jwt(assertion)?;
    let encoded = Zeroizing::new(byte_serialize(jwt.expose().as_bytes()).collect::<String>());
    let body = Secret::new(format!("{}&{}={}", request.body.expose(), assertion.field, *encoded));
    Ok(Signed { body, added: Some(jwt) })
}

/// The signed claims in their compact form (RFC 7515 §3.1).
fn jwt(assertion: &Assertion) -> Result<Secret, Unsigned> {
    let ClientKey { file, certificate, id, algorithm } = &*assertion.key;
    let key_of = KeyAt { option: "client_key_file", file };
    let key = KeyFile::parse(&key_of.read()?).map_err(|fault| key_of.unsigned(fault))?;
    if let Some(owner) = key.client.as_deref().filter(|client| **client != *assertion.issuer) {
        let (owner, client_id) = (owner.to_owned(), Arc::clone(&assertion.issuer));
        return Err(key_of.unsigned(Unusable::OfOtherClient { owner, client_id }));
    }
    let thumbprint = certificate.as_ref().map(thumbprint).transpose()?;
    let algorithm =
        key.algorithm(*algorithm, thumbprint.is_some()).map_err(|fault| key_of.unsigned(fault))?;
    let mut head = json!({"alg": algorithm.as_str(), "typ": "JWT"});
    if let Some(id) = id.as_deref().or(key.id.as_deref()) {
        head["kid"] = id.into();
    }
    if let Some(thumbprint) = thumbprint {
        head["x5t#S256"] = thumbprint.into();
    }
    let encoded = |text: String| URL_SAFE_NO_PAD.encode(text);
    let signed = format!("{}.{}", encoded(head.to_string()), encoded(assertion.claims()));
    let signature = key.sign(algorithm, signed.as_bytes()).map_err(|fault| key_of.unsigned(fault))?;
    Ok(Secret::new(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))))
}

/// `x5t#S256` of the first certificate in a file (RFC 7515 §4.1.8).
fn thumbprint(file: &UserPath) -> Result<String, Unsigned> {
    let at = KeyAt { option: "client_certificate_file", file };
    let certificate = CertificateDer::from_pem_slice(&at.read()?);
    let certificate = certificate.map_err(|_| at.unsigned(Unusable::NoCertificate))?;
    Ok(URL_SAFE_NO_PAD.encode(Sha256::digest(&certificate)))
}

/// A file that an option names.
struct KeyAt<'a> {
    option: &'static str,
    file: &'a UserPath,
}

impl KeyAt<'_> {
    fn read(&self) -> Result<Zeroizing<Vec<u8>>, Unsigned> {
        let path = self.path().ok_or_else(|| self.unsigned(Unusable::NoHome))?;
        read(&path).map_err(|why| self.unsigned(why))
    }

    fn path(&self) -> Option<PathBuf> {
        self.file.resolve(ProcessEnvironment.home().as_deref())
    }

    fn unsigned(&self, why: impl Into<Unusable>) -> Unsigned {
        Unsigned { option: self.option, path: self.file.written(), why: why.into() }
    }
}

/// A regular file of the user's own or of root's.
fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, Unusable> {
    // Not blocking: opening a FIFO would wait for its writer.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
    let file = rustix::fs::open(path, flags, Mode::empty())?;
    let stat = rustix::fs::fstat(&file)?;
    if FileType::from_raw_mode(stat.st_mode as _) != FileType::RegularFile {
        return Err(Unusable::NotRegular);
    }
    let uid = rustix::process::geteuid().as_raw();
    if ![uid, ROOT_UID].contains(&stat.st_uid) {
        return Err(Unusable::OfOther { uid: stat.st_uid });
    }
    let mut bytes = Zeroizing::new(Vec::new());
    File::from(file).take(LARGEST + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > LARGEST {
        true => Err(Unusable::TooLarge { most: LARGEST }),
        false => Ok(bytes),
    }
}
