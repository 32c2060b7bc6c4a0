//! One load or save, step by step: a filter, perhaps the other one to see that it brings back what the first was given,
//! and the file.

use std::sync::Arc;
use std::thread;

use pizauth_core::keeper::{JobId, NotSaved};
use pizauth_core::moment::Moment;
use pizauth_core::snapshot::{Snapshot, holds_a_dump};
use zeroize::Zeroizing;

use super::error::Failure;
use super::place::LockedPlace;
use super::settings::Commands;
use super::{DECRYPT, ENCRYPT, LARGEST, PATIENCE, SavedState, WORTH_A_LINE};
use crate::containment::{Worker, contain};
use crate::filter::{self, Aborted, Failed, Filter, Limits};

/// What a filter has written, or why that is good for nothing.
type Filtered = Result<Zeroizing<Vec<u8>>, Failure>;

/// What another thread has done for a run.
#[derive(Debug)]
pub(crate) struct Done {
    ticket: u64,
    result: StepResult,
}

#[derive(Debug)]
enum StepResult {
    Filtered(Filtered),
    Written(Result<(), Failure>),
}

/// What a run is about to do.
#[derive(Debug)]
pub(super) enum Step {
    /// What was saved goes through the decrypting command.
    Load,
    /// A dump goes through the encrypting one.
    Encrypt { job: JobId, dump: Zeroizing<Vec<u8>>, locked: LockedPlace },
    /// What that has written goes through the decrypting one.
    ReadBack { job: JobId, dump: Zeroizing<Vec<u8>>, locked: LockedPlace, encrypted: Zeroizing<Vec<u8>> },
    /// It becomes the file.
    Write { job: JobId },
}

/// A load or a save that goes on.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) step: Step,
    /// As they were when it began.
    commands: Commands,
    filter: Option<Filter>,
    /// When its step is worth a line in the log.
    pub(super) told_at: Option<Moment>,
}

impl Run {
    pub(super) fn child(&self) -> Option<u32> {
        self.filter.as_ref().map(Filter::pid)
    }

    pub(super) fn child_changed(&self) {
        self.filter.iter().for_each(Filter::child_changed);
    }

    /// Gives what is to be waited for where the daemon ends.
    pub(super) fn cancel(self) -> Option<Aborted> {
        self.filter.map(Filter::abort)
    }
}

impl SavedState {
    /// Begins a run with a filter on `input`.
    pub(super) fn begin(
        &mut self,
        step: Step,
        input: Zeroizing<Vec<u8>>,
        now: Moment,
    ) -> Result<(), Failure> {
        let commands = self.commands.clone().ok_or(Failure::NoCommands)?;
        self.filter(step, commands, input, now)
    }

    fn filter(
        &mut self,
        step: Step,
        commands: Commands,
        input: Zeroizing<Vec<u8>>,
        now: Moment,
    ) -> Result<(), Failure> {
        let (option, command, limit) = match step {
            Step::Encrypt { .. } => (ENCRYPT, &commands.encrypt_cmd, Some(PATIENCE)),
            Step::Load | Step::ReadBack { .. } | Step::Write { .. } => (DECRYPT, &commands.decrypt_cmd, None),
        };
        self.last_ticket += 1;
        let (ticket, tell) = (self.last_ticket, Arc::clone(&self.tell));
        let in_words = move |failed: Failed| Failure::Command { option, why: failed.to_string() };
        let done = move |filtered: filter::Filtered| {
            let filtered = filtered.map_err(in_words);
            tell(Done { ticket, result: StepResult::Filtered(filtered) });
        };
        let limits = Limits { time: limit, bytes: LARGEST };
        let filter = Filter::start(self.shell.command_line(command), input, limits, done);
        let filter = Some(filter.map_err(in_words)?);
        let told_at = limit.is_none().then(|| now.plus(WORTH_A_LINE));
        self.run = Some(Run { step, commands, filter, told_at });
        Ok(())
    }

    /// Goes on where another thread has done its part.
    pub(crate) fn done(&mut self, done: Done, now: Moment) {
        if done.ticket != self.last_ticket {
            return;
        }
        let Some(Run { step, commands, .. }) = self.run.take() else { return };
        match (step, done.result) {
            (Step::Load, StepResult::Filtered(filtered)) => self.decrypted(filtered),
            (Step::Encrypt { job, dump, locked }, StepResult::Filtered(filtered)) => {
                self.encrypted(job, dump, locked, filtered, commands, now);
            }
            (Step::ReadBack { job, dump, locked, encrypted }, StepResult::Filtered(filtered)) => {
                self.read_back(job, &dump, filtered, commands, move |this, commands| {
                    this.write(job, locked, encrypted, commands);
                });
            }
            (Step::Write { job }, StepResult::Written(Ok(()))) => self.saved(job),
            (Step::Write { job }, StepResult::Written(Err(why))) => {
                self.not_saved(job, NotSaved::Failed, why)
            }
            (Step::Write { .. }, StepResult::Filtered(_)) | (_, StepResult::Written(_)) => {}
        }
    }

    fn decrypted(&mut self, filtered: Filtered) {
        let snapshot = filtered.and_then(|dump| Snapshot::decode(&dump).map_err(Failure::NoDump));
        match snapshot {
            Ok(snapshot) => self.loaded(snapshot),
            Err(why) => self.not_loaded(why),
        }
    }

    fn encrypted(
        &mut self,
        job: JobId,
        dump: Zeroizing<Vec<u8>>,
        locked: LockedPlace,
        filtered: Filtered,
        commands: Commands,
        now: Moment,
    ) {
        let encrypted = match filtered.and_then(checked) {
            Ok(encrypted) => encrypted,
            Err(why) => return self.not_saved(job, NotSaved::Failed, why),
        };
        if self.proven.as_ref() == Some(&commands) {
            return self.write(job, locked, encrypted, commands);
        }
        let input = encrypted.clone();
        let begun = self.filter(Step::ReadBack { job, dump, locked, encrypted }, commands, input, now);
        if let Err(why) = begun {
            self.not_saved(job, NotSaved::Failed, why);
        }
    }

    fn read_back(
        &mut self,
        job: JobId,
        dump: &[u8],
        filtered: Filtered,
        commands: Commands,
        go_on: impl FnOnce(&mut Self, Commands),
    ) {
        let why = match filtered {
            Ok(back) if *back == *dump => {
                self.proven = Some(commands.clone());
                return go_on(self, commands);
            }
            Ok(_) => Failure::OtherThanGiven,
            Err(why) => why,
        };
        self.not_saved(job, NotSaved::Prompting, Failure::NotReadBack(Box::new(why)));
    }

    /// In a thread: a disk may take its time.
    fn write(&mut self, job: JobId, locked: LockedPlace, encrypted: Zeroizing<Vec<u8>>, commands: Commands) {
        self.last_ticket += 1;
        let (ticket, tell) = (self.last_ticket, Arc::clone(&self.tell));
        let write = move || {
            let written = contain(Worker::SavedState, || locked.replace(&encrypted));
            // Before others may know that it is done.
            drop(locked);
            let written = written.unwrap_or_else(|bug| Err(Failure::Bug(bug)));
            tell(Done { ticket, result: StepResult::Written(written) });
        };
        match thread::Builder::new().name("state file".to_owned()).spawn(write) {
            Ok(_) => {
                self.run = Some(Run { step: Step::Write { job }, commands, filter: None, told_at: None })
            }
            Err(error) => self.not_saved(job, NotSaved::Failed, Failure::NoThread(error)),
        }
    }
}

/// What an encrypting command has written, if it may be stored.
fn checked(encrypted: Zeroizing<Vec<u8>>) -> Filtered {
    if encrypted.is_empty() {
        return Err(Failure::WroteNothing);
    }
    if holds_a_dump(&encrypted) {
        return Err(Failure::DoesNotEncrypt);
    }
    Ok(encrypted)
}
