//! `pizauth-revoke`: forgets the tokens of an account.

use argh::FromArgs;
use pizauth_common::argv::{CommandLine, Invocation};
use pizauth_common::exit::Exit;
use pizauth_common::ipc::message::Request;
use pizauth_common::ipc::plain_answer::PlainAnswer;

use crate::applet::Applet;
use crate::ask::{ask, unexpected};

/// Its place in the table.
pub const APPLET: Applet =
    Applet { name: "revoke", program: "pizauth-revoke", summary: "forget the tokens of an account", run };

/// Forget the tokens of an account and cancel what is under way for it.
#[derive(FromArgs, Debug)]
#[argh(
    help_triggers("-h", "--help"),
    example = "{command_name} work",
    note = "The authorization server is not told."
)]
pub struct Arguments {
    /// the account, as the configuration file names it
    #[argh(positional)]
    pub account: String,
    /// accepted everywhere; changes nothing here
    #[argh(switch, short = 'v')]
    pub verbose: u8,
    /// print the version
    #[argh(switch)]
    pub version: bool,
}

impl CommandLine for Arguments {}

fn run(invocation: &Invocation) -> Result<Exit, Exit> {
    let Arguments { account, .. } = invocation.parse()?;
    match ask(invocation, &Request::Revoke { account })? {
        PlainAnswer::Revoked => Ok(Exit::Done),
        _ => Err(unexpected(invocation)),
    }
}
