//! `pizauth-show`: prints an access token.

use pizauth_common::applet::{Applet, Command};
use pizauth_common::arguments;
use pizauth_common::argv::Invocation;
use pizauth_common::exit::Exit;
use pizauth_common::harden::harden_process;
use pizauth_common::ipc::message::{Request, Response};
use pizauth_common::secret::Secret;

use crate::ask::{ask, unexpected};
use crate::unavailable;

/// Its place in the table.
pub const APPLET: Applet = Applet::of::<Show>();

arguments! {
    /// Print the access token of an account.
    #[argh(
        example = "{command_name} work",
        note = "Where there is none: why is said on stderr, and the exit status is 1."
    )]
    struct Show {
        /// the account, as the configuration file names it
        #[argh(positional)]
        account: String,
        /// do not print the authorization URL
        #[argh(switch, short = 'u')]
        exclude_url: bool,
    }
}

impl Command for Show {
    const PROGRAM: &'static str = "pizauth-show";
    const SUMMARY: &'static str = "print the access token of an account";

    fn run(self, invocation: &Invocation) -> Result<Exit, Exit> {
        let Self { account, exclude_url, .. } = self;
        harden_process();
        let why = match ask(invocation, &Request::Show { account: account.clone() })? {
            Response::AccessToken { access_token } => return print(invocation, &access_token),
            Response::Pending { url, listener_error } => {
                unavailable::pending(&url, exclude_url, listener_error.as_deref())
            }
            Response::Exchanging { last_error } => unavailable::exchanging(&account, last_error.as_deref()),
            Response::Expired(expired) => unavailable::expired(&account, &expired),
            _ => return Err(unexpected(invocation)),
        };
        Err(invocation.not_done(why))
    }
}

/// What is no token must not reach a mail program or a terminal, whoever answered.
fn print(invocation: &Invocation, access_token: &Secret) -> Result<Exit, Exit> {
    match Secret::token(access_token.expose()) {
        Some(token) => Ok(invocation.print(&format!("{}\n", token.expose()))),
        None => Err(unexpected(invocation)),
    }
}
