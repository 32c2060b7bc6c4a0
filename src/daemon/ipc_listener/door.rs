//! By which socket a caller has come.

use mio::Token;

use super::CallerId;
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

/// A caller, by the door that it has come by: that decides what it may be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AnyCaller {
    /// By the command socket: one of the user's own programs.
    Own(CallerId),
    /// By the extra socket.
    Guest(GuestId),
}

/// A caller that has come by the extra socket. It is told nothing but a [`GuestAnswer`](super::GuestAnswer).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GuestId(pub(super) CallerId);

impl AnyCaller {
    pub(super) fn new(id: CallerId, door: Door) -> Self {
        match door {
            Door::Command => Self::Own(id),
            Door::Extra => Self::Guest(GuestId(id)),
        }
    }

    pub(super) fn id(self) -> CallerId {
        match self {
            Self::Own(id) | Self::Guest(GuestId(id)) => id,
        }
    }

    /// The caller, if it has come by the command socket.
    pub(crate) fn own(self) -> Option<CallerId> {
        match self {
            Self::Own(id) => Some(id),
            Self::Guest(_) => None,
        }
    }

    /// As a ticket for whoever else has to tell callers apart.
    pub(crate) fn number(self) -> u64 {
        self.id().0 as u64
    }
}
