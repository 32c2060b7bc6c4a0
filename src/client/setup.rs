//! `pizauth setup`: from a mail address to an account that is signed in, by questions and answers.

mod account_block;
mod child_output;
mod client_ids;
mod configuration_file;
mod dialogue;
mod interview;
mod issuer;
mod mail_exchanger;
mod mail_provider;
mod next_steps;
mod own_command;

use std::io;
use std::path::PathBuf;
use std::process::{self, Output, Stdio};

use pizauth_common::account_name::as_argument;
use pizauth_common::applet::{Applet, Command};
use pizauth_common::arguments;
use pizauth_common::argv::Invocation;
use pizauth_common::cause::Cause;
use pizauth_common::exit::Exit;
use pizauth_common::harden::harden_process;
use pizauth_common::terminal::printable;

use self::account_block::{NewAccount, Secrets, Server};
use self::configuration_file::ConfigurationFile;
use self::dialogue::{Dialogue, Unanswered};
use self::interview::{Interview, Stopped};
use self::own_command::own_command;
use crate::ask::ask_for_status;

/// Its place in the table.
pub(crate) const APPLET: Applet = Applet::of::<Setup>();

arguments! {
    /// Set up an account: ask what no option says, write it, and sign in.
    #[argh(example = "{command_name} me@example.org")]
    struct Setup {
        /// the address of the mailbox
        #[argh(positional)]
        address: Option<String>,
        /// who runs it: google, microsoft, fastmail, ...
        #[argh(option)]
        provider: Option<String>,
        /// an issuer: what the server of another provider calls itself
        #[argh(option, arg_name = "uri")]
        issuer: Option<String>,
        /// its "AUTH_URI TOKEN_URI", if it is not to be asked
        #[argh(option, arg_name = "uris")]
        endpoints: Option<String>,
        /// what to ask for, separated by blanks
        #[argh(option)]
        scopes: Option<String>,
        /// the name of the account
        #[argh(option)]
        name: Option<String>,
        /// the tenant at Microsoft
        #[argh(option)]
        tenant: Option<String>,
        /// the client identifier
        #[argh(option, arg_name = "id")]
        client_id: Option<String>,
        /// a command that prints the secret of the client
        #[argh(option, arg_name = "command")]
        client_secret_cmd: Option<String>,
        /// the user of the mailbox, if it is not the address
        #[argh(option)]
        user: Option<String>,
        /// add to this file, not to the user's own
        #[argh(option, short = 'c', arg_name = "file")]
        config: Option<String>,
        /// agree to everything that is suggested
        #[argh(switch, short = 'y')]
        yes: bool,
    }
}

impl Command for Setup {
    const PROGRAM: &'static str = "pizauth-setup";
    const SUMMARY: &'static str = "set up an account, by questions and answers";

    fn run(self, invocation: &Invocation) -> Result<Exit, Exit> {
        harden_process();
        let dialogue = Dialogue::begin(self.yes)
            .map_err(|error| invocation.not_done(format_args!("cannot begin: {}", Cause(&error))))?;
        let file = ConfigurationFile::find(self.config.as_ref().map(PathBuf::from))
            .map_err(|why| invocation.not_done(why))?;
        let course = Course { invocation, options: &self, dialogue, file };
        let account = course.interview()?;
        let left = if course.write(&account)? {
            course.sign_in(&account.name)?
        } else {
            Some(format!("add that account, then pizauth reload, then {}", login_command(&account.name)))
        };
        let printed = invocation.print(&lines_for(&account));
        if let Some(left) = left {
            invocation.complain(format_args!("to sign in: {left}"));
        }
        Ok(printed)
    }
}

fn lines_for(account: &NewAccount) -> String {
    let servers = match &account.server {
        Server::Known { provider, .. } => provider.servers,
        Server::Other(_) => None,
    };
    match (&account.user, servers) {
        (Some(user), Some(servers)) => next_steps::for_mail(&account.name, user, &servers),
        _ => next_steps::for_others(&account.name),
    }
}

/// One run from question to question.
struct Course<'a> {
    invocation: &'a Invocation,
    options: &'a Setup,
    dialogue: Dialogue,
    file: ConfigurationFile,
}

impl Course<'_> {
    fn interview(&self) -> Result<NewAccount, Exit> {
        let Self { options, dialogue, file, .. } = self;
        Interview { options, dialogue, file }.account().map_err(|stopped| match stopped {
            Stopped::Impossible(why) => self.invocation.not_done(why),
            Stopped::Unanswered(why) => self.unanswered(why, NOTHING),
        })
    }

    /// Ends where an answer is missing; `so_far` is what has been done.
    fn unanswered(&self, why: Unanswered, so_far: &str) -> Exit {
        match why {
            Unanswered::NoTerminal(option) => {
                self.invocation.usage_error(format_args!("no terminal to ask at, and {option} is not given"))
            }
            Unanswered::Left => self.invocation.not_done(format_args!("left: {so_far}")),
            Unanswered::Failed(error) => self
                .invocation
                .not_done(format_args!("cannot read from the terminal: {}; {so_far}", Cause(&error))),
        }
    }

    /// Whether the account has been added.
    fn write(&self, account: &NewAccount) -> Result<bool, Exit> {
        let block = account.text(Secrets::Written);
        self.file.check_with(&block).map_err(|report| {
            self.invocation.not_done(format_args!("that would be no configuration:\n{report}"))
        })?;
        let path = self.file.path().to_string_lossy();
        let path = printable(&path);
        let shown = account.text(Secrets::Hidden);
        let nothing = nothing_written(account);
        let told = self.dialogue.tell(&format!("\n{}\n", *shown));
        told.map_err(|why| self.unanswered(why, &nothing))?;
        if !self.agree(&format!("Add this to {path}?"), &nothing)? {
            return Err(self.invocation.not_done(nothing));
        }
        match self.file.append(&block) {
            Ok(()) => Ok(true),
            Err(error) => {
                self.invocation.complain(format_args!(
                    "cannot write {path}: {}; add the account there by other means:",
                    Cause(&error)
                ));
                self.invocation.print(&shown);
                if is_kept_elsewhere(&error) { Ok(false) } else { Err(Exit::NotDone) }
            }
        }
    }

    /// Has the daemon read the file again, or starts one, and signs in. What is left for the user to do, where they do
    /// not want to now, or there is no terminal: a script must not wait for a browser that nobody sees.
    fn sign_in(&self, name: &str) -> Result<Option<String>, Exit> {
        let login = login_command(name);
        let from_the_start = format!("{}, then {login}", self.start_command());
        let written = format!("the account is written; later: {from_the_start}");
        let is_running = self.reload(&written)?;
        if is_running {
            self.check_is_known(name, &from_the_start)?;
        }
        if !self.dialogue.is_at_terminal() {
            return Ok(Some(if is_running { login } else { from_the_start }));
        }
        if !is_running {
            self.start_if_wanted(&written, &from_the_start)?;
        }
        self.sign_in_if_wanted(name)
    }

    /// Signs in with a daemon that has the account; what is left for the user to do.
    fn sign_in_if_wanted(&self, name: &str) -> Result<Option<String>, Exit> {
        let login = login_command(name);
        if !self.agree("Sign in now?", &format!("the account is written; later: {login}"))? {
            return Ok(Some(login));
        }
        if self.command(&["login", "--", name], Stdio::inherit())?.status.success() {
            return Ok(None);
        }
        let told = format!("the account is written, and not signed in yet; to go on: {login}");
        Err(self.invocation.not_done(told))
    }

    /// Whether the user agrees; `so_far` is what has been done.
    fn agree(&self, question: &str, so_far: &str) -> Result<bool, Exit> {
        self.dialogue.agree(question, "--yes").map_err(|why| self.unanswered(why, so_far))
    }

    /// How pizauthd is started with the file.
    fn start_command(&self) -> String {
        match &self.options.config {
            Some(file) => format!("pizauthd -c {}", as_argument(file)),
            None => "pizauthd".to_owned(),
        }
    }

    /// Whether there is a daemon; then it has read the configuration again.
    fn reload(&self, written: &str) -> Result<bool, Exit> {
        let Output { status, stderr, .. } = self.command(&["reload"], Stdio::piped())?;
        if status.code() == Some(i32::from(Exit::Unreachable.code())) {
            return Ok(false);
        }
        self.dialogue.tell(&String::from_utf8_lossy(&stderr)).map_err(|why| self.unanswered(why, written))?;
        if status.success() { Ok(true) } else { Err(self.invocation.not_done(written)) }
    }

    /// An error where the daemon, which has just read its configuration, has no such account: it was started with
    /// another file.
    fn check_is_known(&self, name: &str, from_the_start: &str) -> Result<(), Exit> {
        let accounts = ask_for_status(self.invocation)?.accounts;
        if accounts.iter().any(|row| row.account == name) {
            return Ok(());
        }
        Err(self.invocation.not_done(format_args!(
            "the account is written, but the pizauthd that runs reads another file (pizauth info): \
             pizauth shutdown, then {from_the_start}"
        )))
    }

    fn start_if_wanted(&self, written: &str, from_the_start: &str) -> Result<(), Exit> {
        if !self.agree("pizauthd is not running. Start it?", written)? {
            self.invocation.complain(written);
            return Err(Exit::Unreachable);
        }
        let path = self.file.path().to_string_lossy();
        if self.command(&["server", "-c", &path], Stdio::inherit())?.status.success() {
            return Ok(());
        }
        Err(self.invocation.not_done(format_args!(
            "the account is written, but pizauthd did not start: mend what it says, then {from_the_start}"
        )))
    }

    /// Runs another command of this executable to its end.
    fn command(&self, words: &[&str], stderr: Stdio) -> Result<Output, Exit> {
        let run = |mut command: process::Command| {
            command.stdout(Stdio::inherit()).stderr(stderr).spawn()?.wait_with_output()
        };
        own_command(words).and_then(run).map_err(|error| {
            self.invocation.not_done(format_args!("cannot run pizauth {}: {}", words[0], Cause(&error)))
        })
    }
}

fn login_command(name: &str) -> String {
    format!("pizauth login {}", as_argument(name))
}

const NOTHING: &str = "nothing has been written";

/// That nothing has been written; but a client that has been registered stays registered.
fn nothing_written(account: &NewAccount) -> String {
    match &account.client.registered_at {
        Some(issuer) => {
            format!("{NOTHING}, but {} knows the client {}", printable(issuer), printable(&account.client.id))
        }
        None => NOTHING.to_owned(),
    }
}

/// Whether the file is not meant to be written here, but made by other means, as on NixOS: its owner knows which.
fn is_kept_elsewhere(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}
