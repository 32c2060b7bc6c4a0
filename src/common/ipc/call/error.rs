//! Why a command got no answer, in words for a tired person.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

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
        /// A place that does not suit, where the daemon would not be.
        passed_over: Option<ConnectError>,
    },
    /// It took the request and did not answer within this time; its process id, if the system tells.
    NoAnswer(PathBuf, Option<i32>, Duration),
    /// What listens there does not speak our protocol; its process id, if the system tells.
    Stranger(PathBuf, Option<i32>),
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
    /// What says most of what was met at the places, in their order: a socket that does not work says more than one
    /// that is not there, and a place that does not suit is passed over by the daemon, too.
    pub(super) fn of(failures: Vec<(PathBuf, ConnectError)>) -> Self {
        let first = |wanted: fn(&ConnectError) -> bool| failures.iter().position(|(_, error)| wanted(error));
        let unsuitable = first(ConnectError::is_unsuitable);
        let telling = first(|error| !error.is_unsuitable() && !error.is_absent());
        let telling = telling.or_else(|| first(ConnectError::is_absent)).or(unsuitable);
        let (mut told, mut passed_over) = (None, None);
        for (index, (socket, cause)) in failures.into_iter().enumerate() {
            if Some(index) == telling {
                told = Some((socket, cause));
            } else if Some(index) == unsuitable {
                passed_over = Some(cause);
            }
        }
        told.map_or(Self::NoHome, |(socket, cause)| Self::Unreachable { socket, cause, passed_over })
    }

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
            Self::Unreachable { socket, cause, passed_over } if cause.is_nobody() => {
                f.write_str("cannot reach pizauthd at ")?;
                match cause {
                    ConnectError::Directory(_) => write!(f, "{}: no such file", socket.display())?,
                    cause => cause.fmt(f)?,
                }
                f.write_str(" (is it running? start it with: pizauthd)")?;
                passed_over.iter().try_for_each(|why| write!(f, "; not looked at, since {why}"))
            }
            Self::Unreachable { cause: cause @ ConnectError::Directory(_), .. } => {
                write!(f, "cannot trust the socket's directory: {cause}")
            }
            Self::Unreachable { cause, .. } => write!(f, "cannot reach pizauthd at {cause}"),
            Self::NoAnswer(path, pid, patience) => {
                write!(f, "pizauthd at {}", path.display())?;
                pid.iter().try_for_each(|pid| write!(f, " (process {pid})"))?;
                write!(f, " does not answer within {} s", patience.as_secs())
            }
            Self::Stranger(path, pid) => Stranger(path, *pid).fmt(f),
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

/// That something else than a daemon of ours listens at a socket, and how to be rid of it.
pub struct Stranger<'a>(pub &'a Path, pub Option<i32>);

impl fmt::Display for Stranger<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.0.display();
        match self.1 {
            Some(pid) => write!(
                f,
                "what listens at {path} (process {pid}) is not this pizauthd (the original pizauth, still running? \
                 stop it with: kill {pid})"
            ),
            None => write!(
                f,
                "what listens at {path} is not this pizauthd (the original pizauth, still running? stop it)"
            ),
        }
    }
}
