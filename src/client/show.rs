//! `pizauth-show`: prints an access token.

use argh::FromArgs;
use pizauth_common::argv::{CommandLine, Invocation};
use pizauth_common::exit::Exit;
use pizauth_common::harden::harden_process;
use pizauth_common::ipc::message::Request;
use pizauth_common::ipc::plain_answer::PlainAnswer;

use crate::applet::Applet;
use crate::ask::{ask, unexpected};
use crate::unavailable;

/// Its place in the table.
pub const APPLET: Applet =
    Applet { name: "show", program: "pizauth-show", summary: "print the access token of an account", run };

/// Print the access token of an account.
#[derive(FromArgs, Debug)]
#[argh(
    help_triggers("-h", "--help"),
    example = "{command_name} work",
    note = "Where there is none: why is said on stderr, and the exit status is 1."
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
    harden_process();
    let why = match ask(invocation, &Request::Show { account: account.clone() })? {
        PlainAnswer::AccessToken(access_token) => {
            return Ok(invocation.print(&format!("{}\n", access_token.expose())));
        }
        PlainAnswer::Pending(url) => unavailable::pending(&url, exclude_url),
        PlainAnswer::Exchanging => unavailable::exchanging(&account),
        PlainAnswer::Expired(expired) => unavailable::expired(&account, &expired),
        _ => return Err(unexpected(invocation)),
    };
    invocation.complain(why);
    Ok(Exit::NotDone)
}
