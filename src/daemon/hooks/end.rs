//! What becomes of a hook that has ended or could not be started: who hears of it, and whether it is run again.

use std::process::ExitStatus;
use std::time::Duration;

use pizauth_core::keeper::HookVerdict;
use pizauth_core::moment::Moment;

use super::hook_kind::{HookKind, account};
use super::{Finished, Hook, Hooks, line};
use crate::log::{self, What};

impl Hooks {
    pub(super) fn conclude(&mut self, hook: &Hook, status: ExitStatus, was_killed: bool, now: Moment) {
        let kind = HookKind::of(hook);
        let succeeded = status.success() && !was_killed;
        // What we have ended ourselves did not fail.
        let failed = !status.success() && !was_killed;
        // While we stop nobody waits for its answer.
        let has_no_answer = failed && says_nothing(status) && !self.is_stopping;
        let verdict = match succeeded {
            true => HookVerdict::KeepTrying,
            false if self.is_stopping || has_no_answer => HookVerdict::NoVerdict,
            false => HookVerdict::GiveUp,
        };
        let is_failure = failed && (kind != HookKind::TransientErrorIf || has_no_answer);
        let what = if is_failure { What::HookFailed } else { What::HookEnded };
        let again = if succeeded { self.settle(hook) } else { self.try_again(hook, now) };
        with_pause(line(what, kind, account(hook)).field("status", status), again).write();
        self.finish(hook, verdict);
    }

    /// A hook that failed: a token event is told again after this time, unless the account has a later one. The others
    /// are not.
    pub(super) fn try_again(&mut self, hook: &Hook, now: Moment) -> Option<Duration> {
        let Hook::TokenEvent { account, .. } = hook else { return None };
        let is_overtaken = self.queue(HookKind::TokenEvent).has_event_of(account);
        if is_overtaken || (self.is_stopping && self.failed_events.is_known(account)) {
            return self.settle(hook);
        }
        Some(self.failed_events.add(account, hook, now))
    }

    /// Nothing more is to be done about it.
    pub(super) fn settle(&mut self, hook: &Hook) -> Option<Duration> {
        if let Hook::TokenEvent { account, .. } = hook {
            self.failed_events.forget(account);
        }
        None
    }

    pub(super) fn finish(&mut self, hook: &Hook, verdict: HookVerdict) {
        match hook {
            Hook::Startup => {
                self.hold_events_until = None;
                self.finished.push(Finished::Startup { succeeded: verdict == HookVerdict::KeepTrying });
            }
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

/// When a hook that failed is run again, if it is.
pub(super) fn with_pause(line: log::Line, again: Option<Duration>) -> log::Line {
    again.into_iter().fold(line, |line, pause| line.field("retry_in", pause.as_secs()))
}
