//! How many callers may wait: each has a connection, and descriptors have to be left for everybody and everything else.

use crate::ipc_listener::AnyCaller;

/// More are a mistake of somebody's, and each takes memory.
const MOST: u64 = 10_000;
/// So many descriptors are not for those who wait.
const RESERVED: u64 = 128;

/// A number of callers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Crowd {
    /// All together.
    all: usize,
    /// By the extra socket.
    guests: usize,
}

impl Crowd {
    /// So many may wait where `descriptors` may be open, if there is a limit; guests are a quarter of them at most.
    pub(super) fn allowed(descriptors: Option<u64>) -> Self {
        let by_descriptors = |limit: u64| (limit.saturating_sub(RESERVED) / 4 * 3).max(limit / 8);
        let all = descriptors.map_or(MOST, by_descriptors).min(MOST) as usize;
        Self { all, guests: all.div_ceil(4) }
    }

    /// Those who ask.
    pub(super) fn of(callers: impl Iterator<Item = AnyCaller>) -> Self {
        callers.fold(Self::default(), Self::with)
    }

    /// And one more.
    pub(super) fn with(self, caller: AnyCaller) -> Self {
        Self { all: self.all + 1, guests: self.guests + usize::from(caller.own().is_none()) }
    }

    /// And one fewer.
    pub(super) fn without(self, caller: AnyCaller) -> Self {
        Self { all: self.all - 1, guests: self.guests - usize::from(caller.own().is_none()) }
    }

    /// Both crowds together.
    pub(super) fn and(self, other: Self) -> Self {
        Self { all: self.all + other.all, guests: self.guests + other.guests }
    }

    /// Whether one more would still be within what is `allowed`.
    pub(super) fn has_room_for(self, caller: AnyCaller, allowed: Self) -> bool {
        let is_welcome = caller.own().is_some() || self.guests < allowed.guests;
        is_welcome && self.all < allowed.all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_thousand_may_wait_and_descriptors_are_left() {
        for (descriptors, all, guests) in [
            (None, 10_000, 2500),
            (Some(65_536), 10_000, 2500),
            (Some(8192), 6048, 1512),
            (Some(1024), 672, 168),
        ] {
            assert_eq!(Crowd::allowed(descriptors), Crowd { all, guests });
        }
    }

    #[test]
    fn with_few_descriptors_somebody_may_wait_and_somebody_else_is_served() {
        for (descriptors, all, guests) in [(256, 96, 24), (128, 16, 4), (24, 3, 1)] {
            assert_eq!(Crowd::allowed(Some(descriptors)), Crowd { all, guests });
        }
    }
}
