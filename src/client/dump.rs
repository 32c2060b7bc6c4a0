//! `pizauth-dump`: writes the token state to stdout.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;

use pizauth_common::applet::{Applet, Command};
use pizauth_common::arguments;
use pizauth_common::argv::{Invocation, open_stdout};
use pizauth_common::cause::Cause;
use pizauth_common::exit::Exit;
use pizauth_common::harden::harden_process;
use pizauth_common::ipc::message::{Report, Request};

use crate::ask::{ask_for_report, unexpected};

/// Its place in the table.
pub const APPLET: Applet = Applet::of::<Dump>();

arguments! {
    /// Write the tokens of all accounts to stdout, for pizauth-restore.
    #[argh(
        example = "{command_name} | age -r RECIPIENT -o pizauth.age",
        note = "A dump is NOT encrypted: pipe it into a program that does that."
    )]
    struct Dump {}
}

impl Command for Dump {
    const PROGRAM: &'static str = "pizauth-dump";
    const SUMMARY: &'static str = "write the tokens to stdout, to be encrypted";

    fn run(self, invocation: &Invocation) -> Result<Exit, Exit> {
        if io::stdout().is_terminal() {
            return Err(invocation.not_done(
                "refusing to write tokens to a terminal (pipe them into a program that encrypts: age, gpg)",
            ));
        }
        harden_process();
        let Report::Dump { dump } = ask_for_report(invocation, &Request::Dump {})? else {
            return Err(unexpected(invocation));
        };
        write_to_its_end(dump.expose()).map_err(|error| {
            invocation.not_done(format_args!(
                "cannot write the dump to stdout, it is not complete: {}",
                Cause(&error)
            ))
        })?;
        Ok(Exit::Done)
    }
}

/// A full disk or a quota may tell only when the file is flushed: a dump half written is a session lost.
fn write_to_its_end(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = File::from(open_stdout()?.as_fd().try_clone_to_owned()?);
    stdout.write_all(bytes)?;
    if stdout.metadata()?.is_file() { stdout.sync_all() } else { Ok(()) }
}
