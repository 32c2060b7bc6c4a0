//! `pizauth import`: takes a refresh token over from another program.

mod aerc;
mod facts;
mod found;
mod json;
mod msal;
mod programs;
mod recognise;
mod unreadable;

#[cfg(test)]
mod tests;

use std::fmt;
use std::io::{self, ErrorKind, IsTerminal, Read};
use std::time::Duration;

use jiff::tz::TimeZone;
use pizauth_common::account_name::as_argument;
use pizauth_common::applet::{Applet, Command};
use pizauth_common::arguments;
use pizauth_common::argv::Invocation;
use pizauth_common::cause::Cause;
use pizauth_common::exit::Exit;
use pizauth_common::harden::harden_process;
use pizauth_common::hidden_line::hidden_line;
use pizauth_common::ipc::message::{self, Imported, Report, Request};
use pizauth_common::terminal::printable;
use zeroize::Zeroizing;

use crate::ask::{ask_for_late_report, unexpected};
use crate::local_time::{civil, local_time, now};

pub use facts::Facts;
pub use found::Found;
pub use recognise::recognise;
pub use unreadable::{MAX_INPUT, Unreadable};

/// Its place in the table.
pub(crate) const APPLET: Applet = Applet::of::<Import>();

/// So long the daemon waits for the refresh that tries the token.
const WAIT: Duration = Duration::from_secs(30);

arguments! {
    /// Take a refresh token over from another program.
    ///
    /// What that has written is read from stdin, and tried by a refresh.
    #[argh(
        example = "gpg -d ~/.mutt/work.tokens | {command_name} work",
        note = "pizauth(1) has a line for each program. From a terminal: paste the refresh token itself."
    )]
    struct Import {
        /// the account, as the configuration file names it
        #[argh(positional)]
        account: String,
        /// only say what would be taken
        #[argh(switch, short = 'n')]
        dry_run: bool,
        /// of several that fit: the one with this in its name
        #[argh(option, arg_name = "text")]
        pick: Option<String>,
    }
}

impl Command for Import {
    const PROGRAM: &'static str = "pizauth-import";
    const SUMMARY: &'static str = "take a refresh token over from another program";

    fn run(self, invocation: &Invocation) -> Result<Exit, Exit> {
        let Self { account, dry_run: dry, pick, .. } = self;
        harden_process();
        let Found { program, candidates, facts } = found(&account, invocation)?;
        // Before the daemon is asked, which refuses as long as the configuration has no such account: these lines help
        // to write one.
        if dry && let exit @ Exit::NotDone = invocation.print(&facts.as_comments()) {
            return Err(exit);
        }
        let request = message::Import { account: account.clone(), candidates, pick, dry };
        let report = ask_for_late_report(invocation, &Request::Import(request), WAIT)?;
        let Report::Imported(imported) = report else { return Err(unexpected(invocation)) };
        let account = printable(&account);
        if let Some(why) = imported.not_tried {
            invocation.complain(format_args!("{account}: imported, but not tried yet: {why}"));
            return Ok(Exit::Done);
        }
        let line =
            if dry { would(program, &imported) } else { done(program, &imported, &TimeZone::system()) };
        Ok(invocation.print(&format!("{account}: {line}\n")))
    }
}

fn found(account: &str, invocation: &Invocation) -> Result<Found, Exit> {
    let input = read(account).map_err(|why| invocation.not_done(why))?;
    recognise(&input).map_err(|why| invocation.not_done(why.told(&as_argument(account))))
}

/// Why nothing has come to read.
#[derive(Debug)]
enum NoInput {
    Interrupted,
    Terminal(io::Error),
    Stdin(io::Error),
}

impl fmt::Display for NoInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interrupted => f.write_str("interrupted"),
            Self::Terminal(error) => write!(f, "cannot read a line from the terminal: {}", Cause(error)),
            Self::Stdin(error) => write!(f, "cannot read stdin: {}", Cause(error)),
        }
    }
}

/// All of stdin; from a terminal a line that it does not show.
fn read(account: &str) -> Result<Zeroizing<Vec<u8>>, NoInput> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        let prompt = format!("refresh token for {} (not shown): ", printable(account));
        let line = hidden_line(stdin.lock(), io::stderr(), &prompt, MAX_INPUT);
        let line = line.map_err(|error| match error.kind() {
            ErrorKind::Interrupted => NoInput::Interrupted,
            _ => NoInput::Terminal(error),
        })?;
        return Ok(Zeroizing::new(line.expose().as_bytes().to_vec()));
    }
    read_to_end(stdin.lock()).map_err(NoInput::Stdin)
}

/// One byte more than there may be tells that there is more.
fn read_to_end(input: impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    // Never moved, so that no copy of it stays behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_INPUT + 64));
    input.take(MAX_INPUT as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn would(program: Option<&str>, imported: &Imported) -> String {
    let of = program.map(|program| format!(" of {program}")).unwrap_or_default();
    let label = imported.label.as_deref().map(|label| format!(" ({})", printable(label))).unwrap_or_default();
    format!("the refresh token{of}{label} would be taken; nothing was sent")
}

fn done(program: Option<&str>, imported: &Imported, zone: &TimeZone) -> String {
    let today = civil(now(), zone).date();
    let until = imported.expires.map_or("revoked".to_owned(), |at| local_time(at, today, zone));
    let done = format!("imported; the access token is valid until {until}");
    if !imported.rotated {
        return done;
    }
    let whose = program.map_or("the old program's".to_owned(), |program| format!("{program}'s"));
    format!("{done}; {whose} own copy of the refresh token may be dead now: stop using it there")
}
