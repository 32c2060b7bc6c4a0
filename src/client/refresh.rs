//! `pizauth-refresh`: starts a refresh, or a new authorization.

use pizauth_common::applet::{Applet, Command};
use pizauth_common::arguments;
use pizauth_common::argv::Invocation;
use pizauth_common::exit::Exit;
use pizauth_common::ipc::message::{self, Response};
use pizauth_common::time_span::TimeSpan;

use crate::ask::{ask_and_wait, no_access_token};
use crate::unavailable::scheduled;

/// Its place in the table.
pub const APPLET: Applet = Applet::of::<Refresh>();

arguments! {
    /// Start a refresh of an access token.
    ///
    /// It is not waited for, but with --wait.
    #[argh(
        example = "{command_name} work",
        note = "Where there is no token: start a new authorization (exit status 1)."
    )]
    struct Refresh {
        /// the account, as the configuration file names it
        #[argh(positional)]
        account: String,
        /// wait so long for the new one, for example 30s
        #[argh(option, arg_name = "time", default = "TimeSpan::default()")]
        wait: TimeSpan,
        /// do not print the authorization URL and code
        #[argh(switch, short = 'u')]
        exclude_url: bool,
    }
}

impl Command for Refresh {
    const PROGRAM: &'static str = "pizauth-refresh";
    const SUMMARY: &'static str = "refresh an access token now, or authorize again";

    fn run(self, invocation: &Invocation) -> Result<Exit, Exit> {
        let Self { account, wait, exclude_url, .. } = self;
        let request = message::Refresh { account: account.clone(), wait: wait.seconds() };
        match ask_and_wait(invocation, &request, wait.duration(), exclude_url)? {
            Response::RefreshScheduled { refresh_in: 0 } | Response::Refreshed { .. } => Ok(Exit::Done),
            Response::RefreshScheduled { refresh_in } => {
                invocation.complain(scheduled(&account, refresh_in));
                Ok(Exit::Done)
            }
            other => Err(no_access_token(invocation, &account, exclude_url, &other)),
        }
    }
}
