//! Times of day, as people read them.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use pizauth_common::unix_time::UnixTime;

/// `14:52` today, `2026-11-25 14:52` on other days. By hand: jiff's formatter has all of `strftime` in it.
pub(crate) fn local_time(at: UnixTime, today: Date, zone: &TimeZone) -> String {
    let at = civil(at, zone);
    let time = format!("{:02}:{:02}", at.hour(), at.minute());
    if at.date() == today {
        time
    } else {
        format!("{:04}-{:02}-{:02} {time}", at.year(), at.month(), at.day())
    }
}

/// What clocks in `zone` show.
pub(crate) fn civil(at: UnixTime, zone: &TimeZone) -> DateTime {
    let at = i64::try_from(at.0).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    zone.to_datetime(at.unwrap_or(Timestamp::MAX))
}

/// Rounded up, as the times of the daemon are rounded down: what is left is never more than it seems.
pub(crate) fn now() -> UnixTime {
    let since_epoch = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    UnixTime(since_epoch.as_secs()).plus(Duration::from_secs((since_epoch.subsec_nanos() > 0).into()))
}
