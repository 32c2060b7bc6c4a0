//! Our own directory, checked on descriptors: nobody else can reach into it, and nobody can swap it for another.
//!
//! The path is walked from the root, one component at a time, so that what was checked is what is opened.
//! A directory that fails is refused and never repaired: whoever made it so should know.

mod error;
mod private_group;
#[cfg(test)]
mod tests;

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat, fstat, mkdirat, openat, readlinkat, statat};
use rustix::io::Errno;

pub use self::error::{DirectoryError, Problem};
use super::OwnDirectory;

const ROOT_UID: u32 = 0;
/// As the kernel's own limit for one lookup.
const MAX_LINKS: u32 = 40;
const BITS_OF_OTHERS: u32 = 0o077;
const WRITABLE_BY_OTHERS: u32 = 0o002;
const WRITABLE_BY_GROUP: u32 = 0o020;
const STICKY: u32 = 0o1000;

/// A parent needs to be searchable only; a few systems have no flag for that.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
const SEARCH: OFlags = OFlags::PATH;
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
const SEARCH: OFlags = OFlags::RDONLY;

/// What to do about a directory that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// It is an error.
    Refuse,
    /// It is created, mode 0700, with its parents up to the base.
    Create,
}

/// Opens our directory if it is safe: it and its parents belong to `uid` (parents: or root), it gives no right
/// to others, no parent can be written by others unless it is sticky, or by a group that is the user's alone, and it is
/// no symbolic link.
///
/// # Errors
/// It is missing, or not safe; the error says which directory, what is wrong and what to do.
pub fn open(directory: &OwnDirectory, uid: u32, missing: Missing) -> Result<OwnedFd, DirectoryError> {
    let mut walk = Walk::from_root(uid)?;
    walk.descend(&directory.base)?;
    walk.create = missing == Missing::Create;
    if let Some(parents) = directory.below.parent() {
        walk.descend(parents)?;
    }
    walk.finish(directory.below.file_name().unwrap_or(OsStr::new(".")))
}

/// The first directory on the way to `file` through which others could put another file in its place: it belongs to a
/// user who is neither `uid` nor root, or others can write it.
pub fn weak_parent(file: &Path, uid: u32) -> Option<DirectoryError> {
    let directory = std::path::absolute(file).ok()?.parent()?.to_owned();
    let descended = Walk::from_root(uid).and_then(|mut walk| walk.descend(&directory));
    descended
        .err()
        .filter(|error| matches!(error.problem, Problem::OwnedBy(_) | Problem::WritableByOthers(_)))
}

/// Whether the group, for `uid`, is nobody but that user.
pub fn is_own_group(gid: u32, uid: u32) -> bool {
    private_group::is_private(gid, uid)
}

/// A way down through the file system; every directory on it has passed [`Walk::check_parent`].
struct Walk {
    uid: u32,
    here: OwnedFd,
    /// The path of `here`, for messages.
    at: PathBuf,
    links: u32,
    create: bool,
}

impl Walk {
    fn from_root(uid: u32) -> Result<Self, DirectoryError> {
        let at = PathBuf::from("/");
        let here = open_root().map_err(|errno| DirectoryError::new(&at, Problem::Io(errno)))?;
        Ok(Self { uid, here, at, links: 0, create: false })
    }

    fn descend(&mut self, path: &Path) -> Result<(), DirectoryError> {
        for component in path.components() {
            match component {
                Component::RootDir => self.restart()?,
                Component::Normal(name) => self.step(name)?,
                Component::ParentDir => self.step(OsStr::new(".."))?,
                Component::CurDir | Component::Prefix(_) => {}
            }
        }
        Ok(())
    }

    fn restart(&mut self) -> Result<(), DirectoryError> {
        if self.at == Path::new("/") {
            return Ok(());
        }
        self.at = PathBuf::from("/");
        self.here = open_root().map_err(|errno| self.problem(Problem::Io(errno)))?;
        Ok(())
    }

    fn step(&mut self, name: &OsStr) -> Result<(), DirectoryError> {
        match self.open_child(name, SEARCH) {
            Ok(child) => self.enter(name, child),
            Err(Errno::LOOP | Errno::NOTDIR | Errno::MLINK) => self.follow(name),
            Err(errno) => Err(self.problem_of(name, errno.into())),
        }
    }

    fn enter(&mut self, name: &OsStr, child: OwnedFd) -> Result<(), DirectoryError> {
        self.at.push(name);
        self.here = child;
        let stat = fstat(&self.here).map_err(|errno| self.problem(errno.into()))?;
        self.check_parent(&stat)
    }

    /// A symbolic link among the parents (`/home` → `/usr/home`) is as good as who made it.
    fn follow(&mut self, name: &OsStr) -> Result<(), DirectoryError> {
        let stat = statat(&self.here, name, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|errno| self.problem_of(name, errno.into()))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::Symlink {
            return Err(self.problem_of(name, Problem::NotADirectory));
        }
        if !self.is_trusted(&stat) {
            return Err(self.problem_of(name, Problem::OwnedBy(stat.st_uid)));
        }
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(self.problem_of(name, Problem::Io(Errno::LOOP)));
        }
        let target =
            readlinkat(&self.here, name, Vec::new()).map_err(|errno| self.problem_of(name, errno.into()))?;
        self.descend(Path::new(OsStr::from_bytes(target.as_bytes())))
    }

    /// Opens the last component and holds it to what only our own directory has to fulfil.
    fn finish(&self, name: &OsStr) -> Result<OwnedFd, DirectoryError> {
        let own = match self.open_child(name, OFlags::RDONLY) {
            Ok(own) => own,
            Err(Errno::LOOP | Errno::NOTDIR | Errno::MLINK) => {
                return Err(self.problem_of(name, Problem::LinkOrFile));
            }
            Err(errno) => return Err(self.problem_of(name, errno.into())),
        };
        let stat = fstat(&own).map_err(|errno| self.problem_of(name, errno.into()))?;
        if stat.st_uid != self.uid {
            return Err(self.problem_of(name, Problem::OwnedBy(stat.st_uid)));
        }
        if mode(&stat) & BITS_OF_OTHERS != 0 {
            return Err(self.problem_of(name, Problem::OpenToOthers(mode(&stat))));
        }
        Ok(own)
    }

    fn open_child(&self, name: &OsStr, access: OFlags) -> Result<OwnedFd, Errno> {
        let flags = access | OFlags::NOFOLLOW | OFlags::DIRECTORY | OFlags::CLOEXEC;
        match openat(&self.here, name, flags, Mode::empty()) {
            Err(Errno::NOENT) if self.create => {
                match mkdirat(&self.here, name, Mode::RWXU) {
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(errno) => return Err(errno),
                }
                openat(&self.here, name, flags, Mode::empty())
            }
            result => result,
        }
    }

    fn check_parent(&self, stat: &Stat) -> Result<(), DirectoryError> {
        if !self.is_trusted(stat) {
            return Err(self.problem(Problem::OwnedBy(stat.st_uid)));
        }
        let mode = mode(stat);
        let by_others = mode & WRITABLE_BY_OTHERS != 0
            || mode & WRITABLE_BY_GROUP != 0 && !private_group::is_private(stat.st_gid, self.uid);
        if mode & STICKY == 0 && by_others {
            return Err(self.problem(Problem::WritableByOthers(mode)));
        }
        Ok(())
    }

    fn is_trusted(&self, stat: &Stat) -> bool {
        stat.st_uid == self.uid || stat.st_uid == ROOT_UID
    }

    fn problem(&self, problem: Problem) -> DirectoryError {
        DirectoryError::new(&self.at, problem)
    }

    fn problem_of(&self, name: &OsStr, problem: Problem) -> DirectoryError {
        DirectoryError::new(&self.at.join(name), problem)
    }
}

fn open_root() -> Result<OwnedFd, Errno> {
    openat(CWD, "/", SEARCH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

/// The permission bits; `mode_t` is narrower than 32 bits on some systems.
#[allow(clippy::unnecessary_cast, reason = "a cast on some systems only")]
fn mode(stat: &Stat) -> u32 {
    stat.st_mode as u32 & 0o7777
}
