//! Why tokens cannot be saved or loaded, in words for a person at night.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::PathBuf;

use pizauth_common::cause::Cause;
use pizauth_core::snapshot::DumpError;

use super::{DECRYPT, ENCRYPT, LARGEST};
use crate::containment::Bug;

/// Why tokens cannot be saved as a configuration wants it.
#[derive(Debug)]
pub(crate) enum Unusable {
    /// The path begins with a home directory that there is not.
    NoHome,
    /// This path leads to a link, and that to another.
    LinkToLink(PathBuf),
    /// Another daemon saves there.
    Taken {
        /// Where.
        path: PathBuf,
        /// Its process id, if it says so.
        by: Option<i32>,
    },
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHome => f.write_str(
                "cannot save tokens: there is no home directory (give state_file an absolute path)",
            ),
            Self::LinkToLink(path) => {
                let path = path.display();
                write!(f, "cannot save tokens to {path}: {path} is a link to a link")
            }
            Self::Taken { path, by } => write!(
                f,
                "cannot save tokens to {}: {} (name another state_file, or stop that one)",
                path.display(),
                NotLocked::Taken(*by)
            ),
        }
    }
}

/// Why a place is not ours.
#[derive(Debug)]
pub(super) enum NotLocked {
    /// Another daemon saves there; its process id, if it says so.
    Taken(Option<i32>),
    /// The system refused.
    Refused {
        /// What it was to do with the directory.
        what: &'static str,
        directory: PathBuf,
        error: io::Error,
    },
}

impl fmt::Display for NotLocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken(Some(pid)) => write!(f, "another pizauthd saves there (process {pid})"),
            Self::Taken(None) => f.write_str("another pizauthd saves there"),
            Self::Refused { what, directory, error } => {
                write!(f, "cannot {what} {}: {}", directory.display(), Cause(error))
            }
        }
    }
}

/// Why a load or a save has come to nothing.
#[derive(Debug)]
pub(super) enum Failure {
    /// Nobody has said where to.
    NoPlace,
    /// Nobody has said by which commands.
    NoCommands,
    NotLocked(NotLocked),
    /// The file cannot be read.
    Unreadable(io::Error),
    NotRegular,
    TooLarge,
    /// A command cannot be started, or has failed.
    Command {
        /// The option that names it.
        option: &'static str,
        /// In words that follow that name.
        why: String,
    },
    /// What the decrypting command has written is not what was saved.
    NoDump(DumpError),
    WroteNothing,
    DoesNotEncrypt,
    /// The decrypting command does not undo what the encrypting one does.
    OtherThanGiven,
    /// The new file cannot be written, or not put in the place of the old one.
    Unwritten {
        /// Its name.
        file: OsString,
        error: io::Error,
    },
    NoThread(io::Error),
    Bug(Bug),
    /// What was to be saved could not be read back for this reason.
    NotReadBack(Box<Self>),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPlace => f.write_str("there is no file to save to"),
            Self::NoCommands => f.write_str("there is no command for it"),
            Self::NotLocked(why) => why.fmt(f),
            Self::Unreadable(error) => Cause(error).fmt(f),
            Self::NotRegular => f.write_str("it is not a regular file"),
            Self::TooLarge => write!(f, "it is larger than {} MiB", LARGEST >> 20),
            Self::Command { option, why } => write!(f, "{option} {why}"),
            Self::NoDump(error) => write!(f, "what {DECRYPT} has written is no dump: {}", error.why()),
            Self::WroteNothing => write!(f, "{ENCRYPT} has written nothing"),
            Self::DoesNotEncrypt => write!(f, "{ENCRYPT} does not encrypt"),
            Self::OtherThanGiven => {
                write!(f, "{DECRYPT} has written something else than {ENCRYPT} was given")
            }
            Self::Unwritten { file, error } => {
                write!(f, "cannot write {}: {}", file.display(), Cause(error))
            }
            Self::NoThread(error) => write!(f, "cannot start a thread: {}", Cause(error)),
            Self::Bug(bug) => bug.fmt(f),
            Self::NotReadBack(why) => write!(f, "the saved state cannot be read back: {why}"),
        }
    }
}
