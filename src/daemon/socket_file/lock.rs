//! The lock that makes two daemons impossible: on our own directory, or where the socket's directory is not ours,
//! on a file beside the socket.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::rc::Rc;

use rustix::fs::{
    AtFlags, FlockOperation, Mode, OFlags, Timestamps, flock, futimens, openat, statat, unlinkat,
};
use rustix::io::Errno;

use super::file_id::FileId;

/// How often a lock file may be removed between our opening and locking it.
const ATTEMPTS: usize = 100;

/// Held as long as this value lives, also where a child that has just been forked has its descriptor, too.
#[derive(Debug)]
pub(super) struct Lock {
    file: Rc<File>,
    /// Its name, where it is a file of its own.
    beside: Option<OsString>,
}

/// Why there is no lock.
#[derive(Debug)]
pub(super) enum LockError {
    /// Another process holds it.
    Held,
    /// The system refused.
    Io(io::Error),
}

impl From<Errno> for LockError {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::WOULDBLOCK => Self::Held,
            errno => Self::Io(errno.into()),
        }
    }
}

impl Lock {
    /// Locks a directory of our own. It shares the descriptor that the directory is used through, since there may be
    /// few descriptors.
    pub(super) fn of_directory(directory: &Rc<File>) -> Result<Self, LockError> {
        flock(directory, FlockOperation::NonBlockingLockExclusive)?;
        Ok(Self { file: Rc::clone(directory), beside: None })
    }

    /// Locks `SOCKET.lock` in a directory that may be anybody's.
    pub(super) fn beside(directory: &File, socket: &OsStr) -> Result<Self, LockError> {
        let mut name = socket.to_owned();
        name.push(".lock");
        for _ in 0..ATTEMPTS {
            let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            let file = File::from(openat(directory, &name, flags, Mode::RUSR | Mode::WUSR)?);
            let metadata = file.metadata().map_err(LockError::Io)?;
            if !is_own_file(&metadata) {
                let why = "its lock file is not a file of ours";
                return Err(LockError::Io(io::Error::new(io::ErrorKind::PermissionDenied, why)));
            }
            flock(&file, FlockOperation::NonBlockingLockExclusive)?;
            let lock = Self { file: Rc::new(file), beside: Some(name.clone()) };
            // A daemon that ended may have removed the file between our opening and locking it.
            if lock.is_good_for(directory) {
                return Ok(lock);
            }
        }
        let why = "its lock file is replaced again and again";
        Err(LockError::Io(io::Error::other(why)))
    }

    /// Whether a daemon that starts now in `directory` would be stopped by this lock.
    pub(super) fn is_good_for(&self, directory: &File) -> bool {
        let Ok(ours) = self.file.metadata() else { return false };
        let theirs = match &self.beside {
            None => directory.metadata().ok().map(|metadata| FileId::of(&metadata)),
            Some(name) => {
                statat(directory, name, AtFlags::SYMLINK_NOFOLLOW).ok().map(|stat| FileId::of_stat(&stat))
            }
        };
        theirs == Some(FileId::of(&ours))
    }

    /// Sets the times of a file of its own: one that looks old would be cleaned away.
    pub(super) fn touch(&self, times: &Timestamps) {
        if self.beside.is_some() {
            let _ = futimens(&self.file, times);
        }
    }

    /// Leaves no file behind. The lock itself goes with the value.
    pub(super) fn remove(&self, directory: &File) {
        if let Some(name) = self.beside.as_ref().filter(|_| self.is_good_for(directory)) {
            let _ = unlinkat(directory, name, AtFlags::empty());
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = flock(&self.file, FlockOperation::Unlock);
    }
}

fn is_own_file(metadata: &Metadata) -> bool {
    metadata.is_file() && metadata.uid() == rustix::process::geteuid().as_raw()
}
