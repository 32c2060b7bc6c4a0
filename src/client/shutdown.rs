//! `pizauth shutdown`: stops the daemon.

use std::time::Duration;

use argh::FromArgs;
use pizauth_common::argv::{CommandLine, Invocation};
use pizauth_common::exit::Exit;
use pizauth_common::ipc::message::{Request, Response};

use crate::applet::Applet;
use crate::ask::{ask_keeping, unexpected};

/// Its place in the table.
pub const APPLET: Applet =
    Applet { name: "shutdown", program: "pizauth-shutdown", summary: "stop the daemon", run };

/// The daemon finishes its refreshes and token events first, which takes it 10 s at most.
const PATIENCE: Duration = Duration::from_secs(20);

/// Stop the daemon and wait until it is gone, at most 20 seconds.
#[derive(FromArgs, Debug)]
#[argh(
    help_triggers("-h", "--help"),
    example = "{command_name}",
    note = "Its tokens are forgotten, unless they have been dumped."
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
    let (response, connection) = ask_keeping(invocation, &Request::Shutdown)?;
    let Response::ShuttingDown { wait } = response else {
        return Err(unexpected(invocation));
    };
    if wait && !connection.wait_until_closed(PATIENCE) {
        let seconds = PATIENCE.as_secs();
        invocation.complain(format_args!("pizauthd is stopping, but is not gone after {seconds} s"));
        return Err(Exit::NotDone);
    }
    Ok(Exit::Done)
}
