//! Why a configuration file cannot be read.

use std::fmt;
use std::io;

use rustix::io::Errno;

use super::{LARGEST, PATIENCE};
use crate::cause::Cause;

/// Why a configuration file cannot be read, and what to do where that is known.
#[derive(Debug)]
pub enum Unreadable {
    /// The system says no.
    Refused(io::Error),
    /// It is a directory.
    Directory,
    /// It is no file that could be read a second time.
    NotAgain,
    /// Its end is not there in time.
    Endless,
    /// It is too large.
    TooLarge,
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::TimedOut => Self::Endless,
            _ => Self::Refused(error),
        }
    }
}

impl From<Errno> for Unreadable {
    fn from(errno: Errno) -> Self {
        Self::Refused(errno.into())
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => Cause(error).fmt(f),
            Self::Directory => f.write_str("it is a directory"),
            Self::NotAgain => f.write_str(
                "it is not a regular file, and what is not can be read only once, at start (restart the daemon, or \
                 keep the configuration in a file)",
            ),
            Self::Endless => write!(f, "its end has not come within {} s", PATIENCE.as_secs()),
            Self::TooLarge => write!(f, "it is larger than {} MiB", LARGEST >> 20),
        }
    }
}
