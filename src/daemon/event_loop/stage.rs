//! Where the daemon is in its own life: starting, serving, stopping.

use std::time::Duration;

use pizauth_core::moment::{Moment, Now};

use super::EventLoop;
use crate::hooks::STARTUP_PATIENCE;
use crate::log::{self, What};

/// When we stop, requests of accounts, saves and token events have this long to finish.
const STOP_PATIENCE: Duration = Duration::from_secs(10);

/// The stages, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Callers are served; what was saved is read and `startup_cmd` runs, so that tokens are back before anybody relies
    /// on us. The supervisor is told of our readiness at `ready_at`, even if that takes longer.
    Starting { ready_at: Moment },
    /// The supervisor knows that we are ready.
    Serving,
    /// What is under way is finished.
    Stopping { until: Moment },
    /// Nothing left to do.
    Over,
}

impl Stage {
    pub(super) fn starting(now: Moment) -> Self {
        Self::Starting { ready_at: now.plus(STARTUP_PATIENCE) }
    }

    fn stopping(now: Moment) -> Self {
        Self::Stopping { until: now.plus(STOP_PATIENCE) }
    }

    pub(super) fn is_over(self) -> bool {
        self == Self::Over
    }

    /// Whether nothing new is begun.
    pub(super) fn is_stopping(self) -> bool {
        matches!(self, Self::Stopping { .. } | Self::Over)
    }

    pub(super) fn poll_timeout(self) -> Option<Moment> {
        match self {
            Self::Starting { ready_at: at } | Self::Stopping { until: at } => Some(at),
            Self::Serving | Self::Over => None,
        }
    }

    /// The machine has slept: what is under way could not use that time, and gets it again.
    pub(super) fn slept(&mut self, time: Duration) {
        if let Self::Starting { ready_at: at } | Self::Stopping { until: at } = self {
            *at = at.plus(time);
        }
    }

    /// `startup_cmd` has ended: we are ready as of now.
    pub(super) fn startup_finished(&mut self) {
        if let Self::Starting { ready_at } = self {
            *ready_at = Moment::LONG_AGO;
        }
    }
}

impl EventLoop {
    /// Begins to stop: requests of accounts that are under way, saves and `token_event_cmd` are waited for, since
    /// tokens would be lost with them. To ask again changes nothing, and whoever does waits for the same end as the
    /// first.
    pub(super) fn stop(&mut self, now: Now) {
        if self.stage.is_stopping() {
            return;
        }
        // First of all: the end of a reload is told to the supervisor as READY=1, which must not follow STOPPING=1.
        self.abandon_reload();
        log::event(What::Stopping).write();
        self.rooms.supervisor.stopping();
        self.rooms.keeper.stop();
        self.rooms.hooks.stop(now.moment);
        self.rooms.client_secrets.stop();
        self.stage = Stage::stopping(now.moment);
        self.abandon_load();
    }

    /// Begins to stop; while it stops already, ends at once.
    pub(super) fn interrupt(&mut self, now: Now) {
        if self.stage.is_stopping() {
            self.stage = Stage::Over;
        } else {
            self.stop(now);
        }
    }

    /// Goes on to the next stage when this one is complete.
    pub(super) fn advance(&mut self, now: Now) {
        match self.stage {
            Stage::Starting { ready_at } if ready_at <= now.moment => {
                log::event(What::Ready).write();
                self.rooms.supervisor.ready();
                self.has_news = true;
                self.stage = Stage::Serving;
            }
            Stage::Stopping { until } if until <= now.moment || self.is_finished() => {
                self.stage = Stage::Over
            }
            _ => {}
        }
    }

    fn is_finished(&self) -> bool {
        let keeper = &self.rooms.keeper;
        !keeper.is_busy() && !keeper.awaits_a_save() && self.rooms.hooks.is_drained()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{START, after};

    #[test]
    fn startup_cmd_is_waited_for_a_minute_and_sleep_does_not_count() {
        let mut stage = Stage::starting(START);
        assert_eq!(stage.poll_timeout(), Some(after(60)));
        stage.slept(Duration::from_secs(3600));
        assert_eq!(stage.poll_timeout(), Some(after(3660)));
        stage.startup_finished();
        assert!(stage.poll_timeout() <= Some(START), "ready at once");
    }

    #[test]
    fn what_is_under_way_at_the_end_gets_nothing_of_a_sleep() {
        let mut stage = Stage::stopping(START);
        assert_eq!(stage.poll_timeout(), Some(after(10)));
        stage.slept(Duration::from_secs(5));
        assert_eq!(stage.poll_timeout(), Some(after(15)));
    }

    #[test]
    fn nothing_new_is_begun_once_we_stop() {
        assert!(Stage::stopping(START).is_stopping() && Stage::Over.is_stopping() && Stage::Over.is_over());
        assert!(!Stage::starting(START).is_stopping() && !Stage::Serving.is_stopping());
        assert_eq!((Stage::Serving.poll_timeout(), Stage::Over.poll_timeout()), (None, None));
    }
}
