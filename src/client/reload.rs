//! `pizauth reload`: has the daemon read its configuration again.

use argh::FromArgs;
use pizauth_common::argv::{CommandLine, Invocation};
use pizauth_common::exit::Exit;
use pizauth_common::ipc::message::{Request, Response};
use pizauth_common::terminal::printable_lines;

use crate::applet::Applet;
use crate::ask::{ask, unexpected};

/// Its place in the table.
pub const APPLET: Applet = Applet {
    name: "reload",
    program: "pizauth-reload",
    summary: "have the daemon read its configuration again",
    run,
};

/// Have the daemon read its configuration file again.
#[derive(FromArgs, Debug)]
#[argh(
    help_triggers("-h", "--help"),
    example = "{command_name}",
    note = "Errors are printed, and leave everything as it was."
)]
pub struct Arguments {
    /// accepted everywhere; changes nothing here
    #[argh(switch, short = 'v')]
    pub verbose: u8,
    /// print the version
    #[argh(switch)]
    pub version: bool,
}

impl CommandLine for Arguments {}

fn run(invocation: &Invocation) -> Result<Exit, Exit> {
    invocation.parse::<Arguments>()?;
    match ask(invocation, &Request::Reload)? {
        Response::Reloaded { warnings } => {
            warnings.iter().for_each(|warning| invocation.complain(printable_lines(warning)));
            Ok(Exit::Done)
        }
        _ => Err(unexpected(invocation)),
    }
}
