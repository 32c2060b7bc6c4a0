//! `pizauth-revoke`: forgets the tokens of an account, once its server has revoked them where that is wanted.

use std::time::Duration;

use pizauth_common::account_name::as_argument;
use pizauth_common::applet::{Applet, Command};
use pizauth_common::arguments;
use pizauth_common::argv::Invocation;
use pizauth_common::exit::Exit;
use pizauth_common::ipc::message::{self, Response};
use pizauth_common::terminal::printable;

use crate::ask::{ask, ask_and_wait, unexpected};

/// Its place in the table.
pub const APPLET: Applet = Applet::of::<Revoke>();

/// So long the authorization server may take. A caller waits 10 s for any answer besides, which makes 40 s.
const FOR_THE_SERVER: Duration = Duration::from_secs(30);

arguments! {
    /// Forget the tokens of an account and cancel what is under way for it.
    ///
    /// The authorization server is not told, but with --remote.
    #[argh(example = "{command_name} work")]
    struct Revoke {
        /// the account, as the configuration file names it
        #[argh(positional)]
        account: String,
        /// have the server revoke them first; if it does not, nothing is forgotten
        #[argh(switch)]
        remote: bool,
    }
}

impl Command for Revoke {
    const PROGRAM: &'static str = "pizauth-revoke";
    const SUMMARY: &'static str = "forget the tokens of an account";

    fn run(self, invocation: &Invocation) -> Result<Exit, Exit> {
        let Self { account, remote, .. } = self;
        let request = message::Revoke { account: account.clone(), remote };
        let answer = match remote {
            true => ask_and_wait(invocation, &request, FOR_THE_SERVER, false)?,
            false => ask(invocation, &request)?,
        };
        match answer {
            Response::Revoked { remote: told } if remote => {
                Ok(invocation.print(&format!("{}\n", done(&account, told.as_deref()))))
            }
            Response::Revoked { .. } => Ok(Exit::Done),
            _ => Err(unexpected(invocation)),
        }
    }
}

fn done(account: &str, revoked_at: Option<&str>) -> String {
    let account = as_argument(account);
    let account = printable(&account);
    match revoked_at.map(printable) {
        Some(host) => format!("{account}: revoked at {host} and forgotten"),
        None => format!("{account}: there was nothing to revoke; it is forgotten"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_names_the_host_where_there_was_something_to_revoke() {
        assert_eq!(done("work", Some("as.example")), "work: revoked at as.example and forgotten");
        assert_eq!(done("my work", Some("a\x1b[m")), "'my work': revoked at a\\u{1b}[m and forgotten");
        assert_eq!(done("work", None), "work: there was nothing to revoke; it is forgotten");
    }
}
