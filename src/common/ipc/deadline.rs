//! Until when a call may take.
//!
//! Not std's `Instant`, whose panics bring all that `io::Error` can say of itself into a small executable; and not
//! rustix's clock, which brings a parser of the kernel's vDSO.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// A moment of the monotonic clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(Duration);

impl Deadline {
    /// The moment when `patience` will have passed.
    pub(super) fn after(patience: Duration) -> Self {
        Self(now().saturating_add(patience))
    }

    /// Whether it has passed.
    pub(super) fn is_over(self) -> bool {
        now() >= self.0
    }

    /// The time until then; never zero, which a socket would take for no limit.
    pub(super) fn remaining(self) -> Duration {
        self.0.saturating_sub(now()).max(Duration::from_millis(1))
    }
}

/// Since an arbitrary moment. Every system has this clock.
fn now() -> Duration {
    clock_gettime(ClockId::CLOCK_MONOTONIC).map(Duration::from).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Deadline, Duration};

    #[test]
    fn what_is_over_still_leaves_a_limit_for_a_socket() {
        let over = Deadline::after(Duration::ZERO);
        assert!(over.is_over());
        assert_eq!(over.remaining(), Duration::from_millis(1));
    }

    #[test]
    fn no_patience_is_too_long() {
        for patience in [Duration::from_secs(3600), Duration::MAX] {
            let deadline = Deadline::after(patience);
            assert!(!deadline.is_over());
            assert!(deadline.remaining() <= patience && deadline.remaining() > Duration::from_secs(3000));
        }
    }
}
