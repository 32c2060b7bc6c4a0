//! Runs the user's commands: children that the event loop watches, without a thread.
//!
//! What comes of them is fetched with [`Hooks::poll_finished`]. Deadlines are the boot clock's, and are put off by as
//! much as the machine sleeps: a lid that is closed must not end a hook that saves tokens.

mod command;
mod end;
mod failed_events;
mod hook;
mod hook_kind;
mod hook_queue;
mod orphans;
mod output;
mod outputs;
mod reminders;
mod running_hook;
mod start;
#[cfg(test)]
mod tests;

use std::rc::Rc;
use std::time::Duration;

use mio::{Registry, Token};
use pizauth_common::account_name::AccountName;
use pizauth_common::config::HookCommands;
use pizauth_core::keeper::{AccountEvent, HookVerdict, JobId};
use pizauth_core::moment::Moment;
use rustix::process::Signal;

use crate::log::{self, What};
use crate::shell::Shell;
use crate::wake_sources::FIRST_HOOK_OUTPUT;
use failed_events::FailedEvents;
pub(crate) use hook::Hook;
use hook_kind::{HookKind, account};
use hook_queue::HookQueue;
use outputs::Outputs;
use running_hook::RunningHook;

/// Token events are held while `startup_cmd` runs, at most for this time: a dump that is made before its restore lacks
/// what it restores.
pub(crate) const STARTUP_PATIENCE: Duration = Duration::from_secs(60);
/// When we stop, that becomes this time.
const STARTUP_PATIENCE_AT_THE_STOP: Duration = Duration::from_secs(5);

/// What the event loop has to know of a hook's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finished {
    /// `startup_cmd` has ended, or there is none.
    Startup {
        /// Whether it ran and its exit status was 0.
        succeeded: bool,
    },
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
    shell: Shell,
    commands: HookCommands,
    queues: Vec<(HookKind, HookQueue)>,
    running: Vec<RunningHook>,
    failed_events: FailedEvents,
    /// Until then, or until `startup_cmd` has ended, no token event is told.
    hold_events_until: Option<Moment>,
    outputs: Outputs,
    finished: Vec<Finished>,
    /// Set while the system cannot start processes.
    start_again: Option<Moment>,
    /// The last pause between two tries, until one succeeds.
    start_pause: Option<Duration>,
    is_stopping: bool,
}

impl Hooks {
    /// No hook runs yet. Their output is registered with `registry`.
    pub(crate) fn new(shell: Shell, commands: HookCommands, registry: Rc<Registry>) -> Self {
        Self {
            shell,
            commands,
            queues: HookKind::ALL.map(|kind| (kind, HookQueue::default())).into(),
            running: Vec::new(),
            failed_events: FailedEvents::default(),
            hold_events_until: None,
            outputs: Outputs::new(registry),
            finished: Vec::new(),
            start_again: None,
            start_pause: None,
            is_stopping: false,
        }
    }

    /// Whether the configuration has a `startup_cmd`.
    pub(crate) fn has_startup_cmd(&self) -> bool {
        self.commands.startup_cmd.is_some()
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
            match &hook {
                Hook::Startup => self.hold_events_until = Some(now.plus(STARTUP_PATIENCE)),
                Hook::TokenEvent { account, .. } => self.failed_events.forget(account),
                _ => {}
            }
            self.queue(kind).push(hook);
            self.start_waiting(now);
        }
    }

    fn queue(&mut self, kind: HookKind) -> &mut HookQueue {
        let mut queues = self.queues.iter_mut();
        let (_, queue) = queues.find(|(of, _)| *of == kind).expect("each kind has a queue");
        queue
    }

    /// To be called on CHLD: sees which hooks have ended, and starts those whose turn it is. `others` are children that
    /// are not hooks, and that somebody else reaps.
    pub(crate) fn children_changed(&mut self, others: &[Option<u32>], now: Moment) {
        self.outputs.reap();
        let mut reaped = Vec::new();
        self.running.retain_mut(|running| match running.reaped() {
            Some(status) => {
                reaped.push((running.hook.clone(), running.output, status, running.was_killed()));
                false
            }
            None => true,
        });
        for (hook, output, status, was_killed) in reaped {
            output.into_iter().for_each(|output| self.outputs.hook_ended(output));
            self.conclude(&hook, status, was_killed, now);
        }
        let is_hook = |pid| self.running.iter().any(|running| running.session() == pid);
        orphans::reap(|pid| is_hook(pid) || others.contains(&Some(pid)));
        self.start_waiting(now);
    }

    /// Whether a token of the event loop is one of ours.
    pub(crate) fn owns(&self, token: Token) -> bool {
        token.0 >= FIRST_HOOK_OUTPUT
    }

    /// A hook has written something, or closed its output.
    pub(crate) fn output_ready(&mut self, token: Token) {
        self.outputs.ready(token);
    }

    /// When [`Hooks::handle_timeout`] has something to do.
    pub(crate) fn poll_timeout(&self) -> Option<Moment> {
        let due = [self.start_again, self.hold_events_until, self.failed_events.poll_timeout()];
        self.running.iter().filter_map(RunningHook::due).chain(due.into_iter().flatten()).min()
    }

    /// Ends hooks whose time is up. Early or repeated calls are harmless.
    pub(crate) fn handle_timeout(&mut self, others: &[Option<u32>], now: Moment) {
        if self.poll_timeout().is_none_or(|due| due > now) {
            return;
        }
        for running in &mut self.running {
            running.handle_timeout(now);
        }
        for pause in [&mut self.start_again, &mut self.hold_events_until] {
            pause.take_if(|due| *due <= now);
        }
        let again = self.failed_events.take_due(now);
        again.into_iter().for_each(|hook| self.queue(HookKind::TokenEvent).push(hook));
        // A hook that obeyed TERM was not reaped, so that its group's number stayed taken; now it can be.
        self.children_changed(others, now);
    }

    /// The machine has slept for so long.
    pub(crate) fn slept(&mut self, time: Duration) {
        self.running.iter_mut().for_each(|running| running.slept(time));
        self.hold_events_until = self.hold_events_until.map(|until| until.plus(time));
    }

    /// The next news of a hook that has ended.
    pub(crate) fn poll_finished(&mut self) -> Option<Finished> {
        if self.finished.is_empty() { None } else { Some(self.finished.remove(0)) }
    }

    /// Whether a session is led by a hook of ours that runs.
    pub(crate) fn is_session(&self, session: u32) -> bool {
        self.running.iter().any(|running| running.session() == session)
    }

    /// The daemon stops: from now on only token events are started, those that have failed once more, and nobody waits
    /// for a verdict any more.
    pub(crate) fn stop(&mut self, now: Moment) {
        self.is_stopping = true;
        let runs_startup = self.running.iter().any(|running| running.kind() == HookKind::Startup);
        let until = now.plus(STARTUP_PATIENCE_AT_THE_STOP);
        self.hold_events_until = self.hold_events_until.filter(|_| runs_startup).map(|held| held.min(until));
        let again = self.failed_events.stop();
        again.into_iter().for_each(|hook| self.queue(HookKind::TokenEvent).push(hook));
        for (_, queue) in self.queues.iter_mut().filter(|(kind, _)| *kind != HookKind::TokenEvent) {
            queue.clear();
        }
        for running in self.running.iter().filter(|running| running.kind() == HookKind::TransientErrorIf) {
            running.signal(Signal::TERM);
        }
        self.start_waiting(now);
    }

    /// Whether all token events have been told, so that a hook which keeps the tokens has the last state.
    pub(crate) fn is_drained(&self) -> bool {
        let is_event = |kind: HookKind| kind == HookKind::TokenEvent;
        self.queues.iter().all(|(kind, queue)| !is_event(*kind) || queue.is_empty())
            && !self.running.iter().any(|running| is_event(running.kind()))
            && self.failed_events.is_empty()
    }

    /// The daemon ends. A hook or browser that still runs and writes to a pipe of ours must not be ended by SIGPIPE:
    /// another process goes on reading.
    pub(crate) fn let_go(self) {
        self.outputs.let_go();
    }
}

/// A line about a hook.
fn line(what: What, kind: HookKind, account: Option<&AccountName>) -> log::Line {
    let line = log::event(what);
    account.into_iter().fold(line, log::Line::account).field("hook", kind.option())
}
