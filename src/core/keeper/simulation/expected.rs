//! What a step must tell of an account, fact by fact.

use std::collections::{BTreeSet, VecDeque};
use std::ops::RangeInclusive;
use std::time::Duration;

use pizauth_common::account_name::AccountName;

use crate::keeper::{AccountEvent, Happened};
use crate::oauth::outcome::Reason;

/// The user is told of so many causes at most before something succeeds.
const MOST_CAUSES: usize = 16;

#[derive(Clone, Debug)]
enum Expectation {
    Exactly(Happened),
    RefreshFailed { reason: Reason, failures: u32, pauses: RangeInclusive<Duration> },
}

/// The events that must come, in their order, and what the user has been told of already.
#[derive(Clone, Debug, Default)]
pub(super) struct Expected {
    events: VecDeque<Expectation>,
    reported: BTreeSet<String>,
}

impl Expected {
    pub(super) fn event(&mut self, what: Happened) {
        self.events.push_back(Expectation::Exactly(what));
    }

    pub(super) fn refresh_failed(&mut self, reason: Reason, failures: u32, pauses: RangeInclusive<Duration>) {
        self.events.push_back(Expectation::RefreshFailed { reason, failures, pauses });
    }

    /// Something has failed in a way that the user has to know of, once.
    pub(super) fn error(&mut self, reason: Reason, what: fn(Reason, bool) -> Happened) {
        let cause = reason.cause().to_owned();
        let is_news = self.reported.len() < MOST_CAUSES && self.reported.insert(cause);
        self.event(what(reason, is_news));
    }

    /// After a success or at the end of a session whatever comes is news.
    pub(super) fn forget_reported(&mut self) {
        self.reported.clear();
    }

    pub(super) fn awaits_any(&self) -> bool {
        !self.events.is_empty()
    }

    /// The next one comes. Gives the pause where one follows that is not known in advance.
    pub(super) fn told(&mut self, event: &AccountEvent) -> Option<Duration> {
        let name = &event.account;
        match (self.events.pop_front(), &event.what) {
            (Some(Expectation::Exactly(expected)), what) => {
                assert_eq!(*what, expected, "told of {name}");
                assert_eq!(event.error_message().is_some(), is_for_the_user(&expected), "{event:?}");
                None
            }
            (
                Some(Expectation::RefreshFailed { reason, failures, pauses }),
                Happened::RefreshFailed { reason: why, failures: count, pause },
            ) => {
                assert_eq!((why, *count), (&reason, failures), "told of {name}");
                assert!(pauses.contains(pause), "a pause of {pause:?} instead of {pauses:?} for {name}");
                assert_eq!(event.error_message(), None, "it may mend itself");
                Some(*pause)
            }
            (expected, what) => panic!("{what:?} was told of {name}, and not {expected:?}"),
        }
    }

    pub(super) fn assert_all_told(&self, name: &AccountName) {
        assert!(self.events.is_empty(), "nobody was told of {name}: {:?}", self.events);
    }
}

fn is_for_the_user(what: &Happened) -> bool {
    match what {
        Happened::SessionEnded { is_news, .. }
        | Happened::NeedsAttention { is_news, .. }
        | Happened::AuthorizationFailed { is_news, .. } => *is_news,
        _ => false,
    }
}
