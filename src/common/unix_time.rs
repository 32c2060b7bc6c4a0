//! Wall-clock time, for people and for dumps. Deadlines never use it: see the daemon's `Moment`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Whole seconds since 1970-01-01 00:00 UTC. Arithmetic saturates: no time value can overflow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixTime(pub u64);

impl UnixTime {
    /// The last second of the year 9999: later times are not real.
    pub const MAX: Self = Self(253_402_300_799);

    /// This time and `by` later, at most [`UnixTime::MAX`].
    pub fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(by.as_secs())).min(Self::MAX)
    }

    /// This time and `by` earlier, at least the epoch.
    pub fn minus(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(by.as_secs()))
    }

    /// How long after `earlier` this is; zero if it is not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_secs(self.0.saturating_sub(earlier.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(UnixTime(u64::MAX).plus(Duration::MAX), UnixTime::MAX);
        assert_eq!(UnixTime(5).minus(Duration::MAX), UnixTime(0));
        assert_eq!(UnixTime(5).since(UnixTime(9)), Duration::ZERO);
        assert_eq!(UnixTime(9).since(UnixTime(5)), Duration::from_secs(4));
    }
}
