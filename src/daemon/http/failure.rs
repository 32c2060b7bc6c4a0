//! Why there is no answer: what the dispatcher and a worker have to tell. No text holds a secret.

use std::fmt;
use std::io;
use std::time::Duration;

use attohttpc::{Error, ErrorKind, InvalidResponseKind};
use pizauth_common::cause::Cause;
use rustls::CertificateError;

use super::dialers::MOST_ADDRESSES;
use super::proxy::UnusableProxy;
use super::roots::UnusableRoots;
use crate::containment::Bug;

/// A request has come to nothing.
#[derive(Debug)]
pub(super) enum Failure {
    TooManyUnderWay,
    TooManyHang,
    NoThread(io::Error),
    Late { limit: Duration },
    Bug(Bug),
    NoUri(url::ParseError),
    Unreachable { server: String, trouble: Trouble },
    Unanswered { server: String, trouble: Trouble },
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyUnderWay => f.write_str("too many requests are under way"),
            Self::TooManyHang => f.write_str("too many earlier requests hang (does the name lookup work?)"),
            Self::NoThread(error) => write!(f, "cannot start a thread for a request: {}", Cause(error)),
            Self::Late { limit } => write!(f, "no answer within {} s", limit.as_secs()),
            Self::Bug(bug) => bug.fmt(f),
            Self::NoUri(error) => write!(f, "cannot ask what is no URI: {error}"),
            Self::Unreachable { server, trouble } => write!(f, "cannot reach {server}: {trouble}"),
            Self::Unanswered { server, trouble } => write!(f, "no answer from {server}: {trouble}"),
        }
    }
}

/// What went wrong on the way to a server, or on the way back.
#[derive(Debug)]
pub(super) enum Trouble {
    Proxy(UnusableProxy),
    Roots(UnusableRoots),
    TooManyAddresses(usize),
    ProxyRefused(u16),
    NameInNoCertificate,
    TimedOut,
    Closed,
    Io(io::Error),
    NotHttp(InvalidResponseKind),
    /// An answer before the answer (RFC 9110 §15.2), behind which attohttpc does not look.
    Interim(u16),
    TooLong,
    EndedEarly,
    /// It may have ended early.
    EndUnknown,
    Other(Error),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Proxy(unusable) => unusable.fmt(f),
            Self::Roots(unusable) => unusable.fmt(f),
            Self::TooManyAddresses(count) => {
                write!(f, "it has {count} addresses, and {MOST_ADDRESSES} at most are tried")
            }
            Self::ProxyRefused(status) => {
                write!(f, "the proxy refused the connection with http status {status}")
            }
            Self::NameInNoCertificate => {
                f.write_str("its name cannot be looked for in a certificate (an IPv6 address? use a name)")
            }
            Self::TimedOut => f.write_str("timed out"),
            Self::Closed => f.write_str("the connection was closed"),
            Self::Io(error) => match tls_trouble(error) {
                Some(words) => f.write_str(words),
                None => Cause(error).fmt(f),
            },
            Self::NotHttp(what) => write!(f, "the answer is not HTTP ({what})"),
            Self::Interim(status) => {
                write!(f, "http status {status} came before the answer, which is not supported")
            }
            Self::TooLong => f.write_str("the answer is longer than 1 MiB"),
            Self::EndedEarly => f.write_str("the answer ended early"),
            Self::EndUnknown => {
                f.write_str("the answer may have been cut off: it is no JSON and does not tell its length")
            }
            Self::Other(error) => error.fmt(f),
        }
    }
}

/// What rustls refuses, in words, for those that people meet. Its own are the names of its types.
fn tls_trouble(error: &io::Error) -> Option<&'static str> {
    let error = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    Some(match error {
        rustls::Error::InvalidCertificate(error) => certificate_trouble(error)?,
        rustls::Error::InvalidMessage(_) => "what answers there does not speak TLS (http in place of https?)",
        rustls::Error::PeerIncompatible(_) => {
            "it knows no version of TLS that is safe (1.2 or later is needed)"
        }
        _ => return None,
    })
}

fn certificate_trouble(error: &CertificateError) -> Option<&'static str> {
    Some(match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired (or is the clock here wrong?)"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet (or is the clock here wrong?)"
        }
        CertificateError::UnknownIssuer => {
            "its certificate is from an authority that is unknown here (SSL_CERT_FILE can name a file with it)"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another name"
        }
        CertificateError::Revoked => "its certificate has been revoked",
        // webpki's own error is not among the variants.
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            "its certificate is that of an authority (a server needs one of its own, with CA:FALSE)"
        }
        _ => return None,
    })
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // What a socket says whose own time limit is over.
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Self::TimedOut,
            io::ErrorKind::UnexpectedEof => Self::Closed,
            _ => Self::Io(error),
        }
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        match error.into_kind() {
            ErrorKind::Io(error) => error.into(),
            ErrorKind::ConnectError { status_code, .. } => Self::ProxyRefused(status_code.as_u16()),
            ErrorKind::InvalidDNSName(_) => Self::NameInNoCertificate,
            ErrorKind::InvalidResponse(what) => Self::NotHttp(what),
            other => Self::Other(other.into()),
        }
    }
}
