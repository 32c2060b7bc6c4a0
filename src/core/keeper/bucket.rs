//! The bucket that keeps a token endpoint from being stormed, whatever it answers.

use core::time::Duration;

use crate::moment::Moment;

/// At most this many exchanges of one account in quick succession, and as many refreshes.
pub(super) const BURST: u32 = 3;
/// Time after which one more request is allowed.
pub(super) const REFILL: Duration = Duration::from_secs(10);

/// Three requests, refilled by one every ten seconds: one moment says it all (the "theoretical arrival
/// time" of the generic cell rate algorithm).
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    full_at: Moment,
}

impl Bucket {
    /// A full bucket.
    pub(super) fn full() -> Self {
        Self { full_at: Moment(0) }
    }

    /// From when on the next request is allowed.
    pub(super) fn next_allowed(self) -> Moment {
        self.full_at.minus(REFILL * (BURST - 1))
    }

    /// Takes one request out.
    pub(super) fn take(&mut self, now: Moment) {
        self.full_at = self.full_at.max(now).plus(REFILL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_at_once_then_one_every_ten_seconds() {
        let mut bucket = Bucket::full();
        let start = Moment(1_000_000);
        for _ in 0..3 {
            assert!(bucket.next_allowed() <= start);
            bucket.take(start);
        }
        assert_eq!(bucket.next_allowed(), start.plus(REFILL));
        bucket.take(start.plus(REFILL));
        assert_eq!(bucket.next_allowed(), start.plus(REFILL * 2));
    }

    #[test]
    fn a_long_rest_fills_it_to_three_and_no_more() {
        let mut bucket = Bucket::full();
        let later = Moment(1_000_000_000);
        bucket.take(Moment(5));
        for _ in 0..3 {
            assert!(bucket.next_allowed() <= later);
            bucket.take(later);
        }
        assert!(bucket.next_allowed() > later);
    }
}
