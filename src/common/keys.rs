//! Keys as they are typed: by itself a terminal hands over a line, of which it keeps no more than 4 KiB.

use std::io;
use std::os::fd::AsFd;

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

/// Ctrl-C, where that is no signal.
pub const INTERRUPT: u8 = 0x03;
/// Ctrl-D.
pub const END: u8 = 0x04;
const BACKSPACE: u8 = 0x08;
const KILL: u8 = 0x15;
const DELETE: u8 = 0x7f;

/// Has the terminal hand over every key from now on, and takes these other modes from it, too. How it was before.
///
/// # Errors
/// It is no terminal.
pub fn hand_over(terminal: impl AsFd, without: LocalModes, when: OptionalActions) -> io::Result<Termios> {
    let before = tcgetattr(&terminal)?;
    let mut modes = before.clone();
    modes.local_modes -= LocalModes::ICANON | without;
    modes.special_codes[SpecialCodeIndex::VMIN] = 1;
    modes.special_codes[SpecialCodeIndex::VTIME] = 0;
    tcsetattr(terminal, when, &modes)?;
    Ok(before)
}

/// Changes the line where `key` is one that corrects it, such as Backspace. False for any other key.
pub fn corrects(line: &mut Vec<u8>, key: u8) -> bool {
    match key {
        BACKSPACE | DELETE => drop(line.pop()),
        KILL => line.clear(),
        _ => return false,
    }
    true
}
