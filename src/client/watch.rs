//! When and where times are read.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use pizauth_common::roughly::roughly;
use pizauth_common::unix_time::UnixTime;

use crate::local_time::{civil, local_time};

/// The present, and the time zone of whoever reads.
pub(crate) struct Watch<'a> {
    pub(crate) now: UnixTime,
    today: Date,
    zone: &'a TimeZone,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(now: UnixTime, zone: &'a TimeZone) -> Self {
        Self { now, today: civil(now, zone).date(), zone }
    }

    /// The time of day.
    pub(crate) fn local(&self, at: UnixTime) -> String {
        local_time(at, self.today, self.zone)
    }

    /// `in 52 min` or `3 h 5 min ago`.
    pub(crate) fn relative(&self, at: UnixTime) -> String {
        if at > self.now {
            format!("in {}", roughly(at.since(self.now)))
        } else {
            format!("{} ago", roughly(self.now.since(at)))
        }
    }
}
