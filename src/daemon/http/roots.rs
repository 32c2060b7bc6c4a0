//! The certificate authorities that are trusted: the system's, or those that `SSL_CERT_FILE` and
//! `SSL_CERT_DIR` name. They are loaded when needed and dropped with the last request, so that an idle
//! daemon is small and a renewed store is noticed.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use pizauth_common::cause::Cause;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls_native_certs::{CertificateResult, Error, ErrorKind, load_certs_from_paths, load_native_certs};

type Certificates = Vec<CertificateDer<'static>>;

pub(super) struct Roots {
    file: Option<PathBuf>,
    folders: Vec<PathBuf>,
    in_use: Mutex<Weak<Certificates>>,
}

/// What the environment names gives no certificate.
#[derive(Debug)]
pub(super) struct UnusableRoots {
    variable: &'static str,
    path: PathBuf,
    why: Unusable,
}

#[derive(Debug)]
enum Unusable {
    Unreadable(io::Error),
    Malformed,
    Empty,
}

impl fmt::Display for UnusableRoots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot use {}={}: ", self.variable, self.path.display())?;
        match &self.why {
            Unusable::Unreadable(error) => Cause(error).fmt(f),
            Unusable::Malformed => f.write_str("it is not in the PEM format"),
            Unusable::Empty => f.write_str("no certificate in it"),
        }
    }
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
        let missing = |(variable, path): (_, &PathBuf)| {
            let why = Unusable::Unreadable(fs::metadata(path).err()?);
            Some(UnusableRoots { variable, path: path.clone(), why }.to_string())
        };
        file.chain(folders).filter_map(missing).collect()
    }

    /// The certificates, shared with the requests under way. There is at least one, and rustls can use each.
    ///
    /// # Errors
    /// Some that the environment names cannot be used. Falling back silently would trust others than was asked for.
    pub(super) fn load(&self) -> Result<Arc<Certificates>, UnusableRoots> {
        let mut in_use = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(certificates) = in_use.upgrade() {
            return Ok(certificates);
        }
        let certificates = Arc::new(self.read()?);
        *in_use = Arc::downgrade(&certificates);
        Ok(certificates)
    }

    fn read(&self) -> Result<Certificates, UnusableRoots> {
        if self.file.is_none() && self.folders.is_empty() {
            return Ok(of_the_system());
        }
        let mut named = Vec::new();
        if let Some(path) = &self.file {
            named.extend(usable_of("SSL_CERT_FILE", path, load_certs_from_paths(Some(path), None))?);
        }
        for path in &self.folders {
            named.extend(usable_of("SSL_CERT_DIR", path, load_certs_from_paths(None, Some(path)))?);
        }
        Ok(named)
    }
}

/// The system's store; where there is none, Mozilla's list as of our release.
fn of_the_system() -> Certificates {
    let roots = usable(load_native_certs().certs);
    if roots.is_empty() { webpki_root_certs::TLS_SERVER_ROOT_CERTS.to_vec() } else { roots }
}

/// Without those that rustls cannot use: among attohttpc's roots a single one of them makes every request fail.
fn usable(mut certificates: Certificates) -> Certificates {
    let mut store = RootCertStore::empty();
    certificates.retain(|certificate| store.add(certificate.clone()).is_ok());
    certificates
}

fn usable_of(
    variable: &'static str,
    path: &Path,
    loaded: CertificateResult,
) -> Result<Certificates, UnusableRoots> {
    let certificates = usable(loaded.certs);
    if !certificates.is_empty() {
        return Ok(certificates);
    }
    let why = match loaded.errors.into_iter().next() {
        None => Unusable::Empty,
        Some(Error { kind: ErrorKind::Io { inner, .. }, .. }) => Unusable::Unreadable(inner),
        Some(_) => Unusable::Malformed,
    };
    Err(UnusableRoots { variable, path: path.to_owned(), why })
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
            assert!(roots.load().unwrap_err().to_string().contains(name));
            assert_eq!(roots.warnings().len(), 1);
        }
    }

    #[test]
    fn a_file_without_certificates_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        fs::write(&file, "nothing\n").unwrap();
        let error = roots(&[("SSL_CERT_FILE", &file)]).load().unwrap_err().to_string();
        assert!(error.contains("no certificate in it"), "{error}");
    }

    #[test]
    fn a_file_of_another_format_is_told_in_words() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        fs::write(&file, "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n").unwrap();
        let error = roots(&[("SSL_CERT_FILE", &file)]).load().unwrap_err().to_string();
        assert!(error.ends_with(": it is not in the PEM format"), "{error}");
    }

    #[test]
    fn certificates_live_as_long_as_somebody_uses_them() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), pem()).unwrap();
        let roots = roots(&[("SSL_CERT_DIR", folder.path())]);
        let (first, second) = (roots.load().unwrap(), roots.load().unwrap());
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
