//! Exit statuses, the same for every program.

use std::process::{ExitCode, Termination};

/// How a program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done: 0.
    Done,
    /// Not done (no token, refused, unknown account, bad configuration): 1.
    NotDone,
    /// The daemon cannot be reached or does not answer: 2, as ssh-add.
    Unreachable,
    /// Wrong usage: 64, as sysexits' EX_USAGE.
    Usage,
    /// Somebody who waited has pressed Ctrl-C: 130, as a shell says it of a program that SIGINT has ended.
    Interrupted,
}

impl Exit {
    /// The number the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::NotDone => 1,
            Self::Unreachable => 2,
            Self::Usage => 64,
            Self::Interrupted => 130,
        }
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self.code())
    }
}
