//! The file: where it is, the lock that keeps it to one daemon, and how it is replaced so that there is always a whole
//! one.

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, fchmod, fstat, openat, renameat, unlinkat};
use rustix::io::Errno;
use zeroize::Zeroizing;

use super::LARGEST;
use super::error::{Failure, NotLocked, Unusable};
use crate::file_id::FileId;
use crate::lock::{Lock, LockError};

/// Where tokens are saved.
#[derive(Debug)]
pub(super) struct Place {
    /// As the configuration has it.
    path: PathBuf,
    /// The file itself, where that is a link.
    file: PathBuf,
    locked: Option<LockedPlace>,
}

/// The directory as long as it is locked against others, for the loop and for the thread that writes.
#[derive(Clone, Debug)]
pub(super) struct LockedPlace {
    directory: Arc<File>,
    name: OsString,
    lock: Arc<Lock>,
}

impl Place {
    /// The place at `path`; a link is followed once.
    ///
    /// # Errors
    /// It is a link to a link.
    pub(super) fn at(path: PathBuf) -> Result<Self, Unusable> {
        let file = match fs::read_link(&path) {
            Ok(target) => path.parent().unwrap_or(Path::new("/")).join(target),
            Err(_) => path.clone(),
        };
        if file != path && fs::read_link(&file).is_ok() {
            return Err(Unusable::LinkToLink(path));
        }
        Ok(Self { path, file, locked: None })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether `other` is the same file, by whatever path.
    pub(super) fn is(&self, other: &Self) -> bool {
        let directory = |place: &Self| fs::metadata(place.directory()).ok().map(|found| FileId::of(&found));
        self.file == other.file
            || (directory(self).is_some()
                && directory(self) == directory(other)
                && self.file.file_name() == other.file.file_name())
    }

    /// Takes another path to the same file.
    pub(super) fn call(&mut self, other: Self) {
        (self.path, self.file) = (other.path, other.file);
    }

    /// Whether there is a file, as far as can be told.
    pub(super) fn is_occupied(&self) -> bool {
        !matches!(fs::symlink_metadata(&self.file), Err(error) if is_absence(&error))
    }

    /// What has been saved there, if there is something.
    ///
    /// # Errors
    /// It cannot be read, or is nothing that was saved.
    pub(super) fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
        let unreadable = |errno: Errno| Failure::Unreadable(errno.into());
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
        let file = match rustix::fs::open(&self.file, flags, Mode::empty()) {
            Ok(file) => file,
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(unreadable(errno)),
        };
        let stat = fstat(&file).map_err(unreadable)?;
        if FileType::from_raw_mode(stat.st_mode as _) != FileType::RegularFile {
            return Err(Failure::NotRegular);
        }
        let mut bytes = Zeroizing::new(Vec::with_capacity((stat.st_size as usize).min(LARGEST) + 1));
        let read = File::from(file).take(LARGEST as u64 + 1).read_to_end(&mut bytes);
        read.map_err(Failure::Unreadable)?;
        if bytes.len() > LARGEST {
            return Err(Failure::TooLarge);
        }
        Ok(Some(bytes))
    }

    /// Locks the place, or sees that it is locked still. What is missing of its directory is made.
    ///
    /// # Errors
    /// The place is somebody else's, or cannot be locked.
    pub(super) fn lock(&mut self) -> Result<LockedPlace, NotLocked> {
        let path = self.directory().to_owned();
        let refused = |what| {
            let directory = path.clone();
            move |error| NotLocked::Refused { what, directory, error }
        };
        DirBuilder::new().recursive(true).mode(0o700).create(&path).map_err(refused("make"))?;
        let directory = File::open(&path).map_err(refused("open"))?;
        if let Some(locked) = self.locked.as_ref().filter(|locked| locked.lock.is_good_for(&directory)) {
            return Ok(locked.clone());
        }
        self.locked = None;
        let directory = Arc::new(directory);
        let name = self.file.file_name().unwrap_or(OsStr::new("tokens")).to_owned();
        let lock = Lock::beside(&directory, &name).map_err(|error| match error {
            LockError::Held(pid) => NotLocked::Taken(pid),
            LockError::NoLocks(error) | LockError::Io(error) => refused("lock a file in")(error),
        })?;
        let locked = LockedPlace { directory, name, lock: Arc::new(lock) };
        self.locked = Some(locked.clone());
        Ok(locked)
    }

    fn directory(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new("/"))
    }
}

impl LockedPlace {
    /// Puts `bytes` in the place of what is there. Whenever the machine stops, one of them is there, whole.
    ///
    /// # Errors
    /// What was there is there still, unless the disk itself is failing.
    pub(super) fn replace(&self, bytes: &[u8]) -> Result<(), Failure> {
        let mut new = self.name.clone();
        new.push(".new");
        let written = self.write(&new, bytes).and_then(|()| {
            renameat(&*self.directory, &new, &*self.directory, &self.name)?;
            sync_directory(&self.directory)
        });
        written.map_err(|error| {
            let _ = unlinkat(&*self.directory, &new, AtFlags::empty());
            Failure::Unwritten { file: new, error }
        })
    }

    fn write(&self, new: &OsStr, bytes: &[u8]) -> io::Result<()> {
        // Of a daemon that was killed.
        let _ = unlinkat(&*self.directory, new, AtFlags::empty());
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR;
        let mut file = File::from(openat(&*self.directory, new, flags, mode)?);
        fchmod(&file, mode)?;
        file.write_all(bytes)?;
        file.sync_all()
    }
}

/// Not every file system knows how, and those that do not need it not.
fn sync_directory(directory: &File) -> io::Result<()> {
    match rustix::fs::fsync(directory) {
        Err(Errno::INVAL) | Ok(()) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}
