//! The lock that makes two daemons impossible: on our own directory, or where the socket's directory is not ours,
//! on a file beside the socket. The file is there in either case, and says whose process holds the lock.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::sync::Arc;

use rustix::fs::{
    AtFlags, FlockOperation, Mode, OFlags, Timestamps, flock, ftruncate, openat, statat, unlinkat, utimensat,
};
use rustix::io::Errno;

use crate::file_id::FileId;

/// How often a lock file may be removed between our opening and locking it.
const ATTEMPTS: usize = 100;

/// Held as long as this value lives, also where a child that has just been forked has its descriptor, too.
#[derive(Debug)]
pub(crate) struct Lock {
    directory: Arc<File>,
    /// Of the file that says who holds the lock.
    name: OsString,
    /// That file, where it and not the directory is locked.
    file: Option<File>,
}

/// Who may hold a lock beside each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holders {
    /// Nobody.
    One,
    /// Whoever wants no more than to keep out those who want it alone. The last one says who holds it.
    Several,
}

/// Why there is no lock.
#[derive(Debug)]
pub(crate) enum LockError {
    /// Another process holds it; its process id, if it says so.
    Held(Option<i32>),
    /// The file system has no locks.
    NoLocks(io::Error),
    /// The system refused.
    Io(io::Error),
}

impl LockError {
    fn not_ours() -> Self {
        let why = "its lock file is not a file of ours";
        Self::Io(io::Error::new(io::ErrorKind::PermissionDenied, why))
    }
}

impl From<Errno> for LockError {
    fn from(errno: Errno) -> Self {
        Self::Io(errno.into())
    }
}

impl Lock {
    /// Locks a directory of our own, where the socket is called `socket`. It shares the descriptor that the directory
    /// is used through, since there may be few descriptors.
    pub(crate) fn of_directory(
        directory: &Arc<File>,
        socket: &OsStr,
        holders: Holders,
    ) -> Result<Self, LockError> {
        let name = lock_file(socket);
        take(directory, holders, || who(&open(directory, &name, OFlags::RDONLY).ok()?))?;
        let lock = Self { directory: Arc::clone(directory), name, file: None };
        lock.say_who();
        Ok(lock)
    }

    /// Locks `SOCKET.lock` in a directory that may be anybody's.
    pub(crate) fn beside(directory: &Arc<File>, socket: &OsStr) -> Result<Self, LockError> {
        let name = lock_file(socket);
        for _ in 0..ATTEMPTS {
            let file = match open(directory, &name, OFlags::RDWR | OFlags::CREATE) {
                Err(Errno::LOOP | Errno::MLINK) => return Err(LockError::not_ours()),
                opened => opened?,
            };
            if !is_own_file(&file.metadata().map_err(LockError::Io)?) {
                return Err(LockError::not_ours());
            }
            take(&file, Holders::One, || who(&file))?;
            let lock = Self { directory: Arc::clone(directory), name: name.clone(), file: Some(file) };
            // A daemon that ended may have removed the file between our opening and locking it.
            if lock.is_good_for(directory) {
                lock.say_who();
                return Ok(lock);
            }
        }
        let why = "its lock file is replaced again and again";
        Err(LockError::Io(io::Error::other(why)))
    }

    /// Whether a daemon that starts now in `directory` would be stopped by this lock.
    pub(crate) fn is_good_for(&self, directory: &File) -> bool {
        let Ok(ours) = self.locked().metadata() else { return false };
        let theirs = match &self.file {
            None => directory.metadata().ok().map(|metadata| FileId::of(&metadata)),
            Some(_) => statat(directory, &self.name, AtFlags::SYMLINK_NOFOLLOW)
                .ok()
                .map(|stat| FileId::of_stat(&stat)),
        };
        theirs == Some(FileId::of(&ours))
    }

    /// Sets the times of the file: one that looks old would be cleaned away.
    pub(crate) fn touch(&self, times: &Timestamps) {
        let _ = utimensat(&self.directory, &self.name, times, AtFlags::SYMLINK_NOFOLLOW);
    }

    /// Writes our process id to the file. It is for people: without it the lock is as good.
    pub(crate) fn say_who(&self) {
        let text = format!("{}\n", std::process::id());
        let say = |file: &File| ftruncate(file, 0).is_ok() && file.write_all_at(text.as_bytes(), 0).is_ok();
        match &self.file {
            Some(file) => say(file),
            None => {
                open(&self.directory, &self.name, OFlags::RDWR | OFlags::CREATE).is_ok_and(|file| say(&file))
            }
        };
    }

    fn locked(&self) -> &File {
        self.file.as_ref().unwrap_or(&self.directory)
    }
}

/// Leaves no file behind.
impl Drop for Lock {
    fn drop(&mut self) {
        if self.is_good_for(&self.directory) {
            let _ = unlinkat(&self.directory, &self.name, AtFlags::empty());
        }
        let _ = flock(self.locked(), FlockOperation::Unlock);
    }
}

/// `SOCKET.lock`.
pub(crate) fn lock_file(socket: &OsStr) -> OsString {
    let mut name = socket.to_owned();
    name.push(".lock");
    name
}

fn open(directory: &File, name: &OsStr, flags: OFlags) -> Result<File, Errno> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    openat(directory, name, flags, Mode::RUSR | Mode::WUSR).map(File::from)
}

fn take(locked: &File, holders: Holders, holder: impl FnOnce() -> Option<i32>) -> Result<(), LockError> {
    let operation = match holders {
        Holders::One => FlockOperation::NonBlockingLockExclusive,
        Holders::Several => FlockOperation::NonBlockingLockShared,
    };
    match flock(locked, operation) {
        Ok(()) => Ok(()),
        Err(Errno::WOULDBLOCK) => Err(LockError::Held(holder())),
        Err(errno) => Err(LockError::NoLocks(errno.into())),
    }
}

/// Who has said in the file to hold the lock.
fn who(file: &File) -> Option<i32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim_end().parse().ok()
}

fn is_own_file(metadata: &Metadata) -> bool {
    metadata.is_file() && metadata.uid() == rustix::process::geteuid().as_raw()
}
