//! Why there is no answer: what the dispatcher and a worker have to tell. No text holds a secret.

use std::fmt;
use std::io;
use std::time::Duration;

use attohttpc::{Error, ErrorKind, InvalidResponseKind};
use pizauth_common::cause::Cause;

use super::proxy::UnusableProxy;
use super::roots::UnusableRoots;
use super::signer::NotSigned;
use super::tls_trouble;
use crate::containment::Bug;
use crate::name_lookup;

/// A request has come to nothing.
#[derive(Debug)]
pub(super) enum Failure {
    TooManyUnderWay,
    TooManyHang,
    NoThread(io::Error),
    Late { limit: Duration },
    Bug(Bug),
    NoUri,
    Unsigned(NotSigned),
    Unreachable { server: String, trouble: Trouble },
    Unanswered { server: String, trouble: Trouble },
}

impl Failure {
    /// Whether trying again is of no use before somebody has mended something here.
    pub(super) fn needs_person(&self) -> bool {
        matches!(self, Self::Unsigned(_))
    }

    /// Whether the server's name has no address.
    pub(super) fn is_unresolved(&self) -> bool {
        matches!(self, Self::Unreachable { trouble: Trouble::Unresolved(_), .. })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyUnderWay => f.write_str("too many requests are under way"),
            Self::TooManyHang => f.write_str("too many earlier requests hang (does the name lookup work?)"),
            Self::NoThread(error) => write!(f, "cannot start a thread for a request: {}", Cause(error)),
            Self::Late { limit } => write!(f, "no answer within {} s", limit.as_secs()),
            Self::Bug(bug) => bug.fmt(f),
            Self::NoUri => f.write_str("cannot ask what is no URI"),
            Self::Unsigned(unsigned) => unsigned.fmt(f),
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
    /// The name has no address, or nobody who knows it was reached.
    Unresolved(io::Error),
    TooManyAddresses {
        count: usize,
        most: usize,
    },
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
    /// What else attohttpc may say.
    Other(Error),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Proxy(unusable) => unusable.fmt(f),
            Self::Roots(unusable) => unusable.fmt(f),
            Self::Unresolved(error) | Self::Io(error) => f.write_str(&of_connection(error)),
            Self::TooManyAddresses { count, most } => {
                write!(f, "it has {count} addresses, and {most} at most are tried")
            }
            Self::ProxyRefused(status) => {
                write!(f, "the proxy refused the connection with http status {status}")
            }
            Self::NameInNoCertificate => {
                f.write_str("its name cannot be looked for in a certificate (an IPv6 address? use a name)")
            }
            Self::TimedOut => f.write_str("timed out"),
            Self::Closed => f.write_str("the connection was closed"),
            Self::NotHttp(what) => {
                write!(f, "the answer is not HTTP: {} cannot be read", unreadable_part(what))
            }
            Self::Interim(status) => {
                write!(f, "http status {status} came before the answer, which is not supported")
            }
            Self::TooLong => f.write_str("the answer is longer than 1 MiB"),
            Self::EndedEarly => f.write_str("the answer ended early"),
            Self::EndUnknown => {
                f.write_str("the answer may have been cut off: it is no JSON and does not tell its length")
            }
            Self::Other(error) => f.write_str(&of_library(error)),
        }
    }
}

/// What the system or a library said of a connection. attohttpc looks names up once more.
fn of_connection(error: &io::Error) -> String {
    let cause = error.get_ref();
    if let Some(error) = cause.and_then(|cause| cause.downcast_ref::<rustls::Error>()) {
        return tls_trouble::words(error);
    }
    if let Some(words) = name_lookup::trouble(error) {
        return words;
    }
    match error.kind() {
        io::ErrorKind::PermissionDenied => format!("{} (does a firewall here forbid it?)", Cause(error)),
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => {
            format!("{} (is this machine connected?)", Cause(error))
        }
        // Of the library that unpacks.
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            "the answer is packed, and cannot be unpacked".to_owned()
        }
        _ => Cause(error).to_string(),
    }
}

/// What of an answer attohttpc cannot read.
fn unreadable_part(kind: &InvalidResponseKind) -> &'static str {
    match kind {
        InvalidResponseKind::StatusLine | InvalidResponseKind::StatusCode => "its first line",
        InvalidResponseKind::Header => "a header",
        InvalidResponseKind::ContentLength => "its Content-Length",
        InvalidResponseKind::ChunkSize | InvalidResponseKind::Chunk => "how its body is cut into chunks",
        InvalidResponseKind::LocationHeader | InvalidResponseKind::RedirectionUrl => "where it redirects to",
    }
}

/// Most of it cannot happen with a URI that has passed the configuration.
fn of_library(error: &Error) -> String {
    match error.kind() {
        ErrorKind::Tls(error) => tls_trouble::words(error),
        ErrorKind::ServerCertVerifier(_) => "no certificate authority is known here".to_owned(),
        ErrorKind::InvalidBaseUrl | ErrorKind::InvalidUrlHost | ErrorKind::InvalidUrlPort => {
            "its address is none that can be asked".to_owned()
        }
        _ => format!("the request cannot be made ({error})"),
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // What a socket says whose own time limit is over.
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Self::TimedOut,
            io::ErrorKind::UnexpectedEof => Self::Closed,
            // What attohttpc says of a body comes in an error of reading it.
            _ => match error.downcast::<Error>() {
                Ok(error) => error.into(),
                Err(error) => Self::Io(error),
            },
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_libraries_say_is_told_in_words() {
        let io = |kind, text: &'static str| Trouble::from(io::Error::new(kind, text)).to_string();
        let http = |kind: ErrorKind| Trouble::from(Error::from(kind)).to_string();
        let body = |kind: InvalidResponseKind| Trouble::from(io::Error::from(kind)).to_string();
        let lookup = "failed to lookup address information: Temporary failure in name resolution";
        let unpacked = "corrupt deflate stream";
        let alert = rustls::Error::AlertReceived(rustls::AlertDescription::ProtocolVersion);
        let table = [
            (io(io::ErrorKind::Other, lookup), "its name cannot be looked up"),
            (io(io::ErrorKind::PermissionDenied, "no"), "no (does a firewall here forbid it?)"),
            (io(io::ErrorKind::NetworkUnreachable, "no way"), "no way (is this machine connected?)"),
            (io(io::ErrorKind::InvalidInput, unpacked), "cannot be unpacked"),
            (io(io::ErrorKind::ConnectionRefused, "Connection refused"), "connection refused"),
            (Trouble::from(io::Error::new(io::ErrorKind::InvalidData, alert.clone())).to_string(), "TLS 1.2"),
            (http(ErrorKind::Tls(alert)), "TLS 1.2"),
            (http(ErrorKind::InvalidUrlHost), "none that can be asked"),
            (http(ErrorKind::TlsDisabled), "the request cannot be made"),
            (http(ErrorKind::InvalidDNSName("::1".into())), "use a name"),
            (body(InvalidResponseKind::ChunkSize), "the answer is not HTTP: how its body is cut into chunks"),
            (body(InvalidResponseKind::Header), "a header cannot be read"),
        ];
        for (said, words) in table {
            assert!(said.contains(words), "{said}");
        }
    }
}
