//! `pizauth-show`: prints an access token.

use pizauth_common::applet::{Applet, Command};
use pizauth_common::arguments;
use pizauth_common::argv::Invocation;
use pizauth_common::exit::Exit;
use pizauth_common::harden::harden_process;
use pizauth_common::ipc::message::{self, Response};
use pizauth_common::secret::Secret;
use pizauth_common::terminal::is_unsafe;
use pizauth_common::time_span::TimeSpan;

use crate::ask::{ask_and_wait, no_access_token, unexpected};

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
        /// wait so long for it, for example 30s
        #[argh(option, arg_name = "time", default = "TimeSpan::default()")]
        wait: TimeSpan,
        /// one that is valid for so long
        #[argh(option, arg_name = "time", default = "TimeSpan::default()")]
        min_valid: TimeSpan,
        /// give it as bearer, header, xoauth2, ...
        #[argh(option, arg_name = "format")]
        format: Option<String>,
        /// do not print the authorization URL and code
        #[argh(switch, short = 'u')]
        exclude_url: bool,
    }
}

impl Command for Show {
    const PROGRAM: &'static str = "pizauth-show";
    const SUMMARY: &'static str = "print the access token of an account";

    fn run(self, invocation: &Invocation) -> Result<Exit, Exit> {
        let Self { account, wait, min_valid, format, exclude_url, .. } = self;
        harden_process();
        let is_plain = format.is_none();
        let (wait_for, min_valid) = (wait.seconds(), min_valid.seconds());
        let request = message::Show { account: account.clone(), wait: wait_for, min_valid, format };
        match ask_and_wait(invocation, &request, wait.duration(), exclude_url)? {
            Response::AccessToken { access_token } if is_plain => print(invocation, &access_token),
            Response::Output { text } if !text.expose().contains(is_unsafe) => {
                Ok(print_line(invocation, &text))
            }
            other => Err(no_access_token(invocation, &account, exclude_url, &other)),
        }
    }
}

/// What is no token must not reach a mail program or a terminal, whoever answered.
fn print(invocation: &Invocation, access_token: &Secret) -> Result<Exit, Exit> {
    match Secret::token(access_token.expose()) {
        Some(token) => Ok(print_line(invocation, &token)),
        None => Err(unexpected(invocation)),
    }
}

fn print_line(invocation: &Invocation, text: &Secret) -> Exit {
    invocation.print(&format!("{}\n", text.expose()))
}
