//! A hook that runs, and the limit on its time.

use std::process::{Child, ExitStatus};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

use super::Hook;
use super::kind::{Kind, Limit, account};
use crate::log::What;
use pizauth_core::moment::Moment;

/// How long a hook that was asked to end (TERM) has until it is ended (KILL).
const GRACE: Duration = Duration::from_millis(500);

/// A child of ours, the leader of its own session and process group.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) hook: Hook,
    child: Child,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It has no limit.
    Unlimited,
    /// Within its time.
    Within { until: Moment },
    /// Beyond its time and still running, which is its own affair.
    Overdue,
    /// Asked to end.
    Ending { until: Moment },
    /// Ended, to be reaped.
    Killed,
}

impl Running {
    pub(super) fn new(hook: Hook, child: Child, now: Moment) -> Self {
        let stage = match Kind::of(&hook).limit() {
            Limit::None => Stage::Unlimited,
            Limit::Told(limit) | Limit::Ended(limit) => Stage::Within { until: now.plus(limit) },
        };
        Self { hook, child, stage }
    }

    pub(super) fn kind(&self) -> Kind {
        Kind::of(&self.hook)
    }

    /// The session that it leads.
    pub(super) fn session(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has become something that runs for long: then it takes nobody's place.
    pub(super) fn is_overdue(&self) -> bool {
        self.stage == Stage::Overdue
    }

    /// Whether it took longer than it may.
    pub(super) fn was_ended(&self) -> bool {
        matches!(self.stage, Stage::Ending { .. } | Stage::Killed)
    }

    /// Whether it has been ended and is yet to be reaped.
    #[cfg(test)]
    pub(super) fn was_killed(&self) -> bool {
        self.stage == Stage::Killed
    }

    /// When [`Running::handle_timeout`] has something to do.
    pub(super) fn due(&self) -> Option<Moment> {
        match self.stage {
            Stage::Within { until } | Stage::Ending { until } => Some(until),
            Stage::Unlimited | Stage::Overdue | Stage::Killed => None,
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Moment) {
        if self.due().is_none_or(|due| due > now) {
            return;
        }
        self.stage = match (self.stage, self.kind().limit()) {
            (Stage::Within { .. }, Limit::Ended(limit)) => {
                self.tell(limit, "ended");
                self.signal(Signal::TERM);
                Stage::Ending { until: now.plus(GRACE) }
            }
            (Stage::Within { .. }, Limit::Told(limit)) => {
                self.tell(limit, "still_running");
                Stage::Overdue
            }
            _ => {
                self.signal(Signal::KILL);
                Stage::Killed
            }
        };
    }

    /// The machine has slept: the hook got nothing of that time, and its limit does not count it.
    pub(super) fn slept(&mut self, time: Duration) {
        if let Stage::Within { until } | Stage::Ending { until } = &mut self.stage {
            *until = until.plus(time);
        }
    }

    /// How it ended, if it has.
    ///
    /// While its group is being ended it is not reaped: as a zombie it keeps the group's number from being
    /// given to somebody else, whom our KILL would hit.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        if matches!(self.stage, Stage::Ending { .. }) {
            return None;
        }
        // An error would mean that it is not our child, which std rules out.
        self.child.try_wait().ok().flatten()
    }

    /// Asks its group to end.
    pub(super) fn signal(&self, signal: Signal) {
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // Nobody is left in it: fine.
            let _ = kill_process_group(group, signal);
        }
    }

    fn tell(&self, limit: Duration, result: &str) {
        super::line(What::HookTimedOut, self.kind(), account(&self.hook))
            .field("pid", self.child.id())
            .field("limit_seconds", limit.as_secs())
            .field("result", result)
            .write();
    }
}
