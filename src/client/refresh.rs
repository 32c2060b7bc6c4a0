//! `pizauth-refresh`: starts a refresh, or a new authorization.

use pizauth_common::applet::{Applet, Command};
use pizauth_common::arguments;
use pizauth_common::argv::Invocation;
use pizauth_common::exit::Exit;
use pizauth_common::ipc::message::{Request, Response};

use crate::ask::{ask, unexpected};
use crate::unavailable;

/// Its place in the table.
pub const APPLET: Applet = Applet::of::<Refresh>();

arguments! {
    /// Start a refresh of an access token, and do not wait for its end.
    #[argh(
        example = "{command_name} work",
        note = "Where there is no token: start a new authorization (exit status 1)."
    )]
    struct Refresh {
        /// the account, as the configuration file names it
        #[argh(positional)]
        account: String,
        /// do not print the authorization URL
        #[argh(switch, short = 'u')]
        exclude_url: bool,
    }
}

impl Command for Refresh {
    const PROGRAM: &'static str = "pizauth-refresh";
    const SUMMARY: &'static str = "refresh an access token now, or authorize again";

    fn run(self, invocation: &Invocation) -> Result<Exit, Exit> {
        let Self { account, exclude_url, .. } = self;
        let why = match ask(invocation, &Request::Refresh { account: account.clone() })? {
            Response::RefreshScheduled { refresh_in: 0 } => return Ok(Exit::Done),
            Response::RefreshScheduled { refresh_in } => {
                invocation.complain(unavailable::scheduled(&account, refresh_in));
                return Ok(Exit::Done);
            }
            Response::Pending { url, listener_error } => {
                unavailable::pending(&url, exclude_url, listener_error.as_deref())
            }
            Response::Exchanging { last_error } => unavailable::exchanging(&account, last_error.as_deref()),
            _ => return Err(unexpected(invocation)),
        };
        Err(invocation.not_done(why))
    }
}
