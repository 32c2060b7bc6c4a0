//! `pizauth-restore`: gives a dump back to the daemon.

use std::fmt;
use std::io::{self, IsTerminal, Read};

use pizauth_common::applet::{Applet, Command};
use pizauth_common::arguments;
use pizauth_common::argv::Invocation;
use pizauth_common::cause::Cause;
use pizauth_common::dump::MAX_BYTES;
use pizauth_common::exit::Exit;
use pizauth_common::harden::harden_process;
use pizauth_common::ipc::message::{Report, Request, Skipped};
use pizauth_common::terminal::printable;

use crate::ask::{ask_for_report, unexpected};

/// Its place in the table.
pub const APPLET: Applet = Applet::of::<Restore>();

/// Bytes of a dump that are read at most.
const MAX_DUMP: u64 = MAX_BYTES as u64;

arguments! {
    /// Read a dump from stdin and give its tokens to the daemon.
    #[argh(
        example = "age -d -i KEYFILE pizauth.age | {command_name}",
        note = "Tokens that are as good are kept; accounts that do not fit are named on stderr."
    )]
    struct Restore {}
}

impl Command for Restore {
    const PROGRAM: &'static str = "pizauth-restore";
    const SUMMARY: &'static str = "take the tokens of a dump back from stdin";

    fn run(self, invocation: &Invocation) -> Result<Exit, Exit> {
        harden_process();
        // To its end before we connect: the pipe may be waiting for a passphrase, and the daemon does not wait.
        let dump = read_dump(io::stdin().lock(), io::stdin().is_terminal())
            .map_err(|why| invocation.not_done(why))?;
        match ask_for_report(invocation, &Request::Restore { dump: dump.into() })? {
            Report::Restored { skipped, .. } => {
                skipped.iter().for_each(|account| invocation.complain(skipped_line(account)));
                Ok(Exit::Done)
            }
            _ => Err(unexpected(invocation)),
        }
    }
}

/// Why there is no dump on stdin.
#[derive(Debug)]
enum NoDump {
    Terminal,
    Unreadable(io::Error),
    Empty,
    TooLong,
}

impl fmt::Display for NoDump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Terminal => f.write_str("no dump on stdin: it is a terminal (try: … | pizauth-restore)"),
            Self::Unreadable(error) => write!(f, "cannot read the dump from stdin: {}", Cause(error)),
            Self::Empty => {
                f.write_str("no dump on stdin: it is empty (did the command before the pipe fail?)")
            }
            Self::TooLong => {
                write!(f, "cannot restore what is on stdin: over {MAX_DUMP} bytes, no dump is that long")
            }
        }
    }
}

fn read_dump(input: impl Read, is_terminal: bool) -> Result<Vec<u8>, NoDump> {
    if is_terminal {
        return Err(NoDump::Terminal);
    }
    let mut dump = Vec::new();
    input.take(MAX_DUMP + 1).read_to_end(&mut dump).map_err(NoDump::Unreadable)?;
    match dump.len() as u64 {
        0 => Err(NoDump::Empty),
        1..=MAX_DUMP => Ok(dump),
        _ => Err(NoDump::TooLong),
    }
}

fn skipped_line(skipped: &Skipped) -> String {
    format!("skipped account '{}': {}", printable(&skipped.account), printable(&skipped.reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_is_read_whole_up_to_the_cap() {
        assert_eq!(read_dump(&b"dump\0"[..], false).unwrap(), b"dump\0");
        assert_eq!(read_dump(io::repeat(7).take(MAX_DUMP), false).unwrap().len(), MAX_BYTES);
    }

    #[test]
    fn what_cannot_be_a_dump_is_refused_before_the_daemon_is_asked() {
        let refusal =
            |input: &mut dyn Read, is_terminal| read_dump(input, is_terminal).unwrap_err().to_string();
        assert!(refusal(&mut io::repeat(7), false).contains("over 12581888 bytes"));
        assert!(refusal(&mut io::empty(), false).contains("empty"));
        assert!(refusal(&mut io::empty(), true).contains("terminal"));
    }

    #[test]
    fn a_skipped_account_is_named_with_the_reason() {
        let skipped = Skipped { account: "wo\nrk".into(), reason: "its scopes differ".into() };
        assert_eq!(skipped_line(&skipped), "skipped account 'wo\\nrk': its scopes differ");
    }
}
