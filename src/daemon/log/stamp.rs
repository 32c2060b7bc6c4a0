//! When a line was written, for those destinations where nobody else says so.

use pizauth_common::unix_time::UnixTime;

/// As RFC 3339 has it, in UTC: it needs no table of time zones, and is never ambiguous.
pub(super) fn stamp(UnixTime(seconds): UnixTime) -> String {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// The date so many days after 1970-01-01. Years are counted from March, so that a leap day is the last of its year.
fn date(days: u64) -> (u64, u64, u64) {
    const DAYS_OF_400_YEARS: u64 = 146_097;
    // Days since 0000-03-01.
    let days = days + 719_468;
    let (cycle, day) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
    let year = (day - day / 1460 + day / 36_524 - day / (DAYS_OF_400_YEARS - 1)) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // Five months have 153 days, again and again.
    let from_march = (5 * day + 2) / 153;
    let day = day - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (400 * cycle + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_follows_the_one_before() {
        let is_leap =
            |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days_of = |year, month| match month {
            2 => 28 + u64::from(is_leap(year)),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for days in 0.. {
            assert_eq!(date(days), (year, month, day));
            if day < days_of(year, month) {
                day += 1;
            } else {
                (year, month, day) = if month < 12 { (year, month + 1, 1) } else { (year + 1, 1, 1) };
            }
            if year == 2500 {
                break;
            }
        }
    }

    #[test]
    fn times_are_as_date_prints_them() {
        assert_eq!(stamp(UnixTime(0)), "1970-01-01T00:00:00Z");
        assert_eq!(stamp(UnixTime(1_709_251_199)), "2024-02-29T23:59:59Z");
        assert_eq!(stamp(UnixTime::MAX), "9999-12-31T23:59:59Z");
    }
}
