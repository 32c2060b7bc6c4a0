//! Token events whose hook has failed, one of an account at most: they are told again with growing pauses. A disk that
//! was full for a moment must not cost a refresh token, which the hook would have saved.

use std::collections::BTreeMap;
use std::time::Duration;

use pizauth_common::account_name::AccountName;
use pizauth_core::moment::Moment;

use super::Hook;

/// The first pause. Each is four times the one before, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);

/// What has to be told again.
#[derive(Debug, Default)]
pub(super) struct FailedEvents(BTreeMap<AccountName, Failed>);

#[derive(Debug)]
struct Failed {
    hook: Hook,
    next_pause: Duration,
    /// Absent while it waits for its turn or runs.
    due: Option<Moment>,
}

impl FailedEvents {
    /// The hook of an event has failed, perhaps again: how long it waits now.
    pub(super) fn add(&mut self, account: &AccountName, hook: &Hook, now: Moment) -> Duration {
        let new = || Failed { hook: hook.clone(), next_pause: FIRST_PAUSE, due: None };
        let failed = self.0.entry(account.clone()).or_insert_with(new);
        let pause = failed.next_pause;
        failed.next_pause = (pause * 4).min(LONGEST_PAUSE);
        failed.due = Some(now.plus(pause));
        pause
    }

    /// It has been told, or the account has a later event, which tells more.
    pub(super) fn forget(&mut self, account: &AccountName) {
        self.0.remove(account);
    }

    /// Whether an event of the account has failed and is not settled.
    pub(super) fn is_known(&self, account: &AccountName) -> bool {
        self.0.contains_key(account)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// When [`FailedEvents::take_due`] has something to give.
    pub(super) fn poll_timeout(&self) -> Option<Moment> {
        self.0.values().filter_map(|failed| failed.due).min()
    }

    /// Those whose pause is over.
    pub(super) fn take_due(&mut self, now: Moment) -> Vec<Hook> {
        let take = |failed: &mut Failed| failed.due.take_if(|due| *due <= now).map(|_| failed.hook.clone());
        self.0.values_mut().filter_map(take).collect()
    }

    /// The daemon stops: those that wait are told once more. One that is being told now, as if for the first time.
    pub(super) fn stop(&mut self) -> Vec<Hook> {
        self.0.retain(|_, failed| failed.due.is_some());
        self.take_due(Moment(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use pizauth_core::keeper::TokenEvent;

    use super::*;
    use crate::testing::START;

    fn event(account: &str, event: TokenEvent) -> (AccountName, Hook) {
        (account.into(), Hook::TokenEvent { account: account.into(), event })
    }

    #[test]
    fn pauses_grow_up_to_an_hour_and_begin_anew_with_another_event() {
        let (work, hook) = event("work", TokenEvent::Refreshed);
        let (mut failed, mut now) = (FailedEvents::default(), START);
        for seconds in [2, 8, 32, 128, 512, 2048, 3600, 3600] {
            let pause = Duration::from_secs(seconds);
            assert_eq!(failed.add(&work, &hook, now), pause);
            assert_eq!(failed.poll_timeout(), Some(now.plus(pause)));
            assert_eq!(failed.take_due(now.plus(pause - Duration::from_millis(1))), []);
            now = now.plus(pause);
            assert_eq!(failed.take_due(now), std::slice::from_ref(&hook));
            assert_eq!((failed.poll_timeout(), failed.is_known(&work)), (None, true), "it is being told");
        }
        failed.forget(&work);
        assert!(failed.is_empty());
        assert_eq!(failed.add(&work, &hook, now), FIRST_PAUSE);
    }

    #[test]
    fn accounts_have_pauses_of_their_own_and_a_stop_ends_them_all() {
        let ((work, of_work), (home, of_home)) =
            (event("work", TokenEvent::New), event("home", TokenEvent::Revoked));
        let mut failed = FailedEvents::default();
        failed.add(&work, &of_work, START);
        failed.take_due(START.plus(FIRST_PAUSE));
        failed.add(&work, &of_work, START.plus(FIRST_PAUSE));
        failed.add(&home, &of_home, START.plus(FIRST_PAUSE));
        assert_eq!(failed.take_due(START.plus(FIRST_PAUSE * 2)), [of_home]);
        assert_eq!(failed.stop(), [of_work]);
        assert!(failed.is_known(&work), "it has had its last chance");
        assert!(!failed.is_known(&home), "which the other, that is being told, has not");
    }
}
