//! When a token request is due: how long to wait after an issue, after a failure, between tries.

use core::time::Duration;

use pizauth_common::config::Account;

use crate::moment::Moment;
use crate::oauth::answer::LONGEST_RETRY_AFTER;
use crate::oauth::outcome::Reason;

/// A refresh is not due sooner than this after issue, unless half the lifetime is.
const SOONEST: Duration = Duration::from_secs(10);
/// Growing pauses stop growing here.
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);
/// A server that was not reached is tried again so soon while callers wait.
const LONGEST_WHILE_AWAITED: Duration = Duration::from_secs(2);
/// Time between tries while a person has to mend something.
pub(super) const ATTENTION_RETRY: Duration = Duration::from_secs(60 * 60);
/// An exchange is tried this often while the server cannot be reached.
pub(super) const EXCHANGE_TRIES: u32 = 10;

/// A transient failure of a refresh, or of a question to an issuer.
pub(super) struct Failure {
    pub(super) reason: Reason,
    pub(super) retry_after: Option<Duration>,
    pub(super) reached: bool,
}

/// When an access token obtained and expiring at these moments is due for a refresh.
pub(super) fn refresh_due(account: &Account, obtained_at: Moment, expires_at: Moment) -> Moment {
    let before_expiry = expires_at.minus(account.refresh_before_expiry);
    let in_time = if before_expiry < obtained_at.plus(SOONEST) {
        obtained_at.plus(expires_at.since(obtained_at) / 2)
    } else {
        before_expiry
    };
    in_time.min(obtained_at.plus(account.refresh_at_least))
}

/// The pause after a transient failure: `first` while the server is not reached, growing with the consecutive failures
/// that it has `answered`. ±10 %, for which `dice` is any random number. A network often is back in a moment: while
/// callers wait, a server that was not reached is tried soon.
pub(super) fn pause(first: Duration, answered: u32, is_awaited: bool, dice: u64) -> Duration {
    match answered {
        0 if is_awaited => jittered(first, dice).min(LONGEST_WHILE_AWAITED),
        0 => jittered(first, dice),
        _ => jittered(doubled(first, answered), dice).min(LONGEST_PAUSE.max(first)),
    }
}

/// No pause after a transient failure is shorter, unless somebody is in a hurry.
pub(super) fn shortest_pause(account: &Account) -> Duration {
    jittered(account.refresh_retry, 0)
}

/// The pause after the `tries`-th try of an exchange that did not reach the server.
pub(super) fn exchange_pause(tries: u32) -> Duration {
    doubled(Duration::from_secs(1), tries).min(Duration::from_secs(60))
}

/// When the next try is due, and the moment before which the server does not want to see one. Not all of a Retry-After
/// is honoured.
pub(super) fn after_pause(now: Moment, pause: Duration, retry_after: Option<Duration>) -> (Moment, Moment) {
    let not_before = retry_after.map_or(now, |asked| now.plus(asked.min(LONGEST_RETRY_AFTER)));
    (not_before.max(now.plus(pause)), not_before)
}

/// `pause` ±10 %; `dice` is any random number.
fn jittered(pause: Duration, dice: u64) -> Duration {
    let percent = 90 + (dice % 21) as u32;
    pause.saturating_mul(percent) / 100
}

/// `first` doubled with each failure after the first one.
fn doubled(first: Duration, failures: u32) -> Duration {
    first.saturating_mul(1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use super::*;

    fn pauses(refresh_retry: u64, answered: u32) -> BTreeSet<Duration> {
        (0..100).map(|dice| pause(Duration::from_secs(refresh_retry), answered, false, dice)).collect()
    }

    #[test]
    fn pauses_are_spread_so_that_accounts_do_not_come_back_all_at_once() {
        for (refresh_retry, first, last) in [(40, 36, 44), (4000, 3600, 4400)] {
            let pauses = pauses(refresh_retry, 0);
            assert_eq!(pauses.first(), Some(&Duration::from_secs(first)));
            assert_eq!(pauses.last(), Some(&Duration::from_secs(last)));
            assert!(pauses.len() > 10, "{pauses:?}");
        }
    }

    #[test]
    fn growing_pauses_stop_at_a_quarter_of_an_hour_or_where_they_began() {
        assert_eq!(pauses(40, 3).first(), Some(&Duration::from_secs(144)));
        for (refresh_retry, answered, longest) in [(40, 6, 900), (40, u32::MAX, 900), (4000, 2, 4000)] {
            assert_eq!(pauses(refresh_retry, answered), [Duration::from_secs(longest)].into());
        }
    }
}
