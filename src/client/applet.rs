//! What the table knows of a command.

use pizauth_common::argv::Invocation;
use pizauth_common::exit::Exit;

/// One command.
#[derive(Clone, Copy, Debug)]
pub struct Applet {
    /// As a subcommand: `show`.
    pub name: &'static str,
    /// As a program or symlink of its own: `pizauth-show`.
    pub program: &'static str,
    /// Half a line, for the list.
    pub summary: &'static str,
    /// Runs it.
    pub main: fn(&Invocation) -> Exit,
}

/// Commands use `?` to end early; to the shell every end is a status.
pub(crate) fn ending(result: Result<Exit, Exit>) -> Exit {
    match result {
        Ok(exit) | Err(exit) => exit,
    }
}
