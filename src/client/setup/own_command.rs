//! Another command of this executable, as a child.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::multiplexer;

/// This executable as `pizauth` with these arguments.
///
/// # Errors
/// The system does not tell where this executable is.
pub(super) fn own_command(words: &[&str]) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg0(multiplexer::PROGRAM).args(words);
    Ok(command)
}
