//! A time on a command line: `30s`, `10m`, or plain digits, which are seconds.

use std::str::FromStr;
use std::time::Duration;

/// Nobody waits longer, and what is meant to be longer is a mistake.
const LONGEST: u64 = 24 * 60 * 60;

/// A whole number of seconds, at most 24 h.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeSpan(u64);

impl TimeSpan {
    /// So many seconds.
    pub const fn of_seconds(seconds: u16) -> Self {
        Self(seconds as u64)
    }

    /// Its seconds.
    pub fn seconds(self) -> u64 {
        self.0
    }

    /// The same as the standard library has it.
    pub fn duration(self) -> Duration {
        Duration::from_secs(self.0)
    }
}

impl FromStr for TimeSpan {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (digits, unit) = match text.as_bytes().last() {
            Some(b's') => (&text[..text.len() - 1], 1),
            Some(b'm') => (&text[..text.len() - 1], 60),
            Some(b'h') => (&text[..text.len() - 1], 3600),
            Some(b'd') => (&text[..text.len() - 1], LONGEST),
            _ => (text, 1),
        };
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        let seconds = digits.parse::<u64>().ok().filter(|_| is_number).and_then(|it| it.checked_mul(unit));
        seconds.filter(|seconds| *seconds <= LONGEST).map(Self).ok_or("a time is 30s, 10m, 2h, at most 24h")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_digits_and_a_unit_and_at_most_a_day() {
        for (text, seconds) in
            [("30s", 30), ("45", 45), ("0", 0), ("10m", 600), ("24h", 86_400), ("1d", 86_400)]
        {
            assert_eq!(text.parse(), Ok(TimeSpan(seconds)), "{text}");
        }
        assert_eq!("30s".parse(), Ok(TimeSpan::of_seconds(30)));
        let bad =
            ["", "s", "-1", "+1", "1.5s", "1 s", "25h", "2d", "30S", "1w", "ms", "ä", "18446744073709551616"];
        for text in bad.into_iter().chain(["99999999999999999d", "1sm"]) {
            assert!(text.parse::<TimeSpan>().is_err(), "{text}");
        }
    }
}
