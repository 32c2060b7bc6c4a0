//! `pizauth status`: the state of every account.

mod render;

use std::time::{Duration, SystemTime};

use argh::FromArgs;
use jiff::tz::TimeZone;
use pizauth_common::argv::{CommandLine, Invocation};
use pizauth_common::exit::Exit;
use pizauth_common::ipc::message::{AccountStatus, Request};
use pizauth_common::ipc::plain_answer::{AccountRows, ContentAnswer};
use pizauth_common::terminal::printable;
use pizauth_common::unix_time::UnixTime;
use serde::Serialize;

use crate::applet::Applet;
use crate::ask::{ask, unexpected};

/// Its place in the table.
pub const APPLET: Applet =
    Applet { name: "status", program: "pizauth-status", summary: "show the state of every account", run };

/// Show the state of every account, a line each, in local time.
#[derive(FromArgs, Debug)]
#[argh(help_triggers("-h", "--help"), example = "{command_name}")]
pub struct Arguments {
    /// as JSON, times in seconds since 1970
    #[argh(switch, short = 'j')]
    pub json: bool,
    /// only the names, one a line
    #[argh(switch)]
    pub accounts: bool,
    /// accepted everywhere; changes nothing here
    #[argh(switch, short = 'v')]
    pub verbose: u8,
    /// print the version
    #[argh(switch)]
    pub version: bool,
}

impl CommandLine for Arguments {}

/// What `-j` prints. A key that changes its meaning or goes away raises the version.
#[derive(Serialize)]
struct Document<'a> {
    status_format_version: u32,
    accounts: &'a [AccountStatus],
}

fn run(invocation: &Invocation) -> Result<Exit, Exit> {
    let arguments: Arguments = invocation.parse()?;
    let ContentAnswer::Content(AccountRows(accounts)) = ask(invocation, &Request::Status)? else {
        return Err(unexpected(invocation));
    };
    let text = if arguments.accounts {
        accounts.iter().map(|account| format!("{}\n", printable(&account.account))).collect()
    } else if arguments.json {
        json(&accounts)
    } else {
        render::lines(&accounts, now(), &TimeZone::system())
    };
    Ok(invocation.print(&text))
}

/// The names of the accounts and the words of servers are data here: JSON escapes them.
fn json(accounts: &[AccountStatus]) -> String {
    let document = Document { status_format_version: 1, accounts };
    serde_json::to_string_pretty(&document).map_or_else(|_| String::new(), |json| json + "\n")
}

/// Rounded up, as the times of the daemon are rounded down: what is left is never more than it seems.
fn now() -> UnixTime {
    let since_epoch = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    UnixTime(since_epoch.as_secs()).plus(Duration::from_secs((since_epoch.subsec_nanos() > 0).into()))
}
