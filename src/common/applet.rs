//! A command: its arguments, which describe it, and the frame around what it does.

use argh::{ArgsInfo, CommandInfoWithArgs, FromArgs};

use crate::argv::Invocation;
use crate::exit::Exit;

/// The arguments of a command as a type from which argh derives parser, help and description; with what every command
/// has, which [`Invocation::parse`] deals with.
#[macro_export]
macro_rules! arguments {
    ($(#[$about:meta])* struct $name:ident { $($field:tt)* }) => {
        #[derive(argh::FromArgs, argh::ArgsInfo)]
        $(#[$about])*
        #[argh(help_triggers("-h", "--help"))]
        struct $name {
            $($field)*
            /// accepted everywhere; changes nothing here
            #[argh(switch, short = 'v')]
            #[allow(dead_code, reason = "it changes nothing")]
            verbose: u8,
            /// print the version
            #[argh(switch)]
            #[allow(dead_code, reason = "it comes before anything is parsed")]
            version: bool,
        }
    };
}

/// What a command does with its arguments.
pub trait Command: FromArgs + ArgsInfo {
    /// As a program or symlink of its own: `pizauth-` and the name of the subcommand.
    const PROGRAM: &'static str;
    /// Half a line, for the list.
    const SUMMARY: &'static str;

    /// Does it, and uses `?` to end early.
    ///
    /// # Errors
    /// No more than another status: what it is about has been printed.
    fn run(self, invocation: &Invocation) -> Result<Exit, Exit>;
}

/// What the table knows of a command.
#[derive(Clone, Copy, Debug)]
pub struct Applet {
    /// As a subcommand: `show`.
    pub name: &'static str,
    /// As a program or symlink of its own: `pizauth-show`.
    pub program: &'static str,
    /// Half a line, for the list.
    pub summary: &'static str,
    /// Its options and arguments. The completions and the manual pages are compared with them.
    pub describe: fn() -> CommandInfoWithArgs,
    /// Reads the arguments, and does it.
    pub run: fn(&Invocation) -> Exit,
}

impl Applet {
    /// Its place in the table.
    pub const fn of<C: Command>() -> Self {
        let (_, name) = C::PROGRAM.split_at("pizauth-".len());
        let (program, summary) = (C::PROGRAM, C::SUMMARY);
        Self { name, program, summary, describe: C::get_args_info, run: parse_and_run::<C> }
    }

    /// Runs it by the command line of this process, which is its own program.
    pub fn main(&self) -> Exit {
        (self.run)(&Invocation::of_this_process(self.program))
    }
}

fn parse_and_run<C: Command>(invocation: &Invocation) -> Exit {
    ending(invocation.parse::<C>().and_then(|command| command.run(invocation)))
}

/// To the shell every end is a status.
pub fn ending(result: Result<Exit, Exit>) -> Exit {
    result.unwrap_or_else(|exit| exit)
}
