//! `pizauth-dump`: writes the token state to stdout.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;

use argh::FromArgs;
use pizauth_common::argv::{CommandLine, Invocation, open_stdout};
use pizauth_common::cause::Cause;
use pizauth_common::dump::Dump;
use pizauth_common::exit::Exit;
use pizauth_common::harden::harden_process;
use pizauth_common::ipc::message::Request;
use pizauth_common::ipc::plain_answer::ContentAnswer;

use crate::applet::Applet;
use crate::ask::{ask, unexpected};

/// Its place in the table.
pub const APPLET: Applet = Applet {
    name: "dump",
    program: "pizauth-dump",
    summary: "write the tokens to stdout, to be encrypted",
    run,
};

/// Write the tokens of all accounts to stdout, for pizauth-restore.
#[derive(FromArgs, Debug)]
#[argh(
    help_triggers("-h", "--help"),
    example = "{command_name} | age -r RECIPIENT -o pizauth.age",
    note = "A dump is NOT encrypted: pipe it into a program that does that."
)]
pub struct Arguments {
    /// accepted everywhere; changes nothing here
    #[argh(switch, short = 'v')]
    pub verbose: u8,
    /// print the version
    #[argh(switch)]
    pub version: bool,
}

impl CommandLine for Arguments {}

fn run(invocation: &Invocation) -> Result<Exit, Exit> {
    invocation.parse::<Arguments>()?;
    if io::stdout().is_terminal() {
        invocation.complain(
            "refusing to write tokens to a terminal (pipe them into a program that encrypts: age, gpg)",
        );
        return Err(Exit::NotDone);
    }
    harden_process();
    let ContentAnswer::<Dump>::Content(dump) = ask(invocation, &Request::Dump)? else {
        return Err(unexpected(invocation));
    };
    write_to_its_end(dump.expose()).map_err(|error| {
        invocation
            .complain(format_args!("cannot write the dump to stdout, it is not complete: {}", Cause(&error)));
        Exit::NotDone
    })?;
    Ok(Exit::Done)
}

/// A full disk or a quota may tell only when the file is flushed: a dump half written is a session lost.
fn write_to_its_end(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = File::from(open_stdout()?.as_fd().try_clone_to_owned()?);
    stdout.write_all(bytes)?;
    if stdout.metadata()?.is_file() { stdout.sync_all() } else { Ok(()) }
}
