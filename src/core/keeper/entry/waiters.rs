//! The callers that wait for an access token of an account, for its end, or for another stage of a sign-in: what each
//! wants, and until when.

use alloc::collections::{BTreeMap, BTreeSet};
use core::time::Duration;

use crate::keeper::stage::StageMark;
use crate::keeper::tickets::WaiterId;
use crate::moment::Moment;
use crate::prelude::*;
use crate::snapshot::Lineage;

/// What a caller waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// An access token that is valid for so long, or for as long as the server's tokens are.
    Token {
        /// So long.
        min_valid: Duration,
    },
    /// One that is obtained from now on.
    NewToken,
    /// The same, or the first failure to get one, also where it is tried again.
    FirstTry,
    /// Another stage of a sign-in than this one.
    OtherStage(StageMark),
}

impl Demand {
    /// Whether it is an access token that is waited for.
    pub(in crate::keeper) fn is_for_token(self) -> bool {
        !matches!(self, Self::OtherStage(_))
    }
}

#[derive(Debug)]
pub(in crate::keeper) struct Waiter {
    pub(in crate::keeper) demand: Demand,
    pub(in crate::keeper) until: Moment,
    pub(in crate::keeper) asked_at: Moment,
    /// Of the access token that there was then.
    pub(in crate::keeper) old: Option<Lineage>,
}

/// One of those who wait for an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::keeper) enum Who {
    /// For what it demands.
    Waiter(WaiterId),
    /// For the end of the session at its server.
    Revoker(WaiterId),
}

/// Those who wait for one account: nobody, most of the time, of most accounts. Each is answered once, or leaves.
#[derive(Debug, Default)]
pub(in crate::keeper) struct Waiters(Option<Box<Crowd>>);

#[derive(Debug, Default)]
struct Crowd {
    waiters: BTreeMap<WaiterId, Waiter>,
    /// Those who wait for the end of the session, and until when.
    revokers: BTreeMap<WaiterId, Moment>,
    /// Of all of them.
    deadlines: BTreeSet<(Moment, WaiterId)>,
    /// Those who wait for another stage of a sign-in.
    followers: BTreeSet<WaiterId>,
}

impl Waiters {
    pub(in crate::keeper) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// When the time of the first of them is up.
    pub(in crate::keeper) fn next_deadline(&self) -> Option<Moment> {
        self.0.as_ref()?.deadlines.first().map(|(until, _)| *until)
    }

    /// `old` is the lineage of the access token that there is.
    pub(in crate::keeper) fn add(
        &mut self,
        id: WaiterId,
        demand: Demand,
        until: Moment,
        old: Option<Lineage>,
        asked_at: Moment,
    ) {
        self.remove(id);
        let crowd = self.0.get_or_insert_default();
        crowd.deadlines.insert((until, id));
        crowd.followers.extend(matches!(demand, Demand::OtherStage(_)).then_some(id));
        crowd.waiters.insert(id, Waiter { demand, until, asked_at, old });
    }

    pub(in crate::keeper) fn add_revoker(&mut self, id: WaiterId, until: Moment) {
        self.remove(id);
        let crowd = self.0.get_or_insert_default();
        crowd.deadlines.insert((until, id));
        crowd.revokers.insert(id, until);
    }

    /// Whether somebody waits for the end of the session.
    pub(in crate::keeper) fn has_revokers(&self) -> bool {
        self.first_revoker().is_some()
    }

    pub(in crate::keeper) fn first_revoker(&self) -> Option<WaiterId> {
        self.0.as_ref()?.revokers.keys().next().copied()
    }

    pub(in crate::keeper) fn has_followers(&self) -> bool {
        self.0.as_ref().is_some_and(|crowd| !crowd.followers.is_empty())
    }

    /// Those who demand something.
    pub(in crate::keeper) fn demanding(&self) -> impl Iterator<Item = (WaiterId, &Waiter)> {
        self.0.iter().flat_map(|crowd| &crowd.waiters).map(|(id, waiter)| (*id, waiter))
    }

    pub(in crate::keeper) fn remove(&mut self, id: WaiterId) -> Option<Who> {
        let crowd = self.0.as_mut()?;
        let (who, until) = match crowd.waiters.remove(&id) {
            Some(waiter) => (Who::Waiter(id), waiter.until),
            None => (Who::Revoker(id), crowd.revokers.remove(&id)?),
        };
        crowd.deadlines.remove(&(until, id));
        crowd.followers.remove(&id);
        if crowd.deadlines.is_empty() {
            self.0 = None;
        }
        Some(who)
    }

    pub(in crate::keeper) fn take_overdue(&mut self, now: Moment) -> Option<Who> {
        self.next_deadline().filter(|until| *until <= now)?;
        self.take_first()
    }

    pub(in crate::keeper) fn take_first(&mut self) -> Option<Who> {
        let (_, id) = *self.0.as_ref()?.deadlines.first()?;
        self.remove(id)
    }
}
