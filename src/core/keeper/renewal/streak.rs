//! Transient failures in a row.

use core::time::Duration;

use crate::keeper::tickets::JobId;
use crate::moment::Moment;

/// The transient failures of a renewal since it last went otherwise.
#[derive(Debug, Default)]
pub(in crate::keeper) struct Streak {
    pub(in crate::keeper) failures: u32,
    /// The last of them that the server has answered, without one between that did not reach it.
    pub(in crate::keeper) answered: u32,
    /// Those of the failures that `transient_error_if_cmd` is asked by.
    counted: u32,
    /// When the last of those was.
    counted_at: Option<Moment>,
    /// The ticket of the `transient_error_if_cmd` that is being asked.
    pub(in crate::keeper) question: Option<JobId>,
}

impl Streak {
    /// One more, for which the server was `reached` or not. How many count by now, where this one does: of tries that
    /// reach nobody, which callers hasten, one in `pause`.
    pub(in crate::keeper) fn add(&mut self, reached: bool, pause: Duration, now: Moment) -> Option<u32> {
        self.failures = self.failures.saturating_add(1);
        self.answered = if reached { self.answered.saturating_add(1) } else { 0 };
        let counts = reached || self.counted_at.is_none_or(|last| last.plus(pause) <= now);
        if !counts {
            return None;
        }
        (self.counted, self.counted_at) = (self.counted.saturating_add(1), Some(now));
        Some(self.counted)
    }
}
