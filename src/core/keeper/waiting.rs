//! Callers that wait for an access token, for its end, or for another stage of a sign-in: how they come, and how each
//! is answered.

use super::effect::{Dismissal, Effect, RevocationEnd, Waited};
use super::entry::{Demand, Entry, Waiter, Who};
use super::event::Happened;
use super::outbox::{Mark, Outbox};
use super::tickets::WaiterId;
use super::token_state::ActiveToken;
use super::{Keeper, UnknownAccount};
use crate::moment::{Moment, Now};
use crate::prelude::*;

impl Keeper {
    /// Has a caller wait until `until` for what it demands; it is told by [`Effect::Answer`], once. What brings the
    /// token about has been begun before, by the calls for that.
    ///
    /// # Errors
    /// There is no such account.
    pub fn wait(
        &mut self,
        account: &str,
        waiter: WaiterId,
        demand: Demand,
        until: Moment,
        now: Now,
    ) -> Result<(), UnknownAccount> {
        self.change(account, now, |entry, _| {
            let old = entry.state.token().map(|token| token.lineage);
            entry.waiters.add(waiter, demand, until, old, now.moment);
        })
    }

    /// A caller has gone: it waits no longer.
    pub fn stop_waiting(&mut self, account: &str, waiter: WaiterId, now: Now) {
        // With the account its waiters are gone, too.
        let _ = self.change(account, now, |entry, _| entry.waiters.remove(waiter));
    }

    /// Who waits for what it demands of the account, and has not been answered.
    pub fn waiters(&self, account: &str) -> impl Iterator<Item = WaiterId> {
        let entry = self.entries.get(account);
        entry.into_iter().flat_map(|entry| entry.waiters.demanding()).map(|(id, _)| id)
    }

    /// Answers those whose time is up.
    pub(super) fn end_waits(&mut self, now: Now) {
        while let Some(name) = self.agenda.waits.take_due(now.moment) {
            let _ = self.change(name.as_str(), now, |entry, outbox| {
                while let Some(who) = entry.waiters.take_overdue(now.moment) {
                    outbox.put(who.dismissed(Dismissal::TimeIsUp));
                }
            });
        }
    }
}

/// After a step: answers whoever has waited for what it has brought. A token, or the end of all hope for one, is always
/// told as an event. So where a step tells nothing, as when one more caller comes to wait, thousands are not looked at.
pub(super) fn answer(entry: &mut Entry, since: Mark, now: Moment, outbox: &mut Outbox) {
    let has_told = outbox.has_told(since);
    if entry.waiters.is_empty() || (!has_told && !entry.waiters.has_followers()) {
        return;
    }
    let ends = outbox.told(since).filter_map(|event| event.what.end_of_hope(event.account.as_str()));
    // A sign-in that is under way may still bring one.
    let failed = ends.last().filter(|_| !entry.state.awaits_sign_in());
    let first_try = outbox.told(since).find_map(|event| match &event.what {
        Happened::RefreshFailed { reason, .. } => Some(reason.to_string()),
        _ => None,
    });
    let is_over = |waiter: &Waiter| match satisfied(entry, waiter, now) {
        Some(Waited::OtherStage) => Some(failed.clone().map_or(Waited::OtherStage, Waited::Failed)),
        None if !waiter.demand.is_for_token() => None,
        None => {
            let first_try = first_try.clone().filter(|_| waiter.demand == Demand::FirstTry);
            failed.clone().or(first_try).map(Waited::Failed)
        }
        satisfied => satisfied,
    };
    let waiters = entry.waiters.demanding().filter(|(_, waiter)| has_told || !waiter.demand.is_for_token());
    let over: Vec<_> = waiters.filter_map(|(id, waiter)| Some((id, is_over(waiter)?))).collect();
    for (waiter, how) in over {
        entry.waiters.remove(waiter);
        outbox.put(Effect::Answer { waiter, how });
    }
}

/// Answers everybody who waits for the account.
pub(super) fn dismiss(entry: &mut Entry, why: Dismissal, outbox: &mut Outbox) {
    while let Some(who) = entry.waiters.take_first() {
        outbox.put(who.dismissed(why));
    }
}

impl Who {
    fn dismissed(self, why: Dismissal) -> Effect {
        match self {
            Self::Waiter(waiter) => Effect::Answer { waiter, how: Waited::Dismissed(why) },
            Self::Revoker(waiter) => Effect::AnswerRevoker { waiter, how: RevocationEnd::Dismissed(why) },
        }
    }
}

fn satisfied(entry: &Entry, waiter: &Waiter, now: Moment) -> Option<Waited> {
    let token = || entry.state.token();
    let found = match waiter.demand {
        Demand::Token { min_valid } => token()?.lasting(min_valid, now),
        Demand::NewToken | Demand::FirstTry => {
            let is_new = |token: &&ActiveToken| {
                Some(token.lineage) != waiter.old && token.obtained_at >= waiter.asked_at
            };
            token().filter(is_new)?.valid(now)
        }
        Demand::OtherStage(seen) => {
            return (entry.stage(now).mark() != seen).then_some(Waited::OtherStage);
        }
    };
    found.cloned().map(Waited::Token)
}
