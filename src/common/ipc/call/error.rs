//! Why a command got no answer, in words for a tired person.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::cause::Cause;
use crate::exit::Exit;
use crate::ipc::connect::ConnectError;
use crate::ipc::frame::{FrameError, VERSION};

/// A call that brought no answer.
#[derive(Debug)]
pub enum CallError {
    /// No variable and no user database says where a socket could be.
    NoHome,
    /// No daemon at any candidate: the one that says most.
    Unreachable {
        /// Where it was looked for.
        socket: PathBuf,
        /// What was found instead.
        cause: ConnectError,
    },
    /// It took the request and did not answer in time.
    NoAnswer(PathBuf),
    /// It closed the connection without an answer.
    HungUp(PathBuf),
    /// The connection failed.
    Broken(PathBuf, io::Error),
    /// What it answered is not an answer of our version.
    Garbled(PathBuf, FrameError),
    /// The request is over its cap; nothing was sent.
    Request(FrameError),
}

impl CallError {
    /// The exit status that it means.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Request(_) => Exit::NotDone,
            _ => Exit::Unreachable,
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHome => f.write_str(
                "cannot tell where the socket of pizauthd is: set HOME, XDG_RUNTIME_DIR or PIZAUTH_SOCKET",
            ),
            Self::Unreachable { socket, cause: ConnectError::Directory(error) } if error.is_missing() => {
                let socket = socket.display();
                write!(
                    f,
                    "cannot reach pizauthd at {socket}: no such file (is it running? start it with: pizauthd)"
                )
            }
            Self::Unreachable { cause, .. } if cause.is_nobody() => {
                write!(f, "cannot reach pizauthd at {cause} (is it running? start it with: pizauthd)")
            }
            Self::Unreachable { cause: cause @ ConnectError::Directory(_), .. } => {
                write!(f, "cannot trust the socket's directory: {cause}")
            }
            Self::Unreachable { cause, .. } => write!(f, "cannot reach pizauthd at {cause}"),
            Self::NoAnswer(path) => {
                write!(f, "pizauthd at {} does not answer within 10 s", path.display())
            }
            Self::HungUp(path) => write!(
                f,
                "pizauthd at {} closed the connection without an answer (its log may say why)",
                path.display()
            ),
            Self::Broken(path, error) => {
                write!(f, "lost the connection to pizauthd at {}: {}", path.display(), Cause(error))
            }
            Self::Garbled(path, FrameError::UnknownVersion(version)) => write!(
                f,
                "pizauthd at {} speaks version {version} of the protocol and this command version {VERSION}: \
                 they are of different releases (restart pizauthd after an upgrade)",
                path.display()
            ),
            Self::Garbled(path, error) => {
                write!(f, "what pizauthd at {} answered cannot be read: {error}", path.display())
            }
            Self::Request(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for CallError {}
