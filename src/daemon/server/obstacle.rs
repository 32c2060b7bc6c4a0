//! What keeps the daemon from starting, or from going on.

use std::fmt;
use std::io;

use pizauth_common::cause::Cause;
use pizauth_common::config::LoadError;
use pizauth_common::paths::NoConfigFile;

use crate::redirect_listener::BindError;
use crate::saved_state::Unusable;
use crate::socket_file::{ExtraSocketError, SocketError};
use crate::supervisor::ReadyFdError;

/// Why there is no daemon, or none any more.
#[derive(Debug)]
pub(super) enum Obstacle {
    /// Nobody could be told of its readiness.
    ReadyFd(ReadyFdError),
    NoConfigFile(NoConfigFile),
    Configuration(LoadError),
    Socket(SocketError),
    RedirectListener(BindError),
    SavedState(Unusable),
    ExtraSocket(ExtraSocketError),
    /// The system refuses something without which there is no daemon.
    Refused {
        /// What the daemon was to do.
        what: &'static str,
        error: io::Error,
    },
}

/// The system refuses what the daemon needs to do `what`.
pub(super) fn cannot(what: &'static str) -> impl FnOnce(io::Error) -> Obstacle {
    move |error| Obstacle::Refused { what, error }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadyFd(error) => error.fmt(f),
            Self::NoConfigFile(error) => error.fmt(f),
            Self::Configuration(error) => error.fmt(f),
            Self::Socket(error) => error.fmt(f),
            Self::RedirectListener(error) => error.fmt(f),
            Self::SavedState(error) => error.fmt(f),
            Self::ExtraSocket(error) => error.fmt(f),
            Self::Refused { what, error } => write!(f, "cannot {what}: {}", Cause(error)),
        }
    }
}
