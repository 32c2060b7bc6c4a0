//! The bucket that keeps a token endpoint from being stormed, whatever it answers.

use core::time::Duration;

use crate::moment::Moment;

/// At most this many exchanges of one account in quick succession, and as many refreshes.
pub(super) const BURST: u32 = 3;
/// Time after which one more request is allowed.
pub(super) const REFILL: Duration = Duration::from_secs(10);
/// What is put back for a request that has not reached the server, and so has cost it nothing.
const REFUND: Duration = Duration::from_secs(8);

/// Three requests, refilled by one every ten seconds: one moment says it all (the "theoretical arrival
/// time" of the generic cell rate algorithm).
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    full_at: Moment,
}

impl Bucket {
    /// A full bucket.
    pub(super) fn full() -> Self {
        Self { full_at: Moment::LONG_AGO }
    }

    /// From when on the next request is allowed.
    pub(super) fn next_allowed(self) -> Moment {
        self.full_at.minus(REFILL * (BURST - 1))
    }

    /// Takes one request out.
    pub(super) fn take(&mut self, now: Moment) {
        self.full_at = self.full_at.max(now).plus(REFILL);
    }

    /// The last request that was taken out has not reached the server: it counts for a fifth.
    pub(super) fn refund(&mut self) {
        self.full_at = self.full_at.minus(REFUND);
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
    fn what_reaches_nobody_may_be_tried_every_two_seconds_and_leaves_the_others_their_share() {
        let mut bucket = Bucket::full();
        let mut now = Moment(1_000_000);
        for _ in 0..100 {
            assert!(bucket.next_allowed() <= now);
            bucket.take(now);
            bucket.refund();
            now = now.plus(Duration::from_secs(2));
        }
        for _ in 0..3 {
            assert!(bucket.next_allowed() <= now);
            bucket.take(now);
        }
        assert_eq!(bucket.next_allowed(), now.plus(REFILL));
    }

    #[test]
    fn eleven_at_once_reach_nobody_and_then_one_every_two_seconds() {
        let mut bucket = Bucket::full();
        let start = Moment(1_000_000);
        for _ in 0..11 {
            assert!(bucket.next_allowed() <= start);
            bucket.take(start);
            bucket.refund();
        }
        assert_eq!(bucket.next_allowed(), start.plus(Duration::from_secs(2)));
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
