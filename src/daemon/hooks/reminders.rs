//! When a reminder to sign in may run. Reminders are never ended, since one may have become the user's browser: so
//! each may tell what no other tells just now, and an account may not have any number of them.

use super::Hook;
use super::hook_kind::{HookKind, account};
use super::running_hook::RunningHook;

/// So many of one account may run. The last place is kept for a URL that none of the others was told.
pub(super) const MOST_OF_ONE_ACCOUNT: usize = 4;

pub(super) fn may_run(reminder: &Hook, running: &[RunningHook]) -> bool {
    let is_of_account = |other: &&RunningHook| {
        other.kind() == HookKind::AuthNotify && account(&other.hook) == account(reminder)
    };
    let of_account: Vec<&RunningHook> = running.iter().filter(is_of_account).collect();
    let mut of_url = of_account.iter().filter(|other| other.hook == *reminder).peekable();
    let places = if of_url.peek().is_some() { MOST_OF_ONE_ACCOUNT - 1 } else { MOST_OF_ONE_ACCOUNT };
    of_account.len() < places && of_url.all(|other| other.is_overdue())
}
