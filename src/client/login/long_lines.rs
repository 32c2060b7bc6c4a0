//! Lines of any length from a terminal, which by itself keeps 4 KiB of one and drops the rest in silence: an address
//! may be longer.

use std::io;

use pizauth_common::keys::hand_over;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcsetattr};

/// While this value lives, a terminal at standard input hands over every key as it is typed; Ctrl-C is a signal as
/// ever. When it is dropped the terminal is as it was before.
pub(super) struct LongLines(Option<Termios>);

impl LongLines {
    pub(super) fn begin() -> Self {
        Self(hand_over(io::stdin(), LocalModes::empty(), OptionalActions::Now).ok())
    }
}

impl Drop for LongLines {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
        }
    }
}
