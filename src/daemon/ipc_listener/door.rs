//! By which socket a caller has come.

use mio::Token;

use crate::wake_sources::{EXTRA_LISTENER, IPC_LISTENER};

/// A socket that callers connect to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// The command socket: the user's own programs, who may ask for everything.
    Command,
    /// The extra socket, which may be lent to another machine.
    Extra,
}

impl Door {
    pub(super) const ALL: [Self; 2] = [Self::Command, Self::Extra];

    pub(super) fn token(self) -> Token {
        match self {
            Self::Command => IPC_LISTENER,
            Self::Extra => EXTRA_LISTENER,
        }
    }
}
