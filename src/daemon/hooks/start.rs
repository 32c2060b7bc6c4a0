//! The start of hooks whose turn it is, and what becomes of one that the system cannot start.

use std::io;
use std::process::Child;
use std::time::Duration;

use mio::Token;
use pizauth_common::cause::Cause;
use pizauth_core::keeper::HookVerdict;
use pizauth_core::moment::Moment;

use super::end::with_pause;
use super::hook_kind::{HookKind, account};
use super::running_hook::RunningHook;
use super::{Hook, Hooks, command, line, reminders};
use crate::log::What;

/// When the system cannot start a process now, it is tried again after this time, which doubles each time.
pub(super) const START_AGAIN: Duration = Duration::from_secs(1);
const LONGEST_START_AGAIN: Duration = Duration::from_secs(8);

impl Hooks {
    /// Starts hooks as far as there are places for them, and processes.
    pub(super) fn start_waiting(&mut self, now: Moment) {
        for index in 0..self.queues.len() {
            while self.start_again.is_none() && self.start_next_of(index, now) {}
        }
    }

    /// Starts the first hook of a queue that may run, and says whether there was one.
    fn start_next_of(&mut self, index: usize, now: Moment) -> bool {
        let (kind, queue) = &mut self.queues[index];
        let running = &self.running;
        if *kind == HookKind::TokenEvent && self.hold_events_until.is_some() {
            return false;
        }
        let busy = running.iter().filter(|other| other.kind() == *kind && !other.is_overdue()).count();
        if busy >= kind.at_once() {
            return false;
        }
        let may_run = |hook: &Hook| *kind != HookKind::AuthNotify || reminders::may_run(hook, running);
        let Some((number, hook)) = queue.take_first(may_run) else { return false };
        match self.start(&hook) {
            Ok(Some((child, output))) => self.started(hook, child, output, now),
            Ok(None) => {
                self.settle(&hook);
                self.finish(&hook, HookVerdict::NoVerdict);
            }
            Err(error) => self.not_started(index, number, &hook, &error, now),
        }
        true
    }

    /// `Ok(None)`: a reload has removed the command while the hook waited.
    fn start(&mut self, hook: &Hook) -> io::Result<Option<(Child, Option<Token>)>> {
        let kind = HookKind::of(hook);
        let Some(command) = kind.command(&self.commands) else { return Ok(None) };
        let with_output = self.outputs.open(kind, account(hook).cloned()).and_then(|(output, writers)| {
            let child = command::prepare(&self.shell, command, hook, Some(writers)).spawn();
            child.map(|child| (child, Some(output))).inspect_err(|_| self.outputs.close(output))
        });
        match with_output {
            // Without pipes it takes three descriptors less for a moment, and writes to where we do.
            Err(error) if is_for_want_of_descriptors(&error) => {
                Ok(Some((command::prepare(&self.shell, command, hook, None).spawn()?, None)))
            }
            other => other.map(Some),
        }
    }

    fn started(&mut self, hook: Hook, child: Child, output: Option<Token>, now: Moment) {
        let kind = HookKind::of(&hook);
        self.start_pause = None;
        line(What::HookStarted, kind, account(&hook)).field("pid", child.id()).write();
        self.running.push(RunningHook::new(hook, child, output, now));
    }

    /// A token event is too important to be lost because the system has no process or descriptor left now, and
    /// so is a word to the user. A question for a verdict is not: the next failure asks it again.
    pub(super) fn not_started(
        &mut self,
        index: usize,
        number: u64,
        hook: &Hook,
        error: &io::Error,
        now: Moment,
    ) {
        let kind = HookKind::of(hook);
        let waits = is_passing(error) && kind != HookKind::TransientErrorIf;
        if !waits || self.start_pause.is_none() {
            let again = if waits { None } else { self.try_again(hook, now) };
            let line = line(What::HookNotStarted, kind, account(hook)).field("reason", Cause(error));
            with_pause(line, again).write();
        }
        if waits {
            let pause = self.start_pause.map_or(START_AGAIN, |last| (last * 2).min(LONGEST_START_AGAIN));
            self.queues[index].1.put_back(number, hook.clone());
            self.start_again = Some(now.plus(pause));
            self.start_pause = Some(pause);
        } else {
            self.finish(hook, HookVerdict::NoVerdict);
        }
    }
}

/// Whether the system may be able to start a process a little later.
fn is_passing(error: &io::Error) -> bool {
    use rustix::io::Errno;
    is_for_want_of_descriptors(error)
        || matches!(Errno::from_io_error(error), Some(Errno::AGAIN | Errno::NOMEM | Errno::TXTBSY))
}

fn is_for_want_of_descriptors(error: &io::Error) -> bool {
    use rustix::io::Errno;
    matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE))
}
