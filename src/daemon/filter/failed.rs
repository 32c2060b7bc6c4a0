//! Why what a filter has written is good for nothing.

use std::fmt;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use pizauth_common::cause::Cause;
use zeroize::Zeroizing;

use crate::containment::Bug;

/// A filter has failed. What it has written may be secret: there is no `Debug`.
pub(crate) struct Failed {
    /// Why.
    pub how: How,
    /// The last line that it has written to standard error.
    pub complaint: Option<String>,
    /// What it had written until then.
    pub written: Zeroizing<Vec<u8>>,
}

/// How a filter has failed, in words that follow the name of its option.
#[derive(Debug)]
pub(crate) enum How {
    /// The system has refused to start it.
    NotStarted(io::Error),
    /// It has ended with another exit status than 0, or by a signal.
    Ended(ExitStatus),
    /// It has ended well, and has left some of its input.
    DidNotRead,
    /// It was ended after this time.
    Late(Duration),
    /// It was ended after so many bytes.
    TooMuch(usize),
    /// It was ended since nobody wants to know any more.
    Aborted,
    /// The system has refused to feed it or to listen to it.
    NotSpokenWith(io::Error),
    /// Our part of the conversation has failed.
    Bug(Bug),
}

impl From<How> for Failed {
    /// It has said nothing.
    fn from(how: How) -> Self {
        Self { how, complaint: None, written: Zeroizing::default() }
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.how.fmt(f)?;
        self.complaint.iter().try_for_each(|complaint| write!(f, ": {complaint}"))
    }
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted(error) => write!(f, "cannot be started: {}", Cause(error)),
            Self::Ended(status) => match (status.code(), status.signal()) {
                (Some(code), _) => write!(f, "failed (exit {code})"),
                (None, Some(signal)) => write!(f, "failed (signal {signal})"),
                (None, None) => write!(f, "failed ({status})"),
            },
            Self::DidNotRead => f.write_str("did not read all that it was given"),
            Self::Late(limit) => write!(f, "took longer than {} s", limit.as_secs()),
            Self::TooMuch(bytes) => write!(f, "wrote more than {} MiB", bytes >> 20),
            Self::Aborted => f.write_str("was ended, since the daemon stops"),
            Self::NotSpokenWith(error) => write!(f, "cannot be spoken with: {}", Cause(error)),
            Self::Bug(bug) => write!(f, "met {bug}"),
        }
    }
}
