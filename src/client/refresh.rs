//! `pizauth-refresh`: starts a refresh, or a new authorization.

use argh::FromArgs;
use pizauth_common::argv::{CommandLine, Invocation};
use pizauth_common::exit::Exit;
use pizauth_common::ipc::message::Request;
use pizauth_common::ipc::plain_answer::PlainAnswer;

use crate::applet::Applet;
use crate::ask::{ask, unexpected};
use crate::unavailable;

/// Its place in the table.
pub const APPLET: Applet = Applet {
    name: "refresh",
    program: "pizauth-refresh",
    summary: "refresh an access token now, or authorize again",
    run,
};

/// Start a refresh of an access token, and do not wait for its end.
#[derive(FromArgs, Debug)]
#[argh(
    help_triggers("-h", "--help"),
    example = "{command_name} work",
    note = "Where there is no token: start a new authorization (exit status 1)."
)]
pub struct Arguments {
    /// the account, as the configuration file names it
    #[argh(positional)]
    pub account: String,
    /// do not print the authorization URL
    #[argh(switch, short = 'u')]
    pub exclude_url: bool,
    /// accepted everywhere; changes nothing here
    #[argh(switch, short = 'v')]
    pub verbose: u8,
    /// print the version
    #[argh(switch)]
    pub version: bool,
}

impl CommandLine for Arguments {}

fn run(invocation: &Invocation) -> Result<Exit, Exit> {
    let Arguments { account, exclude_url, .. } = invocation.parse()?;
    let why = match ask(invocation, &Request::Refresh { account: account.clone() })? {
        PlainAnswer::RefreshScheduled => return Ok(Exit::Done),
        PlainAnswer::Pending(url) => unavailable::pending(&url, exclude_url),
        PlainAnswer::Exchanging => unavailable::exchanging(&account),
        _ => return Err(unexpected(invocation)),
    };
    invocation.complain(why);
    Ok(Exit::NotDone)
}
