//! Transient failures in a row.

use core::time::Duration;

use crate::keeper::tickets::JobId;
use crate::moment::Moment;

/// The transient failures of a renewal in a row.
#[derive(Debug, Default)]
pub(in crate::keeper) struct Streak {
    pub(in crate::keeper) failures: u32,
    /// The last of them in a row for which the server was reached.
    pub(in crate::keeper) answered: u32,
    /// Those that count towards a question to `transient_error_if_cmd`.
    counted: u32,
    /// When the last of those was.
    counted_at: Option<Moment>,
    /// The ticket of the `transient_error_if_cmd` that is being asked.
    pub(in crate::keeper) question: Option<JobId>,
}

impl Streak {
    /// One more, for which the server was `reached` or not. Gives how many count by now, if this one does. Callers can
    /// hasten tries that reach nobody: such a failure counts only if `pause` has passed since the last that did.
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
