//! The only reader of the system clock, and the alarm that wakes the event loop when something is due.
//!
//! Deadlines are kept on the boot clock. It counts while the machine sleeps and nobody can set it, so a
//! token ages in suspend and a wall clock that is set, forwards or back, moves no deadline.

use std::time::{Duration, SystemTime};

// Not rustix's, which reads the kernel's vDSO by itself: under valgrind that ends in a crash.
use nix::libc::CLOCK_MONOTONIC;
use nix::time::{ClockId, clock_gettime};
use pizauth_common::unix_time::UnixTime;

use pizauth_core::moment::{Moment, Now};

#[cfg(any(target_os = "linux", target_os = "android", target_os = "openbsd"))]
use nix::libc::CLOCK_BOOTTIME as BOOT_CLOCK;
/// On macOS this one counts while the machine sleeps; FreeBSD and NetBSD have none that is sure to.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "openbsd")))]
use nix::libc::CLOCK_MONOTONIC as BOOT_CLOCK;

/// The system's clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock;

impl Clock {
    /// What time it is, by both clocks. A wall clock before 1970 or after the year 9999 is taken as that.
    pub(crate) fn now() -> Now {
        let boot = u64::try_from(read(BOOT_CLOCK).as_millis()).unwrap_or(u64::MAX);
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Now {
            moment: Moment::BOOT.plus(Duration::from_millis(boot)),
            wall: UnixTime(since_epoch.as_secs()).min(UnixTime::MAX),
            into_second: Duration::from_millis(since_epoch.subsec_millis().into()),
        }
    }

    /// How long the machine has slept since it was booted; nothing where the system does not tell.
    pub(crate) fn slept() -> Duration {
        read(BOOT_CLOCK).saturating_sub(read(CLOCK_MONOTONIC))
    }

    /// The clock that systemd compares its own with, in microseconds. For nothing else.
    pub(crate) fn monotonic_microseconds() -> u64 {
        u64::try_from(read(CLOCK_MONOTONIC).as_micros()).unwrap_or(u64::MAX)
    }
}

/// What a clock shows. Every system that this compiles for has these clocks.
fn read(clock: nix::libc::clockid_t) -> Duration {
    clock_gettime(ClockId::from_raw(clock)).map(Duration::from).expect("the system has this clock")
}

pub(crate) use alarm::Alarm;

/// A timerfd on the boot clock: it fires at once after a resume, where a timeout of poll would go on waiting.
#[cfg(any(target_os = "linux", target_os = "android"))]
mod alarm {
    use std::io;
    use std::os::fd::{AsRawFd, OwnedFd};

    use mio::event::Source;
    use mio::unix::SourceFd;
    use mio::{Interest, Registry, Token};
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };

    use super::{Duration, Moment};

    /// Becomes readable in the event loop when the moment it is set to has come.
    #[derive(Debug)]
    pub(crate) struct Alarm {
        timer: OwnedFd,
        set_to: Option<Moment>,
    }

    impl Alarm {
        /// An alarm that is not set.
        ///
        /// # Errors
        /// The system has no descriptor left.
        pub(crate) fn new() -> io::Result<Self> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            Ok(Self { timer: timerfd_create(TimerfdClockId::Boottime, flags)?, set_to: None })
        }

        /// Sets the alarm, or turns it off. To set it again to the same moment costs nothing.
        ///
        /// # Errors
        /// The system refuses, which it has no reason to.
        pub(crate) fn set(&mut self, to: Option<Moment>) -> io::Result<()> {
            if to == self.set_to {
                return Ok(());
            }
            let it_value = to.map_or(OFF, absolute);
            let timer = Itimerspec { it_interval: OFF, it_value };
            timerfd_settime(&self.timer, TimerfdTimerFlags::ABSTIME, &timer)?;
            self.set_to = to;
            Ok(())
        }

        /// To be called when the alarm was ready. It has fired, so the next [`Alarm::set`] arms it afresh.
        pub(crate) fn acknowledge(&mut self) {
            let mut expirations = [0; 8];
            // Nothing to read means that it was set anew since it fired: then it is still armed.
            if rustix::io::read(&self.timer, &mut expirations).is_ok() {
                self.set_to = None;
            }
        }

        /// How long the event loop may sleep at most: as long as it likes, the descriptor wakes it.
        pub(crate) fn poll_timeout(&self) -> Option<Duration> {
            None
        }
    }

    const OFF: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

    /// The moment as the kernel wants it; zero would turn the timer off, so it is never that.
    fn absolute(moment: Moment) -> Timespec {
        let since_boot = moment.since(Moment::BOOT).max(Duration::from_millis(1));
        Timespec::try_from(since_boot).unwrap_or(Timespec { tv_sec: i64::MAX, tv_nsec: 0 })
    }

    impl Source for Alarm {
        fn register(&mut self, registry: &Registry, token: Token, interests: Interest) -> io::Result<()> {
            SourceFd(&self.timer.as_raw_fd()).register(registry, token, interests)
        }

        fn reregister(&mut self, registry: &Registry, token: Token, interests: Interest) -> io::Result<()> {
            SourceFd(&self.timer.as_raw_fd()).reregister(registry, token, interests)
        }

        fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
            SourceFd(&self.timer.as_raw_fd()).deregister(registry)
        }
    }
}

/// Where there is no timer on the boot clock the loop sleeps a little at a time while something is due.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod alarm {
    use std::io;

    use mio::event::Source;
    use mio::{Interest, Registry, Token};

    use super::{Clock, Duration, Moment};

    /// After a resume a deadline is noticed at most this much late.
    const LONGEST_SLEEP: Duration = Duration::from_secs(30);

    /// Has no descriptor: the event loop asks [`Alarm::poll_timeout`] before it sleeps.
    #[derive(Debug)]
    pub(crate) struct Alarm {
        set_to: Option<Moment>,
    }

    impl Alarm {
        /// An alarm that is not set.
        ///
        /// # Errors
        /// None here.
        pub(crate) fn new() -> io::Result<Self> {
            Ok(Self { set_to: None })
        }

        /// Sets the alarm, or turns it off.
        ///
        /// # Errors
        /// None here.
        pub(crate) fn set(&mut self, to: Option<Moment>) -> io::Result<()> {
            self.set_to = to;
            Ok(())
        }

        /// Never needed here.
        pub(crate) fn acknowledge(&mut self) {}

        /// How long the event loop may sleep at most.
        pub(crate) fn poll_timeout(&self) -> Option<Duration> {
            // One millisecond more, since the clock is read in whole ones: no turn that is too early.
            let left = |due: Moment| due.since(Clock::now().moment);
            self.set_to.map(|due| left(due).saturating_add(Duration::from_millis(1)).min(LONGEST_SLEEP))
        }
    }

    impl Source for Alarm {
        fn register(&mut self, _: &Registry, _: Token, _: Interest) -> io::Result<()> {
            Ok(())
        }

        fn reregister(&mut self, _: &Registry, _: Token, _: Interest) -> io::Result<()> {
            Ok(())
        }

        fn deregister(&mut self, _: &Registry) -> io::Result<()> {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use mio::{Events, Interest, Poll, Token};

    use super::*;

    /// Waits for the alarm, at most `for_at_most`.
    fn rings(poll: &mut Poll, alarm: &Alarm, for_at_most: Duration) -> bool {
        let mut events = Events::with_capacity(4);
        let timeout = alarm.poll_timeout().map_or(for_at_most, |own| own.min(for_at_most));
        // Signals of other tests may interrupt it.
        while poll.poll(&mut events, Some(timeout)).is_err_and(|error| error.kind() == ErrorKind::Interrupted)
        {
        }
        events.iter().any(|event| event.token() == Token(1)) || alarm.poll_timeout() == Some(timeout)
    }

    fn registered() -> (Poll, Alarm) {
        let poll = Poll::new().unwrap();
        let mut alarm = Alarm::new().unwrap();
        poll.registry().register(&mut alarm, Token(1), Interest::READABLE).unwrap();
        (poll, alarm)
    }

    #[test]
    fn the_boot_clock_never_goes_back_and_the_wall_clock_is_of_this_century() {
        let first = Clock::now();
        let second = Clock::now();
        assert!(second.moment >= first.moment);
        assert!(first.wall > UnixTime(1_700_000_000) && first.wall <= UnixTime::MAX);
    }

    #[test]
    fn an_alarm_in_the_past_rings_at_once_and_again_when_set_again() {
        let (mut poll, mut alarm) = registered();
        for due in [Moment::LONG_AGO, Moment(1), Moment(1), Clock::now().moment] {
            alarm.set(Some(due)).unwrap();
            assert!(rings(&mut poll, &alarm, Duration::from_secs(60)), "{due:?}");
            alarm.acknowledge();
        }
    }

    #[test]
    fn an_alarm_that_is_off_or_far_away_does_not_ring() {
        let (mut poll, mut alarm) = registered();
        alarm.set(Some(Moment(1))).unwrap();
        alarm.set(Some(Moment(u64::MAX))).unwrap();
        assert!(!rings(&mut poll, &alarm, Duration::ZERO));
        alarm.set(Some(Moment(1))).unwrap();
        alarm.set(None).unwrap();
        assert!(!rings(&mut poll, &alarm, Duration::ZERO));
    }
}
