//! `pizauth status`: the state of every account.

mod render;

use std::io::IsTerminal;

use jiff::tz::TimeZone;
use pizauth_common::applet::{Applet, Command};
use pizauth_common::arguments;
use pizauth_common::argv::Invocation;
use pizauth_common::exit::Exit;
use pizauth_common::ipc::message::{AccountStatus, SavedState, StartupCmd};
use pizauth_common::near_miss::no_account;
use pizauth_common::terminal::printable;
use serde::Serialize;

use crate::ask::{self, ask_for_status};
use crate::json;
use crate::local_time::now;

/// Its place in the table.
pub(crate) const APPLET: Applet = Applet::of::<Status>();

arguments! {
    /// Show the state of accounts, a line each, in local time.
    #[argh(
        example = "{command_name}",
        example = "{command_name} --check work",
        note = "With --check the exit status is 1 where a person is needed or an access token is missing."
    )]
    struct Status {
        /// these accounts, not all
        #[argh(positional)]
        account: Vec<String>,
        /// tell by the exit status whether all is well
        #[argh(switch)]
        check: bool,
        /// as JSON, times in seconds since 1970
        #[argh(switch, short = 'j')]
        json: bool,
        /// only the names, one a line
        #[argh(switch)]
        accounts: bool,
    }
}

/// What `-j` prints. A key that changes its meaning or goes away raises the version.
#[derive(Serialize)]
struct Document<'a> {
    status_format_version: u32,
    startup_cmd: StartupCmd,
    /// Absent where nothing is saved.
    saved: Option<bool>,
    save_error: Option<&'a str>,
    loading: bool,
    accounts: &'a [AccountStatus],
}

impl<'a> Document<'a> {
    fn new(accounts: &'a [AccountStatus], startup_cmd: StartupCmd, saved_state: &'a SavedState) -> Self {
        let SavedState { saved, loading, error, .. } = saved_state;
        Self {
            status_format_version: 2,
            startup_cmd,
            saved: *saved,
            save_error: error.as_deref(),
            loading: *loading,
            accounts,
        }
    }
}

impl Command for Status {
    const PROGRAM: &'static str = "pizauth-status";
    const SUMMARY: &'static str = "show the state of every account";

    fn run(self, invocation: &Invocation) -> Result<Exit, Exit> {
        let ask::Status { accounts, startup_cmd, saved_state } = ask_for_status(invocation)?;
        let accounts = chosen(accounts, &self.account).map_err(|unknown| invocation.not_done(unknown))?;
        let text = if self.accounts {
            accounts.iter().map(|account| format!("{}\n", printable(&account.account))).collect()
        } else if self.json {
            let document = Document::new(&accounts, startup_cmd, &saved_state);
            json::indented(&document).map_err(|why| invocation.not_done(why))?
        } else {
            missing(startup_cmd).into_iter().for_each(|why| invocation.complain(why));
            trouble(&saved_state).into_iter().for_each(|why| invocation.complain(why));
            render::lines(&accounts, now(), &TimeZone::system(), has_colours())
        };
        let is_well = accounts.iter().all(|account| account.usable && !account.needs_user);
        match invocation.print(&text) {
            Exit::Done if self.check && !is_well => Ok(Exit::NotDone),
            exit => Ok(exit),
        }
    }
}

/// The accounts of these names; all accounts where no name is given.
fn chosen(accounts: Vec<AccountStatus>, names: &[String]) -> Result<Vec<AccountStatus>, String> {
    let is_there = |name: &&String| accounts.iter().any(|account| account.account == **name);
    if let Some(unknown) = names.iter().find(|name| !is_there(name)) {
        let names: Vec<_> = accounts.iter().map(|account| account.account.as_str()).collect();
        return Err(no_account(unknown, &names));
    }
    let is_chosen = |account: &AccountStatus| names.is_empty() || names.contains(&account.account);
    Ok(accounts.into_iter().filter(is_chosen).collect())
}

/// Whether colours are shown: on a terminal that has them, unless the user wants none (<https://no-color.org>).
fn has_colours() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_none_or(|terminal| terminal == "dumb");
    std::io::stdout().is_terminal() && !is_set("NO_COLOR") && !is_dumb
}

/// Why there may be fewer tokens than have been saved.
fn missing(startup_cmd: StartupCmd) -> Option<&'static str> {
    match startup_cmd {
        StartupCmd::None | StartupCmd::Ended => None,
        StartupCmd::Running => Some("startup_cmd has not ended: what it restores may be missing yet"),
        StartupCmd::Failed => Some(
            "startup_cmd has failed: what it restores may be missing (the log says why; when that is mended, run it \
             by hand before you sign in)",
        ),
    }
}

/// What is wrong with saved tokens.
fn trouble(saved_state: &SavedState) -> Option<&str> {
    let loading =
        saved_state.loading.then_some("the saved tokens are still being decrypted: they are missing here");
    loading.or(saved_state.error.as_deref())
}
