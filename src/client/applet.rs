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
    /// What it does. It uses `?` to end early: an error is no more than another status.
    pub run: fn(&Invocation) -> Result<Exit, Exit>,
}

impl Applet {
    /// Runs it.
    pub fn call(&self, invocation: &Invocation) -> Exit {
        ending((self.run)(invocation))
    }

    /// Runs it by the command line of this process, which is its own program.
    pub fn main(&self) -> Exit {
        self.call(&Invocation::of_this_process(self.program))
    }
}

/// To the shell every end is a status.
pub(crate) fn ending(result: Result<Exit, Exit>) -> Exit {
    result.unwrap_or_else(|exit| exit)
}
