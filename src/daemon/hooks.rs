//! Runs the user's commands: children that the event loop watches, without a thread.
//!
//! What comes of them is fetched with [`Hooks::poll_finished`]. Deadlines are the boot clock's, and are put off by as
//! much as the machine sleeps: a lid that is closed must not end a hook that saves tokens.

mod command;
mod hook;
mod hook_kind;
mod output;
mod reminders;
mod running_hook;
#[cfg(test)]
mod tests;
mod waiting;

use std::collections::BTreeMap;
use std::io;
use std::process::{Child, ExitStatus};
use std::rc::Rc;
use std::time::Duration;

use mio::{Registry, Token};
use pizauth_common::account_name::AccountName;
use pizauth_common::cause::Cause;
use pizauth_common::config::HookCommands;
use pizauth_core::keeper::{AccountEvent, HookVerdict, JobId};
use pizauth_core::moment::Moment;
use rustix::process::Signal;

use crate::log::{self, What};
use crate::wake_sources::FIRST_HOOK_OUTPUT;
pub(crate) use command::{HookOutput, HookSettings};
pub(crate) use hook::Hook;
use hook_kind::{HookKind, account};
use output::{Output, Reading};
use running_hook::RunningHook;
use waiting::Waiting;

/// When the system cannot start a process now, it is tried again after this time, which doubles each time.
const START_AGAIN: Duration = Duration::from_secs(1);
const LONGEST_START_AGAIN: Duration = Duration::from_secs(8);

/// What the event loop has to know of a hook's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finished {
    /// `startup_cmd` has ended, or there is none.
    Startup,
    /// `transient_error_if_cmd` has an answer.
    TransientErrorIf {
        /// The ticket that it was asked with.
        job: JobId,
        /// The answer.
        verdict: HookVerdict,
    },
}

/// All hooks: those that run and those that wait for their turn.
#[derive(Debug)]
pub(crate) struct Hooks {
    settings: HookSettings,
    commands: HookCommands,
    registry: Rc<Registry>,
    waiting: Vec<(HookKind, Waiting)>,
    running: Vec<RunningHook>,
    outputs: BTreeMap<usize, Output>,
    next_token: usize,
    finished: Vec<Finished>,
    /// Set while the system cannot start processes.
    start_again: Option<Moment>,
    /// The last pause between two tries, until one succeeds.
    start_pause: Option<Duration>,
    is_stopping: bool,
}

impl Hooks {
    /// No hook runs yet. Their output is registered with `registry`.
    pub(crate) fn new(settings: HookSettings, commands: HookCommands, registry: Rc<Registry>) -> Self {
        Self {
            settings,
            commands,
            registry,
            waiting: HookKind::ALL.map(|kind| (kind, Waiting::default())).into(),
            running: Vec::new(),
            outputs: BTreeMap::new(),
            next_token: FIRST_HOOK_OUTPUT,
            finished: Vec::new(),
            start_again: None,
            start_pause: None,
            is_stopping: false,
        }
    }

    /// The configuration was read again: hooks that start from now on use these commands.
    pub(crate) fn set_commands(&mut self, commands: HookCommands) {
        self.commands = commands;
    }

    /// Runs the hooks that have to hear of an event.
    pub(crate) fn tell(&mut self, event: &AccountEvent, now: Moment) {
        for hook in Hook::that_hear(event) {
            self.run(hook, now);
        }
    }

    /// Runs a hook, at once or when it is its turn.
    pub(crate) fn run(&mut self, hook: Hook, now: Moment) {
        let kind = HookKind::of(&hook);
        if kind.command(&self.commands).is_none() {
            self.finish(&hook, HookVerdict::NoVerdict);
        } else if self.is_stopping && kind != HookKind::TokenEvent {
            line(What::HookNotStarted, kind, account(&hook)).field("reason", "stopping").write();
            self.finish(&hook, HookVerdict::NoVerdict);
        } else {
            for (_, waiting) in self.waiting.iter_mut().filter(|(of, _)| *of == kind) {
                waiting.push(hook.clone());
            }
            self.start_waiting(now);
        }
    }

    /// To be called on CHLD: sees which hooks have ended, and starts those whose turn it is.
    pub(crate) fn children_changed(&mut self, now: Moment) {
        let mut reaped = Vec::new();
        self.running.retain_mut(|running| match running.reaped() {
            Some(status) => {
                reaped.push((running.hook.clone(), status, running.was_killed()));
                false
            }
            None => true,
        });
        for (hook, status, was_killed) in reaped {
            self.conclude(&hook, status, was_killed);
        }
        self.start_waiting(now);
    }

    /// Whether a token of the event loop is one of ours.
    pub(crate) fn owns(&self, token: Token) -> bool {
        token.0 >= FIRST_HOOK_OUTPUT
    }

    /// A hook has written something, or closed its output.
    pub(crate) fn output_ready(&mut self, token: Token) {
        let Some(output) = self.outputs.get_mut(&token.0) else { return };
        if output.read(&self.registry, token) == Reading::Closed {
            output.deregister(&self.registry);
            self.outputs.remove(&token.0);
        }
    }

    /// When [`Hooks::handle_timeout`] has something to do.
    pub(crate) fn poll_timeout(&self) -> Option<Moment> {
        self.running.iter().filter_map(RunningHook::due).chain(self.start_again).min()
    }

    /// Ends hooks whose time is up. Early or repeated calls are harmless.
    pub(crate) fn handle_timeout(&mut self, now: Moment) {
        if self.poll_timeout().is_none_or(|due| due > now) {
            return;
        }
        for running in &mut self.running {
            running.handle_timeout(now);
        }
        if self.start_again.is_some_and(|due| due <= now) {
            self.start_again = None;
        }
        // A hook that obeyed TERM was not reaped, so that its group's number stayed taken; now it can be.
        self.children_changed(now);
    }

    /// The machine has slept for so long.
    pub(crate) fn slept(&mut self, time: Duration) {
        self.running.iter_mut().for_each(|running| running.slept(time));
    }

    /// The next news of a hook that has ended.
    pub(crate) fn poll_finished(&mut self) -> Option<Finished> {
        if self.finished.is_empty() { None } else { Some(self.finished.remove(0)) }
    }

    /// Whether a session is led by a hook of ours that runs.
    pub(crate) fn is_session(&self, session: u32) -> bool {
        self.running.iter().any(|running| running.session() == session)
    }

    /// The daemon stops: from now on only token events are started, and nobody waits for a verdict any more.
    pub(crate) fn stop(&mut self) {
        self.is_stopping = true;
        for (_, waiting) in self.waiting.iter_mut().filter(|(kind, _)| *kind != HookKind::TokenEvent) {
            waiting.clear();
        }
        for running in self.running.iter().filter(|running| running.kind() == HookKind::TransientErrorIf) {
            running.signal(Signal::TERM);
        }
    }

    /// Whether all token events have been told, so that a hook which keeps the tokens has the last state.
    pub(crate) fn is_drained(&self) -> bool {
        let is_event = |kind: HookKind| kind == HookKind::TokenEvent;
        self.waiting.iter().all(|(kind, waiting)| !is_event(*kind) || waiting.is_empty())
            && !self.running.iter().any(|running| is_event(running.kind()))
    }

    /// The daemon ends. A hook or browser that still runs and writes to a pipe of ours must not be ended by SIGPIPE:
    /// another process goes on reading.
    pub(crate) fn let_go(mut self) {
        for (token, mut output) in std::mem::take(&mut self.outputs) {
            if output.read(&self.registry, Token(token)) == Reading::Open {
                // If that cannot be started, SIGPIPE may end the writer: nothing more can be done.
                let _ = output.leave();
            }
        }
    }

    fn start_waiting(&mut self, now: Moment) {
        for index in 0..self.waiting.len() {
            while self.start_again.is_none() && self.start_next_of(index, now) {}
        }
    }

    /// Starts the first hook of a queue that may run, and says whether there was one.
    fn start_next_of(&mut self, index: usize, now: Moment) -> bool {
        let (kind, waiting) = &mut self.waiting[index];
        let running = &self.running;
        let busy = running.iter().filter(|other| other.kind() == *kind && !other.is_overdue()).count();
        if busy >= kind.at_once() {
            return false;
        }
        let may_run = |hook: &Hook| *kind != HookKind::AuthNotify || reminders::may_run(hook, running);
        let Some((number, hook)) = waiting.take_first(may_run) else { return false };
        match self.start(&hook) {
            Ok(Some(child)) => self.started(hook, child, now),
            Ok(None) => self.finish(&hook, HookVerdict::NoVerdict),
            Err(error) => self.not_started(index, number, &hook, &error, now),
        }
        true
    }

    /// `Ok(None)`: a reload has removed the command while the hook waited.
    fn start(&mut self, hook: &Hook) -> io::Result<Option<Child>> {
        let kind = HookKind::of(hook);
        let Some(command) = kind.command(&self.commands) else { return Ok(None) };
        if self.settings.output == HookOutput::Inherited {
            return self.settings.prepare(command, hook, None).spawn().map(Some);
        }
        let (output, writers) = Output::new(kind, account(hook).cloned())?;
        let token = Token(self.next_token);
        output.register(&self.registry, token)?;
        let child = self.settings.prepare(command, hook, Some(writers)).spawn()?;
        self.next_token += 1;
        self.outputs.insert(token.0, output);
        Ok(Some(child))
    }

    fn started(&mut self, hook: Hook, child: Child, now: Moment) {
        let kind = HookKind::of(&hook);
        self.start_pause = None;
        line(What::HookStarted, kind, account(&hook)).field("pid", child.id()).write();
        self.running.push(RunningHook::new(hook, child, now));
    }

    /// A token event is too important to be lost because the system has no process or descriptor left now, and
    /// so is a word to the user. A question for a verdict is not: the next failure asks it again.
    fn not_started(&mut self, index: usize, number: u64, hook: &Hook, error: &io::Error, now: Moment) {
        let kind = HookKind::of(hook);
        let waits = is_passing(error) && kind != HookKind::TransientErrorIf;
        if !waits || self.start_pause.is_none() {
            line(What::HookNotStarted, kind, account(hook)).field("reason", Cause(error)).write();
        }
        if waits {
            let pause = self.start_pause.map_or(START_AGAIN, |last| (last * 2).min(LONGEST_START_AGAIN));
            self.waiting[index].1.put_back(number, hook.clone());
            self.start_again = Some(now.plus(pause));
            self.start_pause = Some(pause);
        } else {
            self.finish(hook, HookVerdict::NoVerdict);
        }
    }

    fn conclude(&mut self, hook: &Hook, status: ExitStatus, was_killed: bool) {
        let kind = HookKind::of(hook);
        // What we have ended ourselves did not fail.
        let failed = !status.success() && !was_killed;
        // While we stop nobody waits for its answer.
        let has_no_answer = failed && says_nothing(status) && !self.is_stopping;
        let verdict = match status.success() && !was_killed {
            true => HookVerdict::KeepTrying,
            false if self.is_stopping || has_no_answer => HookVerdict::NoVerdict,
            false => HookVerdict::GiveUp,
        };
        let is_failure = failed && (kind != HookKind::TransientErrorIf || has_no_answer);
        let what = if is_failure { What::HookFailed } else { What::HookEnded };
        line(what, kind, account(hook)).field("status", status).write();
        self.finish(hook, verdict);
    }

    fn finish(&mut self, hook: &Hook, verdict: HookVerdict) {
        match hook {
            Hook::Startup => self.finished.push(Finished::Startup),
            Hook::TransientErrorIf { job, .. } => {
                self.finished.push(Finished::TransientErrorIf { job: *job, verdict });
            }
            Hook::AuthNotify { .. } | Hook::ErrorNotify { .. } | Hook::TokenEvent { .. } => {}
        }
    }
}

/// Whether a command said nothing by its end: a signal ended it, or the shell could not run it (126 and 127, POSIX
/// XCU §2.8.2), as where a script is missing because its file system is not mounted.
fn says_nothing(status: ExitStatus) -> bool {
    matches!(status.code(), None | Some(126 | 127))
}

/// Whether the system may be able to start a process a little later.
fn is_passing(error: &io::Error) -> bool {
    use rustix::io::Errno;
    matches!(
        Errno::from_io_error(error),
        Some(Errno::AGAIN | Errno::NOMEM | Errno::MFILE | Errno::NFILE | Errno::TXTBSY)
    )
}

/// A line about a hook.
fn line(what: What, kind: HookKind, account: Option<&AccountName>) -> log::Line {
    let line = log::event(what);
    account.into_iter().fold(line, log::Line::account).field("hook", kind.option())
}
