//! Why a daemon cannot have its socket.

use std::fmt;
use std::io;
use std::path::PathBuf;

use pizauth_common::cause::Cause;
use pizauth_common::ipc::call::Stranger;
use pizauth_common::ipc::connect::ConnectError;
use pizauth_common::paths::directory::DirectoryError;

/// A socket that cannot be claimed.
#[derive(Debug)]
pub(crate) enum SocketError {
    /// Nothing says where it could be.
    NoHome,
    /// None of the places will do, for these reasons.
    Nowhere(Vec<SocketError>),
    /// Our directory is not safe, or cannot be made.
    Directory(DirectoryError),
    /// Another daemon answers at this socket; its process id, if the system tells.
    Answers(PathBuf, Option<i32>),
    /// Something that is no daemon of ours listens at this socket; its process id, if the system tells.
    Stranger(PathBuf, Option<i32>),
    /// Another daemon holds the lock on this directory or file; its process id, if it says so.
    Locked(PathBuf, Option<i32>),
    /// The lock on this directory or file cannot be taken, since its file system has none.
    NoLocks(PathBuf, io::Error),
    /// Something listens at our place that is no daemon of ours, or does not accept connections.
    Taken(ConnectError),
    /// What has the socket's name is no socket.
    NotASocket(PathBuf),
    /// The system refused.
    Io(PathBuf, io::Error),
}

impl SocketError {
    /// Whether the place does not suit, and another one may. Where somebody may listen there is no other place.
    pub(super) fn is_of_place(&self) -> bool {
        match self {
            Self::Directory(_) | Self::NoLocks(..) | Self::NotASocket(_) | Self::Io(..) => true,
            Self::Taken(error) => !error.is_somebody(),
            Self::NoHome | Self::Nowhere(_) | Self::Answers(..) | Self::Stranger(..) | Self::Locked(..) => {
                false
            }
        }
    }

    /// Whether there is simply no such place.
    pub(super) fn is_missing(&self) -> bool {
        matches!(self, Self::Directory(error) if error.is_missing())
    }
}

impl fmt::Display for SocketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHome => f.write_str(
                "cannot tell where to make the socket: set HOME, XDG_RUNTIME_DIR or PIZAUTH_SOCKET",
            ),
            Self::Nowhere(reasons) => {
                let reasons: Vec<_> = reasons.iter().map(ToString::to_string).collect();
                f.write_str(&reasons.join("; "))
            }
            Self::Directory(error) => write!(f, "cannot make the socket: {error}"),
            Self::Answers(path, pid) => {
                write!(f, "another pizauthd is running and answers at {}{}", path.display(), Stop(*pid))
            }
            Self::Stranger(path, pid) => Stranger(path, *pid).fmt(f),
            Self::Locked(path, pid) => {
                let path = path.display();
                write!(f, "another pizauthd is running and holds the lock on {path}{}", Stop(*pid))
            }
            Self::NoLocks(path, error) => write!(
                f,
                "cannot lock {}: {} (is it on a file system without locks? name a socket on another one: \
                 PIZAUTH_SOCKET)",
                path.display(),
                Cause(error)
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

/// How to stop the other daemon.
struct Stop(Option<i32>);

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(pid) => write!(f, " (process {pid}; to stop it: pizauth shutdown, or kill {pid})"),
            None => f.write_str(" (to stop it: pizauth shutdown)"),
        }
    }
}
