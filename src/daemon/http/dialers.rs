//! Keeps the threads few that attohttpc starts to connect: one for each address of a name that has several and does
//! not answer within a fifth of a second.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::failure::Trouble;
use pizauth_common::deadline::Deadline;

/// How long attohttpc waits for an address before it tries the next one beside it.
const HEAD_START: Duration = Duration::from_millis(200);
/// Threads for the addresses of one name: where it has more, each of them is given up after as many head starts.
const ADDRESSES: u32 = 5;
/// Names with several addresses that are connected to at a time. With the workers, this keeps us below 32 threads.
const DIALERS: usize = 3;

/// How long one address may take, so that no more than [`ADDRESSES`] are waited for at a time.
pub(super) fn patience(addresses: usize, connect: Duration) -> Duration {
    if addresses > ADDRESSES as usize { connect.min(HEAD_START * ADDRESSES) } else { connect }
}

/// The right to connect to names with several addresses.
#[derive(Debug)]
pub(super) struct Dialers {
    free: Mutex<usize>,
    freed: Condvar,
}

impl Default for Dialers {
    fn default() -> Self {
        Self { free: Mutex::new(DIALERS), freed: Condvar::new() }
    }
}

impl Dialers {
    /// Waits for a turn, which lasts until it is dropped.
    ///
    /// # Errors
    /// The time is up.
    pub(super) fn turn(&self, deadline: Deadline) -> Result<Turn<'_>, Trouble> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        while *free == 0 {
            let left = deadline.left()?;
            (free, _) = self.freed.wait_timeout(free, left).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        Ok(Turn(self))
    }
}

/// One of the few who connect.
#[derive(Debug)]
pub(super) struct Turn<'a>(&'a Dialers);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_when_all_turns_are_taken_waits_for_the_next() {
        let dialers = Dialers::default();
        let long = Deadline::after(Duration::from_secs(20));
        let mut turns: Vec<_> = (0..DIALERS).map(|_| dialers.turn(long).unwrap()).collect();
        let soon = Deadline::after(Duration::from_millis(10));
        assert!(matches!(dialers.turn(soon), Err(Trouble::TimedOut)));
        std::thread::scope(|scope| {
            let next = scope.spawn(|| dialers.turn(long).map(drop));
            turns.pop();
            next.join().unwrap().unwrap();
        });
    }

    #[test]
    fn no_more_addresses_are_waited_for_at_a_time_than_there_may_be_threads() {
        let connect = Duration::from_secs(10);
        assert_eq!(patience(1, connect), connect);
        assert_eq!(patience(5, connect), connect);
        for addresses in [6, 28, 4000] {
            assert!(patience(addresses, connect) <= HEAD_START * ADDRESSES);
        }
    }
}
