//! Why a daemon cannot have its socket.

use std::fmt;
use std::io;
use std::path::PathBuf;

use pizauth_common::cause::Cause;
use pizauth_common::ipc::connect::ConnectError;
use pizauth_common::paths::directory::DirectoryError;

/// A socket that cannot be claimed.
#[derive(Debug)]
pub(crate) enum SocketError {
    /// Nothing says where it could be.
    NoHome,
    /// Our directory is not safe, or cannot be made.
    Directory(DirectoryError),
    /// Another daemon answers at this socket.
    Answers(PathBuf),
    /// Another daemon holds the lock on this directory or file.
    Locked(PathBuf),
    /// Something listens at our place that is no daemon of ours, or does not accept connections.
    Taken(ConnectError),
    /// What has the socket's name is no socket.
    NotASocket(PathBuf),
    /// The system refused.
    Io(PathBuf, io::Error),
}

impl fmt::Display for SocketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHome => f.write_str(
                "cannot tell where to make the socket: set HOME, XDG_RUNTIME_DIR or PIZAUTH_SOCKET",
            ),
            Self::Directory(error) => write!(f, "cannot make the socket: {error}"),
            Self::Answers(path) => write!(
                f,
                "another pizauthd is running and answers at {} (to stop it: pizauth shutdown)",
                path.display()
            ),
            Self::Locked(path) => write!(
                f,
                "another pizauthd is running and holds the lock on {} (to stop it: pizauth shutdown)",
                path.display()
            ),
            Self::Taken(error) => write!(f, "cannot make the socket at {error}"),
            Self::NotASocket(path) => write!(
                f,
                "cannot make the socket {}: something that is no socket is in its place (remove it)",
                path.display()
            ),
            Self::Io(path, error) => write!(f, "cannot make the socket {}: {}", path.display(), Cause(error)),
        }
    }
}

impl std::error::Error for SocketError {}
