//! A hook that runs, and the limit on its time.

use std::process::{Child, ExitStatus};
use std::time::Duration;

use mio::Token;
use pizauth_core::moment::Moment;
use rustix::process::Signal;

use super::Hook;
use super::hook_kind::{HookKind, TimeLimit, account};
use crate::log::What;
use crate::process_group::{GRACE, signal_group};

/// A child of ours, the leader of its own session and process group.
#[derive(Debug)]
pub(super) struct RunningHook {
    pub(super) hook: Hook,
    /// What it writes.
    pub(super) output: Option<Token>,
    child: Child,
    timing: Timing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Timing {
    /// It has no limit.
    Unlimited,
    /// Within its time.
    Within { until: Moment },
    /// Beyond its time and still running, which is its own affair.
    Overdue,
    /// Told to end.
    Terminating { until: Moment },
    /// Killed, to be reaped.
    Killed,
}

impl RunningHook {
    pub(super) fn new(hook: Hook, child: Child, output: Option<Token>, now: Moment) -> Self {
        let timing = match HookKind::of(&hook).limit() {
            TimeLimit::None => Timing::Unlimited,
            TimeLimit::ToldAfter(limit) | TimeLimit::KilledAfter(limit) => {
                Timing::Within { until: now.plus(limit) }
            }
        };
        Self { hook, output, child, timing }
    }

    pub(super) fn kind(&self) -> HookKind {
        HookKind::of(&self.hook)
    }

    /// The session that it leads.
    pub(super) fn session(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has become something that runs for long: then it takes nobody's place.
    pub(super) fn is_overdue(&self) -> bool {
        self.timing == Timing::Overdue
    }

    /// Whether it took longer than it may: then it was told to end, and may be gone.
    pub(super) fn was_killed(&self) -> bool {
        matches!(self.timing, Timing::Terminating { .. } | Timing::Killed)
    }

    /// Whether nothing is left to be done but to reap it.
    #[cfg(test)]
    pub(super) fn awaits_reaping(&self) -> bool {
        self.timing == Timing::Killed
    }

    /// When [`RunningHook::handle_timeout`] has something to do.
    pub(super) fn due(&self) -> Option<Moment> {
        match self.timing {
            Timing::Within { until } | Timing::Terminating { until } => Some(until),
            Timing::Unlimited | Timing::Overdue | Timing::Killed => None,
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Moment) {
        if self.due().is_none_or(|due| due > now) {
            return;
        }
        self.timing = match (self.timing, self.kind().limit()) {
            (Timing::Within { .. }, TimeLimit::KilledAfter(limit)) => {
                self.tell(limit, "ended");
                self.signal(Signal::TERM);
                Timing::Terminating { until: now.plus(GRACE) }
            }
            (Timing::Within { .. }, TimeLimit::ToldAfter(limit)) => {
                self.tell(limit, "still_running");
                Timing::Overdue
            }
            _ => {
                self.signal(Signal::KILL);
                Timing::Killed
            }
        };
    }

    /// The machine has slept: the hook got nothing of that time, and its limit does not count it.
    pub(super) fn slept(&mut self, time: Duration) {
        if let Timing::Within { until } | Timing::Terminating { until } = &mut self.timing {
            *until = until.plus(time);
        }
    }

    /// How it ended, if it has: then it is reaped.
    ///
    /// While its group is being ended it is not reaped: as a zombie it keeps the group's number from being
    /// given to somebody else, whom our KILL would hit.
    pub(super) fn reaped(&mut self) -> Option<ExitStatus> {
        if matches!(self.timing, Timing::Terminating { .. }) {
            return None;
        }
        // An error would mean that it is not our child, which std rules out.
        self.child.try_wait().ok().flatten()
    }

    /// Sends a signal to its group.
    pub(super) fn signal(&self, signal: Signal) {
        signal_group(self.child.id(), signal);
    }

    fn tell(&self, limit: Duration, result: &str) {
        super::line(What::HookTimedOut, self.kind(), account(&self.hook))
            .field("pid", self.child.id())
            .field("limit_seconds", limit.as_secs())
            .field("result", result)
            .write();
    }
}
