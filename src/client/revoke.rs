//! `pizauth-revoke`: forgets the tokens of an account.

use pizauth_common::applet::{Applet, Command};
use pizauth_common::arguments;
use pizauth_common::argv::Invocation;
use pizauth_common::exit::Exit;
use pizauth_common::ipc::message::{Request, Response};

use crate::ask::{ask, unexpected};

/// Its place in the table.
pub const APPLET: Applet = Applet::of::<Revoke>();

arguments! {
    /// Forget the tokens of an account and cancel what is under way for it.
    #[argh(example = "{command_name} work", note = "The authorization server is not told.")]
    struct Revoke {
        /// the account, as the configuration file names it
        #[argh(positional)]
        account: String,
    }
}

impl Command for Revoke {
    const PROGRAM: &'static str = "pizauth-revoke";
    const SUMMARY: &'static str = "forget the tokens of an account";

    fn run(self, invocation: &Invocation) -> Result<Exit, Exit> {
        match ask(invocation, &Request::Revoke { account: self.account })? {
            Response::Revoked {} => Ok(Exit::Done),
            _ => Err(unexpected(invocation)),
        }
    }
}
