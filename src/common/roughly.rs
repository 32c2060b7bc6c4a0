//! A span of time in words.

use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// The two largest units, rounded down: nobody reads the seconds of an hour.
pub fn roughly(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..MINUTE => format!("{seconds} s"),
        MINUTE..HOUR => format!("{} min", seconds / MINUTE),
        HOUR..DAY => two(seconds / HOUR, "h", seconds % HOUR / MINUTE, "min"),
        _ => two(seconds / DAY, "d", seconds % DAY / HOUR, "h"),
    }
}

/// The largest unit that it is a whole number of: as somebody has written it, most likely.
pub fn exactly(seconds: u64) -> String {
    let units = [(DAY, "d"), (HOUR, "h"), (MINUTE, "min")];
    let whole = units.into_iter().find(|(unit, _)| seconds >= *unit && seconds.is_multiple_of(*unit));
    let (unit, name) = whole.unwrap_or((1, "s"));
    format!("{} {name}", seconds / unit)
}

fn two(many: u64, unit: &str, rest: u64, smaller: &str) -> String {
    if rest == 0 { format!("{many} {unit}") } else { format!("{many} {unit} {rest} {smaller}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_two_units() {
        let table = [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3599, "59 min"),
            (HOUR, "1 h"),
            (HOUR + 61, "1 h 1 min"),
            (DAY, "1 d"),
            (40 * DAY + HOUR, "40 d 1 h"),
        ];
        for (seconds, words) in table {
            assert_eq!(roughly(Duration::from_secs(seconds)), words);
        }
    }

    #[test]
    fn what_was_asked_for_is_repeated() {
        let table =
            [(0, "0 s"), (90, "90 s"), (600, "10 min"), (5400, "90 min"), (2 * HOUR, "2 h"), (DAY, "1 d")];
        for (seconds, words) in table {
            assert_eq!(exactly(seconds), words);
        }
    }
}
