//! The extra socket's file: kept in its place like the command socket's, and in nobody's way.

use std::fmt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use pizauth_common::config::ExtraPlace;
use pizauth_core::moment::Moment;

use super::{SocketError, SocketFile, absolute, claim};

/// An extra socket that cannot be claimed.
#[derive(Debug)]
pub(crate) enum ExtraSocketError {
    /// It is in a home directory that nobody can tell.
    NoHome,
    /// It would be the command socket.
    IsCommandSocket(PathBuf),
    /// Somebody else listens there, or has said so by a lock; the process id, if it is known.
    Taken(PathBuf, Option<i32>),
    /// The system refused.
    Socket(SocketError),
}

impl fmt::Display for ExtraSocketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("extra_socket: ")?;
        match self {
            Self::NoHome => f.write_str("cannot tell the home directory: set HOME, or give an absolute path"),
            Self::IsCommandSocket(path) => {
                write!(f, "{} is the command socket itself: choose another name", path.display())
            }
            Self::Taken(path, pid) => {
                let by = pid.map(|pid| format!(" (process {pid})")).unwrap_or_default();
                write!(f, "{} is in use by another program{by}: choose another name", path.display())
            }
            Self::Socket(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ExtraSocketError {}

impl From<SocketError> for ExtraSocketError {
    fn from(error: SocketError) -> Self {
        match error {
            SocketError::Answers(path, pid)
            | SocketError::Stranger(path, pid)
            | SocketError::Locked(path, pid) => Self::Taken(path, pid),
            other => Self::Socket(other),
        }
    }
}

/// The path that the configuration means.
///
/// # Errors
/// There is none.
pub(crate) fn extra_path(
    place: &ExtraPlace,
    command_socket: &Path,
    home: Option<&Path>,
) -> Result<PathBuf, ExtraSocketError> {
    let path = match place {
        ExtraPlace::Beside(name) => command_socket.with_file_name(name),
        ExtraPlace::At(path) => absolute(&path.resolve(home).ok_or(ExtraSocketError::NoHome)?),
    };
    if path == command_socket { Err(ExtraSocketError::IsCommandSocket(path)) } else { Ok(path) }
}

impl SocketFile {
    /// Takes possession of `path` and listens there, non-blocking, without waiting for whoever may be there.
    ///
    /// # Errors
    /// Somebody listens there, or it is not usable.
    pub(crate) fn claim_extra(path: &Path, now: Moment) -> Result<(Self, UnixListener), ExtraSocketError> {
        let (candidate, claim, listener) = claim::at(path)?;
        Ok((Self::new(candidate, claim, None, now), listener))
    }
}
