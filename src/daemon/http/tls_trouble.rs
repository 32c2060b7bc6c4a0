//! What TLS refuses, in words and with the way out: the errors of rustls are the names of its types.

use rustls::{AlertDescription, CertificateError, Error};

/// As the end of a sentence about the server.
pub(super) fn words(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(error) => certificate(error),
        Error::AlertReceived(alert) => refusal(*alert),
        Error::InvalidMessage(_) => "what answers there does not speak TLS (http in place of https?)".into(),
        Error::PeerIncompatible(_) => {
            "it knows no version of TLS that is safe (1.2 or later is needed)".into()
        }
        Error::NoCertificatesPresented => "it has no certificate".into(),
        Error::PeerMisbehaved(_) | Error::InappropriateMessage { .. } | Error::DecryptError => {
            "it breaks the rules of TLS (something on the way that meddles?)".into()
        }
        Error::InappropriateHandshakeMessage { .. } | Error::PeerSentOversizedRecord => {
            "it breaks the rules of TLS (something on the way that meddles?)".into()
        }
        Error::FailedToGetCurrentTime | Error::FailedToGetRandomBytes => {
            "this machine has no time or no random numbers for TLS".into()
        }
        other => format!("TLS failed ({other})"),
    }
}

/// What it said when it broke off the handshake (RFC 8446 §6.2).
fn refusal(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::HandshakeFailure
        | AlertDescription::ProtocolVersion
        | AlertDescription::InsufficientSecurity => {
            "it refuses every kind of encryption that is safe (TLS 1.2 or later is needed)".into()
        }
        AlertDescription::UnrecognisedName => "it does not know itself by that name".into(),
        AlertDescription::CertificateRequired | AlertDescription::NoCertificate => {
            "it demands a certificate of the client, which is not supported".into()
        }
        AlertDescription::AccessDenied => "it denies access (does a proxy or firewall forbid it?)".into(),
        other => format!("it broke off the encrypted connection (TLS alert {})", u8::from(other)),
    }
}

fn certificate(error: &CertificateError) -> String {
    use CertificateError as Bad;
    let words = match error {
        Bad::Expired | Bad::ExpiredContext { .. } => "has expired (or is the clock here wrong?)",
        Bad::NotValidYet | Bad::NotValidYetContext { .. } => "is not valid yet (or is the clock here wrong?)",
        Bad::UnknownIssuer => {
            "is from an authority that is unknown here (SSL_CERT_FILE can name a file with it)"
        }
        Bad::NotValidForName | Bad::NotValidForNameContext { .. } => "is for another name",
        Bad::Revoked => "has been revoked",
        Bad::BadEncoding => "cannot be read",
        Bad::BadSignature => "is not signed by the authority that it names",
        Bad::InvalidPurpose | Bad::InvalidPurposeContext { .. } => "is not for servers",
        Bad::UnsupportedSignatureAlgorithmContext { .. }
        | Bad::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "is signed in a way that is not supported (SHA-1, or a curve that hardly anybody uses?)"
        }
        // webpki's own errors are not among the variants.
        Bad::Other(other) => return of_webpki(&other.to_string()),
        other => return format!("its certificate is refused ({})", name_of(other)),
    };
    format!("its certificate {words}")
}

fn of_webpki(name: &str) -> String {
    let words = match name {
        name if name.contains("CaUsedAsEndEntity") => {
            "is that of an authority (a server needs one of its own, with CA:FALSE)"
        }
        name if name.contains("UnsupportedCertVersion") => {
            "is of an old version (make one of X.509 version 3, with a subjectAltName)"
        }
        name if name.contains("NameConstraintViolation") => {
            "is for a name that its authority may not certify"
        }
        name => return format!("its certificate, or its authority's, breaks a rule ({name})"),
    };
    format!("its certificate {words}")
}

/// What can be looked for: the name, without what else rustls has to say.
fn name_of(error: &CertificateError) -> String {
    let text = format!("{error:?}");
    text.split([' ', '(', '{']).next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::{InvalidMessage, OtherError, PeerIncompatible, PeerMisbehaved};

    use super::*;

    #[derive(Debug)]
    struct Webpki(&'static str);

    impl std::fmt::Display for Webpki {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(self.0)
        }
    }

    impl std::error::Error for Webpki {}

    fn refused(error: CertificateError) -> Error {
        Error::InvalidCertificate(error)
    }

    fn of_webpki(name: &'static str) -> Error {
        refused(CertificateError::Other(OtherError(Arc::new(Webpki(name)))))
    }

    #[test]
    fn what_is_refused_is_told_in_words_with_the_way_out() {
        let table = [
            (refused(CertificateError::Expired), "its certificate has expired (or is the clock"),
            (refused(CertificateError::NotValidYet), "is not valid yet (or is the clock"),
            (refused(CertificateError::UnknownIssuer), "SSL_CERT_FILE can name"),
            (refused(CertificateError::NotValidForName), "is for another name"),
            (refused(CertificateError::Revoked), "has been revoked"),
            (refused(CertificateError::BadEncoding), "its certificate cannot be read"),
            (refused(CertificateError::BadSignature), "is not signed by the authority"),
            (refused(CertificateError::InvalidPurpose), "is not for servers"),
            (refused(CertificateError::InvalidOcspResponse), "is refused (InvalidOcspResponse)"),
            (of_webpki("CaUsedAsEndEntity"), "with CA:FALSE"),
            (of_webpki("UnsupportedCertVersion"), "X.509 version 3"),
            (of_webpki("NameConstraintViolation"), "may not certify"),
            (of_webpki("MaximumPathDepthExceeded"), "breaks a rule (MaximumPathDepthExceeded)"),
            (Error::AlertReceived(AlertDescription::HandshakeFailure), "TLS 1.2 or later is needed"),
            (Error::AlertReceived(AlertDescription::UnrecognisedName), "by that name"),
            (Error::AlertReceived(AlertDescription::CertificateRequired), "a certificate of the client"),
            (Error::AlertReceived(AlertDescription::AccessDenied), "firewall forbid it?"),
            (Error::AlertReceived(AlertDescription::InternalError), "(TLS alert 80)"),
            (Error::InvalidMessage(InvalidMessage::InvalidContentType), "http in place of https?"),
            (Error::PeerIncompatible(PeerIncompatible::Tls12NotOffered), "1.2 or later is needed"),
            (Error::PeerMisbehaved(PeerMisbehaved::TooMuchEarlyDataReceived), "breaks the rules of TLS"),
            (Error::DecryptError, "breaks the rules of TLS"),
            (Error::NoCertificatesPresented, "it has no certificate"),
        ];
        for (error, words_of_it) in table {
            let words = words(&error);
            assert!(words.contains(words_of_it), "{error:?}: {words}");
            assert!(!words.contains("Error") && !words.contains('{'), "a type's name: {words}");
        }
    }
}
