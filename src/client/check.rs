//! `pizauth check`: validates a configuration file.

use std::path::{Path, PathBuf};

use pizauth_common::applet::{Applet, Command};
use pizauth_common::arguments;
use pizauth_common::argv::Invocation;
use pizauth_common::config::{self, Config, When};
use pizauth_common::exit::Exit;
use pizauth_common::harden::harden_process;
use pizauth_common::near_miss::no_account;
use pizauth_common::paths::{self, ProcessEnvironment};
use pizauth_common::terminal::printable;

/// Its place in the table.
pub(crate) const APPLET: Applet = Applet::of::<Check>();

arguments! {
    /// Validate a configuration file: every error is shown with its place.
    #[argh(example = "{command_name} -c pizauth.conf", note = "The daemon is not asked.")]
    struct Check {
        /// this file, not the user's own
        #[argh(option, short = 'c', arg_name = "file")]
        config: Option<String>,
        /// print the names of its accounts, one a line
        #[argh(switch)]
        accounts: bool,
        /// print this account with its defaults, without secrets
        #[argh(option, arg_name = "account")]
        print: Option<String>,
    }
}

impl Command for Check {
    const PROGRAM: &'static str = "pizauth-check";
    const SUMMARY: &'static str = "validate a configuration file";

    fn run(self, invocation: &Invocation) -> Result<Exit, Exit> {
        harden_process();
        let file = paths::find_config_file(self.config.map(PathBuf::from), &ProcessEnvironment)
            .map_err(|error| invocation.not_done(error))?;
        let checked = config::load(&file, When::Start).map_err(|error| invocation.not_done(error))?;
        checked.warnings.print_on_stderr();
        let config = &checked.config;
        let text = match &self.print {
            _ if self.accounts && self.print.is_some() => {
                return Err(invocation.usage_error("--accounts and --print cannot both stand"));
            }
            Some(name) => effective(config, name).map_err(|unknown| invocation.not_done(unknown))?,
            None => summary(&file, config, self.accounts),
        };
        Ok(invocation.print(&text))
    }
}

/// An account with its defaults and what its provider stands for.
fn effective(config: &Config, name: &str) -> Result<String, String> {
    let named = config.accounts.iter().find(|account| account.name.as_str() == name);
    named.map(config::print).ok_or_else(|| {
        let names: Vec<_> = config.accounts.iter().map(|account| account.name.as_str()).collect();
        no_account(name, &names)
    })
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
