//! `pizauth reload`: has the daemon read its configuration again.

use pizauth_common::applet::{Applet, Command};
use pizauth_common::arguments;
use pizauth_common::argv::Invocation;
use pizauth_common::exit::Exit;
use pizauth_common::ipc::message::{Report, Request};

use crate::ask::{ask_for_report, unexpected};

/// Its place in the table.
pub(crate) const APPLET: Applet = Applet::of::<Reload>();

arguments! {
    /// Have the daemon read its configuration file again.
    #[argh(example = "{command_name}", note = "Errors are printed, and leave everything as it was.")]
    struct Reload {}
}

impl Command for Reload {
    const PROGRAM: &'static str = "pizauth-reload";
    const SUMMARY: &'static str = "have the daemon read its configuration again";

    fn run(self, invocation: &Invocation) -> Result<Exit, Exit> {
        match ask_for_report(invocation, &Request::Reload {})? {
            Report::Reloaded { warnings } => {
                warnings.iter().for_each(|warning| invocation.complain(warning));
                Ok(Exit::Done)
            }
            _ => Err(unexpected(invocation)),
        }
    }
}
