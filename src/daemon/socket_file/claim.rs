//! Taking possession of a place for the socket: its directory is opened and locked, nobody answers there, a stale
//! socket is removed, and ours is bound.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use pizauth_common::ipc::call::may_be_ours;
use pizauth_common::ipc::connect::{connect_to, unix_socket};
use pizauth_common::ipc::peer::Peer;
use pizauth_common::paths::directory::{self, Missing};
use pizauth_common::paths::{
    Environment, OwnDirectory, SocketCandidate, directory_of_session, home_directory_of_machine,
    own_directories, sibling_candidates, socket_candidates,
};
use rustix::fs::{AtFlags, FileType, Mode, Timespec, Timestamps, UTIME_NOW, statat, unlinkat, utimensat};
use rustix::io::Errno;
use rustix::net::{SocketAddrUnix, SocketType, bind, listen};

use super::error::SocketError;
use super::{absolute, file_id_at};
use crate::file_id::FileId;
use crate::lock::{Holders, Lock, LockError, lock_file};

/// How long a daemon that may be there at our start has to accept a connection, and then to answer.
const PROBE_PATIENCE: Duration = Duration::from_secs(1);
/// When a lost socket is made again, the event loop must not wait. A daemon whose queue is full cannot accept at
/// once, but connecting to it fails in another way than where nobody listens, so it is noticed all the same.
const NO_PATIENCE: Duration = Duration::ZERO;
/// How many connections may wait to be accepted: std asks for as many. The system lowers it to its own maximum.
const QUEUE: i32 = 4096;

/// A socket file that is ours, and the lock that says so.
#[derive(Debug)]
pub(super) struct Claim {
    directory: Arc<File>,
    is_own_directory: bool,
    socket: FileId,
    name: std::ffi::OsString,
    /// Absent for a moment while a lost socket is made again under the old lock.
    lock: Option<Lock>,
}

impl Claim {
    /// Whether `path` leads to the directory and to the file that are ours. Both may go on to exist where no path leads
    /// any more, as when a file system is unmounted that is in use.
    pub(super) fn is_at(&self, path: &Path) -> bool {
        let parent = path.parent().and_then(|parent| fs::metadata(parent).ok());
        let ours = self.directory.metadata().ok();
        parent.zip(ours).is_some_and(|(found, ours)| FileId::of(&found) == FileId::of(&ours))
            && file_id_at(path) == Some(self.socket)
    }

    /// Sets the times of the socket and of its directory to now.
    pub(super) fn touch(&self) {
        let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
        let times = Timestamps { last_access: now, last_modification: now };
        let _ = utimensat(&self.directory, &self.name, &times, AtFlags::SYMLINK_NOFOLLOW);
        if self.is_own_directory {
            let _ = utimensat(&self.directory, ".", &times, AtFlags::empty());
        }
        if let Some(lock) = &self.lock {
            lock.touch(&times);
        }
    }

    pub(super) fn remove(self) {
        let _ = unlinkat(&self.directory, &self.name, AtFlags::empty());
    }

    /// Takes over the lock of a claim that this one renews, unless it needed a new one.
    pub(super) fn with_locks_of(mut self, lost: Self) -> Self {
        if self.lock.is_none() {
            self.lock = lost.lock.inspect(Lock::say_who);
        }
        self
    }
}

/// What a daemon has once it has started.
pub(super) struct Start {
    pub(super) candidate: SocketCandidate,
    pub(super) claim: Claim,
    pub(super) listener: UnixListener,
    /// That all environments of this user on this machine share: a daemon that sees `XDG_RUNTIME_DIR` and one that
    /// does not must not both run.
    pub(super) user_lock: Option<Lock>,
    /// Why better places do not suit.
    pub(super) passed_over: Vec<SocketError>,
}

/// Claims the first place that suits.
pub(super) fn start(environment: &impl Environment) -> Result<Start, SocketError> {
    let candidates = candidates(environment);
    let (mut missing, mut passed_over) = (None, Vec::new());
    for candidate in candidates.iter().filter(|candidate| may_apply(candidate, environment)) {
        match claim_at(candidate, &candidates, environment) {
            Ok((claim, listener, user_lock)) => {
                return Ok(Start { candidate: candidate.clone(), claim, listener, user_lock, passed_over });
            }
            Err(error) if error.is_missing() => missing = Some(error),
            Err(error) if error.is_of_place() => passed_over.push(error),
            Err(error) => return Err(error),
        }
    }
    Err(match missing {
        _ if !passed_over.is_empty() => SocketError::Nowhere(passed_over),
        Some(error) => error,
        None => SocketError::NoHome,
    })
}

fn claim_at(
    candidate: &SocketCandidate,
    candidates: &[SocketCandidate],
    environment: &impl Environment,
) -> Result<(Claim, UnixListener, Option<Lock>), SocketError> {
    let directory = open_directory(candidate)?;
    let lock = take_lock(candidate, &directory, Holders::One)?;
    let user_lock = match candidate {
        SocketCandidate::Own(own) => lock_for_user(own, environment)?,
        SocketCandidate::Named(_) => None,
    };
    let siblings = sibling_candidates(environment);
    for other in candidates.iter().chain(&siblings).filter(|other| *other != candidate) {
        if let Ok(stream) = connect_to(other, PROBE_PATIENCE) {
            return Err(somebody(stream, other.socket(), PROBE_PATIENCE));
        }
    }
    let (claim, listener) = occupy(candidate, directory, Some(lock), PROBE_PATIENCE)?;
    Ok((claim, listener, user_lock))
}

/// Who has accepted our connection, as the reason not to go on.
fn somebody(stream: UnixStream, path: PathBuf, patience: Duration) -> SocketError {
    let pid = Peer::of(&stream).ok().and_then(|peer| peer.pid);
    if patience.is_zero() || may_be_ours(stream, path.clone(), patience) {
        SocketError::Answers(path, pid)
    } else {
        SocketError::Stranger(path, pid)
    }
}

/// Claims a place beside the one where commands look.
pub(super) fn at(path: &Path) -> Result<(SocketCandidate, Claim, UnixListener), SocketError> {
    let candidate = SocketCandidate::Named(path.to_owned());
    let directory = open_directory(&candidate)?;
    let lock = take_lock(&candidate, &directory, Holders::One)?;
    let (claim, listener) = occupy(&candidate, directory, Some(lock), NO_PATIENCE)?;
    Ok((candidate, claim, listener))
}

/// Claims a place again that was claimed before and lost, perhaps with its whole directory.
pub(super) fn renew(candidate: &SocketCandidate, lost: &Claim) -> Result<(Claim, UnixListener), SocketError> {
    let directory = open_directory(candidate)?;
    let kept = lost.lock.as_ref().is_some_and(|lock| lock.is_good_for(&directory));
    let lock = if kept { None } else { Some(take_lock(candidate, &directory, Holders::One)?) };
    occupy(candidate, directory, lock, NO_PATIENCE)
}

/// The places in the order in which callers look. A `PIZAUTH_SOCKET` that names a socket in one of our own directories
/// counts as that directory, so that its lock is the one that other daemons take.
fn candidates(environment: &impl Environment) -> Vec<SocketCandidate> {
    let own: Vec<_> = own_directories(environment).into_iter().map(SocketCandidate::Own).collect();
    let listed = socket_candidates(environment).into_iter();
    listed
        .map(|it| own.iter().find(|own| own.socket() == absolute(&it.socket())).cloned().unwrap_or(it))
        .collect()
}

/// The system's runtime directory counts only where it has been made for this user.
fn may_apply(candidate: &SocketCandidate, environment: &impl Environment) -> bool {
    match candidate {
        SocketCandidate::Own(own) if own.base == environment.system_runtime_directory() => {
            fs::metadata(&own.base).is_ok_and(|metadata| metadata.uid() == environment.uid())
        }
        _ => true,
    }
}

fn open_directory(candidate: &SocketCandidate) -> Result<Arc<File>, SocketError> {
    match candidate {
        SocketCandidate::Own(own) => open_own(own),
        SocketCandidate::Named(socket) => {
            let socket = absolute(socket);
            let parent = socket.parent().unwrap_or(Path::new("/"));
            File::open(parent).map(Arc::new).map_err(|error| SocketError::Io(socket.clone(), error))
        }
    }
}

fn open_own(own: &OwnDirectory) -> Result<Arc<File>, SocketError> {
    let uid = rustix::process::geteuid().as_raw();
    let directory = directory::open(own, uid, Missing::Create).map_err(SocketError::Directory)?;
    Ok(Arc::new(File::from(directory)))
}

fn take_lock(
    candidate: &SocketCandidate,
    directory: &Arc<File>,
    holders: Holders,
) -> Result<Lock, SocketError> {
    let socket = candidate.socket();
    let (lock, place) = match candidate {
        SocketCandidate::Own(own) => (Lock::of_directory(directory, name_of(&socket), holders), own.path()),
        SocketCandidate::Named(_) => (Lock::beside(directory, name_of(&socket)), lock_beside(&socket)),
    };
    lock.map_err(|error| match error {
        LockError::Held(pid) => SocketError::Locked(place, pid),
        LockError::NoLocks(error) => SocketError::NoLocks(place, error),
        LockError::Io(error) => SocketError::Io(socket, error),
    })
}

/// The lock that a user's daemons on this machine share, in the home directory. Absent where that cannot be written or
/// locked, which is no reason not to run. Those of sessions of their own keep out the user's other one and not each
/// other.
fn lock_for_user(own: &OwnDirectory, environment: &impl Environment) -> Result<Option<Lock>, SocketError> {
    let Some(shared) = home_directory_of_machine(environment).filter(|shared| shared != own) else {
        return Ok(None);
    };
    let Ok(directory) = open_own(&shared) else { return Ok(None) };
    let is_of_session = directory_of_session(environment).as_ref() == Some(own);
    let holders = if is_of_session { Holders::Several } else { Holders::One };
    match take_lock(&SocketCandidate::Own(shared), &directory, holders) {
        Ok(lock) => Ok(Some(lock)),
        Err(error @ SocketError::Locked(..)) => Err(error),
        Err(_) => Ok(None),
    }
}

/// Binds, once nobody listens there and nothing but a stale socket is in the way.
fn occupy(
    candidate: &SocketCandidate,
    directory: Arc<File>,
    lock: Option<Lock>,
    patience: Duration,
) -> Result<(Claim, UnixListener), SocketError> {
    let path = absolute(&candidate.socket());
    match connect_to(candidate, patience) {
        Ok(stream) => return Err(somebody(stream, path, patience)),
        Err(error) if error.is_nobody() => {}
        Err(error) => return Err(SocketError::Taken(error)),
    }
    let name = name_of(&path);
    remove_stale(&directory, name, &path)?;
    let (listener, socket) =
        bind_at(&directory, name, &path).map_err(|errno| SocketError::Io(path.clone(), errno.into()))?;
    let is_own_directory = matches!(candidate, SocketCandidate::Own(_));
    Ok((Claim { directory, is_own_directory, socket, name: name.to_owned(), lock }, listener))
}

fn remove_stale(directory: &File, name: &OsStr, path: &Path) -> Result<(), SocketError> {
    let failed = |errno: Errno| SocketError::Io(path.to_owned(), errno.into());
    match statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::Socket => {
            unlinkat(directory, name, AtFlags::empty()).map_err(failed)
        }
        Ok(_) => Err(SocketError::NotASocket(path.to_owned())),
        Err(Errno::NOENT) => Ok(()),
        Err(errno) => Err(failed(errno)),
    }
}

/// Nobody can connect before `listen`, and by then the mode is 0600: there is no moment to slip in, and the umask,
/// which belongs to hooks and other threads too, is left alone.
fn bind_at(directory: &File, name: &OsStr, path: &Path) -> Result<(UnixListener, FileId), Errno> {
    let private = Mode::RUSR | Mode::WUSR;
    let socket = unix_socket(SocketType::STREAM)?;
    // Linux makes the file with the mode that the socket has.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    rustix::fs::fchmod(&socket, private)?;
    bind(&socket, &SocketAddrUnix::new(path)?)?;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    rustix::fs::chmodat(directory, name, private, AtFlags::SYMLINK_NOFOLLOW)?;
    let identity = FileId::of_stat(&statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?);
    listen(&socket, QUEUE)?;
    let listener = UnixListener::from(socket);
    listener.set_nonblocking(true).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    Ok((listener, identity))
}

fn lock_beside(socket: &Path) -> PathBuf {
    socket.with_file_name(lock_file(name_of(socket)))
}

fn name_of(path: &Path) -> &OsStr {
    path.file_name().unwrap_or_default()
}
