//! `startup_cmd`, which may restore tokens: what it may bring back is not begun before it has ended.

use std::time::Duration;

use pizauth_common::ipc::message::StartupCmd;
use pizauth_core::moment::{Moment, Now};

use super::EventLoop;
use crate::hooks::{Hook, STARTUP_PATIENCE};

/// How far it is.
#[derive(Debug)]
pub(super) struct Startup {
    /// What callers are told of it.
    pub(super) told: StartupCmd,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    /// What was saved is read first.
    Before,
    /// Its turn has come, and it is waited for until then.
    Awaited { until: Moment },
    /// It has ended, or was waited for long enough.
    Over,
}

impl Startup {
    /// It has not begun; `exists` says whether there is one.
    pub(super) fn new(exists: bool) -> Self {
        let told = if exists { StartupCmd::Running } else { StartupCmd::None };
        Self { told, phase: Phase::Before }
    }

    /// Its turn has come. It is waited for from now on, however long it has taken to read what was saved. False: it has
    /// had its turn before.
    fn begin(&mut self, now: Moment) -> bool {
        let is_first = matches!(self.phase, Phase::Before);
        if is_first {
            let exists = self.told != StartupCmd::None;
            let until = if exists { now.plus(STARTUP_PATIENCE) } else { Moment::LONG_AGO };
            self.phase = Phase::Awaited { until };
        }
        is_first
    }

    fn finish(&mut self, succeeded: bool) {
        if self.told == StartupCmd::Running {
            self.told = if succeeded { StartupCmd::Ended } else { StartupCmd::Failed };
        }
        if let Phase::Awaited { until } = &mut self.phase {
            *until = Moment::LONG_AGO;
        }
    }

    /// Whether what it restores may be missing yet.
    pub(super) fn may_lack_a_restore(&self, now: Moment) -> bool {
        matches!(self.phase, Phase::Awaited { until } if until > now)
    }

    pub(super) fn poll_timeout(&self) -> Option<Moment> {
        match self.phase {
            Phase::Awaited { until } => Some(until),
            Phase::Before | Phase::Over => None,
        }
    }

    /// The machine has slept: it got nothing of that time.
    pub(super) fn slept(&mut self, time: Duration) {
        if let Phase::Awaited { until } = &mut self.phase {
            *until = until.plus(time);
        }
    }

    /// Whether it is not waited for any more, as of now.
    fn take_end(&mut self, now: Moment) -> bool {
        let is_over = matches!(self.phase, Phase::Awaited { until } if until <= now);
        if is_over {
            self.phase = Phase::Over;
        }
        is_over
    }
}

impl EventLoop {
    pub(super) fn run_startup_cmd(&mut self, now: Now) {
        if self.startup.begin(now.moment) {
            self.rooms.hooks.run(Hook::Startup, now.moment);
        }
    }

    pub(super) fn startup_finished(&mut self, succeeded: bool) {
        self.stage.startup_finished();
        self.startup.finish(succeeded);
    }

    /// Somebody has restored what `startup_cmd` did not.
    pub(super) fn made_up_for_startup(&mut self) {
        if self.startup.told == StartupCmd::Failed {
            self.startup.told = StartupCmd::Ended;
        }
    }

    /// Once it has ended, begins what it might have made needless.
    pub(super) fn go_on_after_startup(&mut self, now: Now) {
        if self.startup.take_end(now.moment) && !self.stage.is_stopping() {
            self.fetch_what_is_missing(now);
            self.begin_what_was_held_back(now);
            self.perform_effects(now);
        }
    }

    /// Clients that sign in by themselves do so once neither `startup_cmd` nor what was saved can bring their access
    /// tokens back any more.
    pub(super) fn fetch_what_is_missing(&mut self, now: Now) {
        let is_waited_for = !matches!(self.startup.phase, Phase::Over) || self.rooms.saved_state.is_loading();
        if !is_waited_for && !self.stage.is_stopping() {
            self.rooms.keeper.begin_fetching(now);
        }
    }

    /// Whether `startup_cmd` may bring back the token that an account lacks: then what is begun now may prove needless,
    /// or be undone.
    pub(super) fn may_be_restored(&self, account: &str, now: Now) -> bool {
        self.startup.may_lack_a_restore(now.moment)
            && !self.stage.is_stopping()
            && self.rooms.keeper.lacks_token(account, now) == Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{START, after};

    #[test]
    fn what_it_restores_is_waited_for_a_minute_from_when_it_begins_and_sleep_does_not_count() {
        let mut startup = Startup::new(true);
        assert!(startup.poll_timeout().is_none() && !startup.take_end(after(61)), "a load takes its time");
        assert!(startup.begin(after(61)) && startup.may_lack_a_restore(after(120)));
        startup.slept(Duration::from_secs(3600));
        assert_eq!(startup.poll_timeout(), Some(after(3721)));
        assert!(!startup.take_end(after(3720)) && startup.take_end(after(3721)));
        assert!(!startup.may_lack_a_restore(after(3721)));
        assert!(!startup.take_end(after(3722)) && !startup.begin(after(3722)), "once");
    }

    #[test]
    fn nothing_is_missing_once_it_has_ended_or_where_there_is_none() {
        for (exists, told) in [(true, StartupCmd::Failed), (false, StartupCmd::None)] {
            let mut startup = Startup::new(exists);
            startup.begin(START);
            assert_eq!(startup.may_lack_a_restore(START), exists);
            startup.finish(false);
            assert!(!startup.may_lack_a_restore(START) && startup.take_end(START));
            assert_eq!(startup.told, told);
        }
    }
}
