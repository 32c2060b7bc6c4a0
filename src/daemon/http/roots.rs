//! The certificate authorities that are trusted: the system's, or those that `SSL_CERT_FILE` and
//! `SSL_CERT_DIR` name. They are loaded when needed and dropped with the last request, so that an idle
//! daemon is small and a renewed store is noticed.

use std::ffi::OsString;
use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use pizauth_common::cause::Cause;
use rustls::client::Resumption;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_native_certs::{CertificateResult, Error, ErrorKind, load_certs_from_paths, load_native_certs};

pub(super) struct Roots {
    file: Option<PathBuf>,
    folders: Vec<PathBuf>,
    in_use: Mutex<Weak<ClientConfig>>,
}

impl Roots {
    pub(super) fn from_environment(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let filled = |name| variable(name).filter(|value| !value.is_empty());
        let folders = filled("SSL_CERT_DIR");
        let folders =
            folders.iter().flat_map(std::env::split_paths).filter(|path| !path.as_os_str().is_empty());
        Self {
            file: filled("SSL_CERT_FILE").map(PathBuf::from),
            folders: folders.collect(),
            in_use: Mutex::new(Weak::new()),
        }
    }

    /// What the environment names and is not there.
    pub(super) fn warnings(&self) -> Vec<String> {
        let file = self.file.iter().map(|path| ("SSL_CERT_FILE", path));
        let folders = self.folders.iter().map(|path| ("SSL_CERT_DIR", path));
        file.chain(folders)
            .filter_map(|(name, path)| Some(unusable(name, path, Cause(&fs::metadata(path).err()?))))
            .collect()
    }

    /// TLS with these roots, shared with the requests under way.
    pub(super) fn tls_config(&self) -> Result<Arc<ClientConfig>, String> {
        let mut in_use = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(config) = in_use.upgrade() {
            return Ok(config);
        }
        let config = Arc::new(tls_config(self.load()?).map_err(|error| error.to_string())?);
        *in_use = Arc::downgrade(&config);
        Ok(config)
    }

    fn load(&self) -> Result<RootCertStore, String> {
        if self.file.is_none() && self.folders.is_empty() {
            return Ok(of_the_system());
        }
        let mut named = RootCertStore::empty();
        if let Some(path) = &self.file {
            add(&mut named, "SSL_CERT_FILE", path, load_certs_from_paths(Some(path), None))?;
        }
        for path in &self.folders {
            add(&mut named, "SSL_CERT_DIR", path, load_certs_from_paths(None, Some(path)))?;
        }
        Ok(named)
    }
}

/// TLS 1.2 and 1.3. Nothing is kept between connections.
fn tls_config(roots: RootCertStore) -> Result<ClientConfig, rustls::Error> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// The system's store; where there is none, Mozilla's list as of our release.
fn of_the_system() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(load_native_certs().certs);
    if roots.is_empty() {
        roots.add_parsable_certificates(webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().cloned());
    }
    roots
}

/// Certificates that rustls cannot use are left out. But what the user named must be there: falling back
/// silently would trust others than was asked for.
fn add(roots: &mut RootCertStore, name: &str, path: &Path, loaded: CertificateResult) -> Result<(), String> {
    let (added, _) = roots.add_parsable_certificates(loaded.certs);
    if added > 0 {
        return Ok(());
    }
    Err(match loaded.errors.first() {
        None => unusable(name, path, "no certificate in it"),
        Some(Error { kind: ErrorKind::Io { inner, .. }, .. }) => unusable(name, path, Cause(inner)),
        Some(error) => unusable(name, path, error),
    })
}

fn unusable(name: &str, path: &Path, cause: impl Display) -> String {
    format!("cannot use {name}={}: {cause}", path.display())
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn roots(variables: &[(&str, &Path)]) -> Roots {
        Roots::from_environment(|name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_os_str().to_owned())
        })
    }

    fn pem() -> String {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let text = STANDARD.encode(made.cert.der());
        let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }

    #[test]
    fn a_named_file_is_used_alone_and_bad_certificates_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        fs::write(&file, format!("{broken}{}", pem())).unwrap();
        let roots = roots(&[("SSL_CERT_FILE", &file)]);
        assert_eq!(roots.warnings(), Vec::<String>::new());
        assert_eq!(roots.load().unwrap().len(), 1);
    }

    #[test]
    fn what_is_named_and_missing_is_an_error_and_a_warning() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing");
        for name in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
            let roots = roots(&[(name, &missing)]);
            assert!(roots.tls_config().unwrap_err().contains(name));
            assert_eq!(roots.warnings().len(), 1);
        }
    }

    #[test]
    fn a_file_without_certificates_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        fs::write(&file, "nothing\n").unwrap();
        assert!(
            roots(&[("SSL_CERT_FILE", &file)]).tls_config().unwrap_err().contains("no certificate in it")
        );
    }

    #[test]
    fn certificates_live_as_long_as_somebody_uses_them() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), pem()).unwrap();
        let roots = roots(&[("SSL_CERT_DIR", folder.path())]);
        let (first, second) = (roots.tls_config().unwrap(), roots.tls_config().unwrap());
        assert!(Arc::ptr_eq(&first, &second));
        drop((first, second));
        assert!(roots.in_use.lock().unwrap().upgrade().is_none());
    }

    #[test]
    fn the_fallback_list_is_usable() {
        let all = webpki_root_certs::TLS_SERVER_ROOT_CERTS;
        let (added, ignored) = RootCertStore::empty().add_parsable_certificates(all.iter().cloned());
        assert!(added > 50 && ignored == 0, "{added} and {ignored}");
    }
}
