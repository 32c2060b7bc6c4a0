//! Runs the command that prints a client's secret (`client_secret_cmd`), when the keeper asks for it: a child with a
//! thread for the conversation. There is one at a time, since such a command may ask its user for something.

use std::sync::Arc;
use std::time::Duration;

use pizauth_common::account_name::AccountName;
use pizauth_core::keeper::JobId;
use pizauth_core::oauth::client_secret::Printed;
use zeroize::Zeroizing;

use crate::filter::{Aborted, Filter, Filtered, Limits, Tell};
use crate::log::{self, What};
use crate::shell::Shell;

/// For its name in the log.
const OPTION: &str = "client_secret_cmd";

/// A person may have to find and type something within the time. What follows the first line is read and dropped.
const LIMITS: Limits = Limits { time: Some(Duration::from_secs(60)), bytes: 1 << 20 };

/// What a command has printed, for the keeper, and how it has ended, for the log.
#[derive(Debug)]
pub(crate) struct Done {
    job: JobId,
    printed: Printed,
    status: String,
}

/// The room.
pub(crate) struct ClientSecrets {
    shell: Shell,
    tell: Tell<Done>,
    running: Option<(AccountName, Filter)>,
    cancelled: Option<Aborted>,
}

impl ClientSecrets {
    /// No command runs yet. What each has printed, `tell` is to bring to [`ClientSecrets::done`].
    pub(crate) fn new(shell: Shell, tell: impl Fn(Done) + Send + Sync + 'static) -> Self {
        Self { shell, tell: Arc::new(tell), running: None, cancelled: None }
    }

    /// Runs a command for an account. What it prints is told.
    pub(crate) fn ask(&mut self, job: JobId, account: AccountName, command: &Arc<str>) {
        let mut prepared = self.shell.command_line(command);
        prepared.env("PIZAUTH_ACCOUNT", account.as_str());
        let tell = Arc::clone(&self.tell);
        let done = move |printed| tell(Done::new(job, printed));
        match Filter::start(prepared, Zeroizing::default(), LIMITS, done) {
            Ok(filter) => {
                line(What::HookStarted, &account).field("pid", filter.pid()).write();
                self.running = Some((account, filter));
            }
            Err(failed) => {
                line(What::HookNotStarted, &account).field("reason", &failed).write();
                (self.tell)(Done::new(job, Err(failed)));
            }
        }
    }

    /// A command has ended: the ticket that it was asked for with, and what it has printed.
    pub(crate) fn done(&mut self, done: Done) -> (JobId, Printed) {
        if let Some((account, _)) = self.running.take() {
            line(What::HookEnded, &account).field("status", &done.status).write();
        }
        (done.job, done.printed)
    }

    /// The child that runs for us, if one does.
    pub(crate) fn child(&self) -> Option<u32> {
        self.running.as_ref().map(|(_, filter)| filter.pid())
    }

    /// To be called on CHLD.
    pub(crate) fn children_changed(&self) {
        self.running.iter().for_each(|(_, filter)| filter.child_changed());
    }

    /// The daemon stops: a person who is asked for something is not waited for.
    pub(crate) fn stop(&mut self) {
        if let Some((_, filter)) = self.running.take() {
            self.cancelled = Some(filter.abort());
        }
    }

    /// The daemon ends. No command outlives it.
    pub(crate) fn end(mut self) {
        self.stop();
        self.cancelled.into_iter().for_each(Aborted::wait);
    }
}

impl Done {
    fn new(job: JobId, printed: Filtered) -> Self {
        let (printed, status) = match printed {
            Ok(output) => (Printed { output, failure: None }, "exit 0".to_owned()),
            Err(failed) => {
                let failure = Some(failed.to_string());
                (Printed { output: failed.written, failure }, failed.how.to_string())
            }
        };
        Self { job, printed, status }
    }
}

fn line(what: What, account: &AccountName) -> log::Line {
    log::event(what).account(account).field("hook", OPTION)
}
