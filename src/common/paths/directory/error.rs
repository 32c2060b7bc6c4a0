//! Why a directory was refused, in words that say what to do.

use std::fmt;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use crate::cause::Cause;

/// A directory that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryError {
    /// Which one: ours, or a parent of it.
    pub directory: PathBuf,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It does not exist.
    Missing,
    /// It belongs to another user, whose uid this is.
    OwnedBy(u32),
    /// Ours gives rights to the group or to others; its mode.
    OpenToOthers(u32),
    /// A parent can be written by the group or by others and is not sticky; its mode.
    WritableByOthers(u32),
    /// A parent is a file.
    NotADirectory,
    /// Ours is a symbolic link or a file.
    LinkOrFile,
    /// The system refused to open it.
    Io(Errno),
}

impl DirectoryError {
    pub(super) fn new(directory: &Path, problem: Problem) -> Self {
        Self { directory: directory.to_owned(), problem }
    }

    /// Whether there is simply nothing there.
    pub fn is_missing(&self) -> bool {
        self.problem == Problem::Missing
    }
}

impl From<Errno> for Problem {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::NOENT => Self::Missing,
            errno => Self::Io(errno),
        }
    }
}

impl fmt::Display for DirectoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let directory = self.directory.display();
        match self.problem {
            Problem::Missing => write!(f, "{directory} does not exist"),
            Problem::OwnedBy(uid) => write!(
                f,
                "{directory} belongs to another user (uid {uid}): is XDG_RUNTIME_DIR or HOME another user's?"
            ),
            Problem::OpenToOthers(mode) => write!(
                f,
                "{directory} is open to other users (mode {mode:04o}): if you trust what is in it: \
                 chmod 700 {directory}"
            ),
            Problem::WritableByOthers(mode) => write!(
                f,
                "{directory} can be written by other users (mode {mode:04o}): if that is not wanted: \
                 chmod go-w {directory}"
            ),
            Problem::NotADirectory => write!(f, "{directory} is not a directory"),
            Problem::LinkOrFile => {
                write!(f, "{directory} is a symbolic link or a file, it has to be a directory: remove it")
            }
            Problem::Io(errno) => write!(f, "cannot open {directory}: {}", Cause(&errno.into())),
        }
    }
}

impl std::error::Error for DirectoryError {}
