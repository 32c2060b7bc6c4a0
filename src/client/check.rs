//! `pizauth check`: validates a configuration file.

use std::path::{Path, PathBuf};

use argh::FromArgs;
use pizauth_common::argv::{CommandLine, Invocation};
use pizauth_common::config::{self, Config, When};
use pizauth_common::exit::Exit;
use pizauth_common::harden::harden_process;
use pizauth_common::paths::{self, ProcessEnvironment};
use pizauth_common::terminal::printable;

use crate::applet::Applet;

/// Its place in the table.
pub const APPLET: Applet =
    Applet { name: "check", program: "pizauth-check", summary: "validate a configuration file", run };

/// Validate a configuration file: every error is shown with its place.
#[derive(FromArgs, Debug)]
#[argh(
    help_triggers("-h", "--help"),
    example = "{command_name} -c pizauth.conf",
    note = "The daemon is not asked."
)]
pub struct Arguments {
    /// this file, not the user's own
    #[argh(option, short = 'c', arg_name = "file")]
    pub config: Option<String>,
    /// print the names of its accounts, one a line
    #[argh(switch)]
    pub accounts: bool,
    /// accepted everywhere; changes nothing here
    #[argh(switch, short = 'v')]
    pub verbose: u8,
    /// print the version
    #[argh(switch)]
    pub version: bool,
}

impl CommandLine for Arguments {
    const VALUED: &'static [&'static str] = &["-c", "--config"];
}

fn run(invocation: &Invocation) -> Result<Exit, Exit> {
    let arguments: Arguments = invocation.parse()?;
    harden_process();
    let file =
        paths::find_config_file(arguments.config.map(PathBuf::from), &ProcessEnvironment).map_err(|why| {
            invocation.complain(why);
            Exit::NotDone
        })?;
    match config::load(&file, When::Start) {
        Ok(checked) => {
            checked.warnings.print_on_stderr();
            Ok(invocation.print(&summary(&file, &checked.config, arguments.accounts)))
        }
        Err(error) => {
            invocation.complain(error);
            Ok(Exit::NotDone)
        }
    }
}

fn summary(file: &Path, config: &Config, names: bool) -> String {
    if names {
        return config
            .accounts
            .iter()
            .map(|account| format!("{}\n", printable(account.name.as_str())))
            .collect();
    }
    let accounts = match config.accounts.len() {
        1 => "1 account".to_owned(),
        many => format!("{many} accounts"),
    };
    format!("{}: no errors, {accounts}\n", printable(&file.to_string_lossy()))
}
