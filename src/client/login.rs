//! `pizauth login`: leads a user through the sign-in to an account, from the URL to the access token.

mod browser;
mod choice;
mod conversation;
mod interrupt;
mod line;
mod long_lines;
mod paste;
mod progress;
mod qr;
mod session;
mod words;

use pizauth_common::applet::{Applet, Command};
use pizauth_common::arguments;
use pizauth_common::argv::Invocation;
use pizauth_common::exit::Exit;
use pizauth_common::harden::harden_process;
use pizauth_common::ipc::message::Request;
use pizauth_common::time_span::TimeSpan;

use crate::ask::{ask_for_answer, ask_for_status};
use choice::Choice;
use session::Session;

/// Its place in the table.
pub(crate) const APPLET: Applet = Applet::of::<Login>();

arguments! {
    /// Sign in to an account, and wait until that is done.
    #[argh(
        example = "{command_name} work",
        note = "Ctrl-C ends the waiting, not the sign-in: the same command goes on with it."
    )]
    struct Login {
        /// the account; may be left out where there is only one
        #[argh(positional)]
        account: Option<String>,
        /// sign in with a browser, whatever the configuration says
        #[argh(switch)]
        browser: bool,
        /// print the URL only
        #[argh(switch)]
        no_browser: bool,
        /// with a browser elsewhere, and paste where it ends
        #[argh(switch)]
        paste: bool,
        /// on another device, by typing a code there
        #[argh(switch)]
        device: bool,
        /// with --device: show the address as a QR code, too
        #[argh(switch)]
        qr: bool,
        /// wait so long, for example 5m
        #[argh(option, arg_name = "time", default = "TimeSpan::default()")]
        timeout: TimeSpan,
    }
}

impl Command for Login {
    const PROGRAM: &'static str = "pizauth-login";
    const SUMMARY: &'static str = "sign in to an account, and wait until that is done";

    fn run(self, invocation: &Invocation) -> Result<Exit, Exit> {
        let Self { account, browser, no_browser, paste, device, qr, timeout, .. } = self;
        let choice = Choice::of(browser, no_browser, paste, device);
        let choice = choice.map_err(|misuse| invocation.usage_error(misuse))?;
        if qr && (browser || paste) {
            return Err(invocation.usage_error(words::QR_WANTS_DEVICE));
        }
        harden_process();
        let account = match account {
            Some(account) => account,
            None => the_only_account(invocation)?,
        };
        let begun = ask_for_answer(invocation, &Request::Login(choice.request(&account)))?;
        let patience = Some(timeout.duration()).filter(|timeout| !timeout.is_zero());
        Session::new(invocation, account, choice, qr, patience).begin(begun)
    }
}

/// Where the name of an account is left out.
fn the_only_account(invocation: &Invocation) -> Result<String, Exit> {
    match &ask_for_status(invocation)?.accounts[..] {
        [only] => Ok(only.account.clone()),
        several => {
            let names: Vec<_> = several.iter().map(|row| row.account.as_str()).collect();
            Err(invocation.usage_error(format_args!("which account? there are: {}", names.join(", "))))
        }
    }
}
