//! Why a redirect listener cannot listen.

use std::fmt;
use std::io::{self, ErrorKind};

use pizauth_common::cause::Cause;

/// Why the redirect listeners could not be set up. Whatever was there before is untouched.
#[derive(Debug)]
pub(crate) enum BindError {
    /// An address of the configuration cannot be bound.
    Listen {
        /// `http_listen` or `https_listen`.
        option: &'static str,
        /// As configured.
        host: String,
        /// As configured; 0: any free one.
        port: u16,
        /// Whether 127.0.0.1 and ::1 were both needed.
        both: bool,
        /// Whether we hold that port ourselves, for another address that the old configuration names.
        is_ours: bool,
        /// What the system said.
        error: io::Error,
    },
    /// The certificate for HTTPS could not be made: why.
    Certificate(&'static str),
    /// The system has no descriptor, or no thread, left for it.
    Start(io::Error),
    /// The thread that accepts has ended.
    Ended,
}

impl BindError {
    /// Whether somebody else is the cause, and may cease to be.
    pub(super) fn may_pass(&self) -> bool {
        let Self::Listen { port, is_ours: false, error, .. } = self else { return false };
        *port != 0 && matches!(error.kind(), ErrorKind::AddrInUse | ErrorKind::AddrNotAvailable)
    }
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen { option, host, port, both, is_ours, error } => {
                let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
                write!(f, "cannot listen on {host}:{port} ({option})")?;
                if *both {
                    f.write_str(" on both 127.0.0.1 and ::1, which localhost in a redirect_uri needs")?;
                }
                write!(f, ": {}{}", reason(error), advice(error, *port, *is_ours))
            }
            Self::Certificate(why) => write!(
                f,
                "cannot make a certificate for https_listen: {why} (without an https redirect_uri: \
                 https_listen = none)"
            ),
            Self::Start(error) => write!(f, "cannot start the redirect listener: {}", Cause(error)),
            Self::Ended => f.write_str(
                "the redirect listener has ended after an error (to start it again: pizauth reload)",
            ),
        }
    }
}

impl std::error::Error for BindError {}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::AddrInUse => "the port is taken".to_owned(),
        ErrorKind::AddrNotAvailable => "this machine does not have that address".to_owned(),
        _ => Cause(error).to_string(),
    }
}

fn advice(error: &io::Error, port: u16, is_ours: bool) -> &'static str {
    match error.kind() {
        ErrorKind::AddrInUse if is_ours => " (by pizauthd itself, for another address: restart pizauthd)",
        ErrorKind::AddrInUse if port != 0 => {
            " (end the program that holds it, or choose another port, or 0 for any)"
        }
        ErrorKind::PermissionDenied if port != 0 && port < 1024 => {
            " (ports below 1024 are for root; choose another)"
        }
        _ => "",
    }
}
