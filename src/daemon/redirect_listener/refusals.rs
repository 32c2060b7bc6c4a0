//! The log of what is refused here: other users and web pages must not be able to flood it.

use std::fmt::Display;
use std::net::TcpStream;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::log::{self, What};

/// One line in this time; those that are left out are counted.
const INTERVAL: Duration = Duration::from_secs(1);

static THROTTLE: Mutex<Throttle> = Mutex::new(Throttle { last: None, left_out: 0 });

/// Logs a refusal, unless another has been logged just before.
pub(super) fn log_refusal(socket: &TcpStream, reason: impl Display) {
    let passed = THROTTLE.lock().unwrap_or_else(PoisonError::into_inner).pass(Instant::now());
    let Some(left_out) = passed else { return };
    let mut line = log::event(What::RedirectRefused);
    if let Ok(peer) = socket.peer_addr() {
        line = line.field("peer", peer);
    }
    line = line.field("reason", reason);
    if left_out > 0 {
        line = line.field("left_out", left_out);
    }
    line.write();
}

#[derive(Debug)]
struct Throttle {
    last: Option<Instant>,
    left_out: u64,
}

impl Throttle {
    /// Whether a line may be written, and how many were left out before it.
    fn pass(&mut self, now: Instant) -> Option<u64> {
        if self.last.is_some_and(|last| now.saturating_duration_since(last) < INTERVAL) {
            self.left_out += 1;
            return None;
        }
        self.last = Some(now);
        Some(std::mem::take(&mut self.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_one_line_a_second_and_a_count() {
        let mut throttle = Throttle { last: None, left_out: 0 };
        let start = Instant::now();
        assert_eq!(throttle.pass(start), Some(0));
        for _ in 0..3 {
            assert_eq!(throttle.pass(start + INTERVAL / 2), None);
        }
        assert_eq!(throttle.pass(start + INTERVAL), Some(3));
        assert_eq!(throttle.pass(start + INTERVAL * 2), Some(0));
    }
}
