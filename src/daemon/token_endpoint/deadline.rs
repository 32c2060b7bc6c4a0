//! When a token request has to be over: every step on its way asks how much time is left.

use std::io;
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(Instant);

impl Deadline {
    pub(super) fn after(limit: Duration) -> Self {
        Self(Instant::now() + limit)
    }

    /// The end of a step that may take so long from now, and no longer than all may.
    pub(super) fn sooner(self, limit: Duration) -> Self {
        Self(self.0.min(Instant::now() + limit))
    }

    /// More than nothing.
    ///
    /// # Errors
    /// The time is up.
    pub(super) fn left(self) -> io::Result<Duration> {
        let left = self.0.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}
