//! Time as the core sees it. Nothing here reads a clock: `clock.rs` does.

use core::time::Duration;

use pizauth_common::unix_time::UnixTime;

/// A point on the boot clock, in milliseconds: it counts while the machine sleeps and never steps back.
/// Arithmetic saturates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub u64);

impl Moment {
    /// Before all that happens: what was due then is due now, and what was to be waited for is over.
    pub const LONG_AGO: Self = Self(0);

    /// When the machine was booted. A century lies before it: a token that a dump brings back may have been
    /// obtained, and may have expired, before the boot.
    pub const BOOT: Self = Self(100 * 366 * 86_400 * 1000);

    /// This moment and `by` later.
    pub fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(by.as_millis()).unwrap_or(u64::MAX)))
    }

    /// This moment and `by` earlier, at least the clock's zero.
    pub fn minus(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(u64::try_from(by.as_millis()).unwrap_or(u64::MAX)))
    }

    /// How long after `earlier` this is; zero if it is not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// What time it is, by both clocks: one reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// For every deadline and expiry in memory.
    pub moment: Moment,
    /// For dumps and for people.
    pub wall: UnixTime,
    /// How much of that second of the wall clock has passed.
    pub into_second: Duration,
}

impl Now {
    /// What the wall clock shows, showed or will show at `moment`, if nobody sets it.
    pub fn wall_at(self, moment: Moment) -> UnixTime {
        let began = self.second_began();
        if moment >= began {
            self.wall.plus(moment.since(began))
        } else {
            let begun_second = Duration::from_millis(999);
            self.wall.minus(began.since(moment) + begun_second)
        }
    }

    /// The moment at which the wall clock shows or showed `wall`, if nobody sets it.
    pub fn moment_at(self, wall: UnixTime) -> Moment {
        if wall >= self.wall {
            self.second_began().plus(wall.since(self.wall))
        } else {
            self.second_began().minus(self.wall.since(wall))
        }
    }

    fn second_began(self) -> Moment {
        self.moment.minus(self.into_second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_clocks_convert_into_each_other() {
        let now = Now { moment: Moment(100_000), wall: UnixTime(1_000), into_second: Duration::ZERO };
        assert_eq!(now.wall_at(Moment(160_000)), UnixTime(1_060));
        assert_eq!(now.wall_at(Moment(40_000)), UnixTime(940));
        assert_eq!(now.moment_at(UnixTime(1_060)), Moment(160_000));
        assert_eq!(now.moment_at(UnixTime(940)), Moment(40_000));
    }

    #[test]
    fn a_moment_has_one_second_of_the_wall_clock_whenever_it_is_asked_for() {
        let obtained = Moment(100_600);
        for later in 0..3_000 {
            let moment = obtained.plus(Duration::from_millis(later));
            let wall = UnixTime(1_000 + (600 + later) / 1000);
            let now = Now { moment, wall, into_second: Duration::from_millis((600 + later) % 1000) };
            assert_eq!(now.wall_at(obtained), UnixTime(1_000), "{later} ms later");
            assert_eq!(now.wall_at(obtained.plus(Duration::from_secs(3600))), UnixTime(4_600));
            assert_eq!(now.moment_at(UnixTime(1_000)), Moment(100_000));
        }
    }

    #[test]
    fn the_time_before_the_boot_can_be_told() {
        let (moment, wall) = (Moment::BOOT.plus(Duration::from_secs(60)), UnixTime(1_800_000_000));
        let now = Now { moment, wall, into_second: Duration::ZERO };
        let long_ago = wall.minus(Duration::from_secs(20 * 365 * 86_400));
        assert_eq!(now.wall_at(now.moment_at(long_ago)), long_ago);
    }

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(Moment(u64::MAX).plus(Duration::MAX), Moment(u64::MAX));
        assert_eq!(Moment(3).minus(Duration::MAX), Moment(0));
        assert_eq!(Moment(3).since(Moment(4)), Duration::ZERO);
    }
}
