//! A connection to the daemon: the directory is checked before, the other end's uid after, then bytes may move.

use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use rustix::io::{Errno, ioctl_fionbio};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, connect};

use super::peer::Peer;
use crate::cause::Cause;
use crate::paths::SocketCandidate;
use crate::paths::directory::{self, DirectoryError, Missing};

/// Why nothing could be reached at one candidate.
#[derive(Debug)]
pub enum ConnectError {
    /// Its directory is missing or not safe.
    Directory(DirectoryError),
    /// Nobody listens at the socket, or there is none.
    Io(PathBuf, io::Error),
    /// The process that listens is another user's.
    ForeignPeer(PathBuf, u32),
}

impl ConnectError {
    /// Whether there is certainly no daemon: no directory, no socket, or nobody listening at it.
    pub fn is_nobody(&self) -> bool {
        match self {
            Self::Directory(error) => error.is_missing(),
            Self::Io(_, error) => {
                matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
            }
            Self::ForeignPeer(..) => false,
        }
    }

    /// Whether somebody listens there, who accepts no connection or is another user.
    pub fn is_somebody(&self) -> bool {
        match self {
            Self::Directory(_) => false,
            Self::Io(_, error) => matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut),
            Self::ForeignPeer(..) => true,
        }
    }

    /// Whether the daemon makes no socket in such a place either.
    pub fn is_unsuitable(&self) -> bool {
        match self {
            Self::Directory(error) => !error.is_missing(),
            Self::Io(_, error) => is_too_long(error),
            Self::ForeignPeer(..) => false,
        }
    }

    /// Whether not even a socket is there.
    pub fn is_absent(&self) -> bool {
        match self {
            Self::Directory(error) => error.is_missing(),
            Self::Io(_, error) => error.kind() == io::ErrorKind::NotFound,
            Self::ForeignPeer(..) => false,
        }
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(error) => error.fmt(f),
            Self::Io(path, error) => write!(f, "{}: {}", path.display(), why(error)),
            Self::ForeignPeer(path, uid) => {
                write!(
                    f,
                    "{}: the process that listens there belongs to another user (uid {uid})",
                    path.display()
                )
            }
        }
    }
}

/// Why nobody can be reached there.
fn why(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file".to_owned(),
        io::ErrorKind::ConnectionRefused => "nobody listens there".to_owned(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => "it accepts no connection".to_owned(),
        _ if is_too_long(error) => "the path is too long for a socket (about 100 bytes)".to_owned(),
        _ => Cause(error).to_string(),
    }
}

fn is_too_long(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidFilename)
}

/// Connects to one candidate, within `patience`, which may be zero. The connection does not block.
///
/// # Errors
/// Nobody listens there, or whoever does must not be talked to.
pub fn connect_to(candidate: &SocketCandidate, patience: Duration) -> Result<UnixStream, ConnectError> {
    // The directory that was checked stays open until the connection stands.
    let _directory = match candidate {
        SocketCandidate::Own(own) => {
            let uid = rustix::process::geteuid().as_raw();
            Some(directory::open(own, uid, Missing::Refuse).map_err(ConnectError::Directory)?)
        }
        SocketCandidate::Named(_) => None,
    };
    let path = candidate.socket();
    let failed = |error: io::Error| ConnectError::Io(path.clone(), error);
    let address = SocketAddrUnix::new(&path).map_err(|errno| failed(errno.into()))?;
    let stream = connect_within(&address, patience).map_err(|errno| failed(errno.into()))?;
    let peer = Peer::of(&stream).map_err(failed)?;
    if peer.is_trusted() { Ok(stream) } else { Err(ConnectError::ForeignPeer(path, peer.uid)) }
}

/// A connection attempt waits while the listener's queue is full; the time limit for sending bounds that too.
fn connect_within(address: &SocketAddrUnix, patience: Duration) -> Result<UnixStream, Errno> {
    let socket = unix_socket(SocketType::STREAM)?;
    if patience.is_zero() {
        ioctl_fionbio(&socket, true)?;
    } else {
        set_socket_timeout(&socket, Timeout::Send, Some(patience))?;
    }
    rustix::io::retry_on_intr(|| connect(&socket, address))?;
    ioctl_fionbio(&socket, true)?;
    Ok(UnixStream::from(socket))
}

/// A Unix socket that no child inherits.
///
/// # Errors
/// The system has no descriptor left.
pub fn unix_socket(kind: SocketType) -> Result<OwnedFd, Errno> {
    #[cfg(not(target_vendor = "apple"))]
    {
        use rustix::net::{SocketFlags, socket_with};
        socket_with(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None)
    }
    #[cfg(target_vendor = "apple")]
    {
        let socket = rustix::net::socket(AddressFamily::UNIX, kind, None)?;
        rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
        Ok(socket)
    }
}
