//! Keeps the threads few that attohttpc starts to connect to a name with several addresses: one for each that does not
//! answer. A further one is started after a fifth of a second, and another when one of them has failed.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pizauth_common::deadline::Deadline;

use super::failure::Trouble;

/// For the addresses of all names together: with the workers and their watchdogs, this keeps us at 32 threads.
const THREADS: usize = 12;
/// A name with more of them could not be connected to in time by so few threads, and there hardly is one.
const MOST_ADDRESSES: usize = 32;

/// How long one address may take. Those of a name that has more than there are threads share the time: as some fail
/// while further ones are begun, about as many are waited for at once as there are threads.
pub(super) fn patience(addresses: usize, connect: Duration) -> Duration {
    if addresses > THREADS { connect * 2 / u32::try_from(addresses).unwrap_or(u32::MAX) } else { connect }
}

/// The threads that may be started.
#[derive(Debug)]
pub(super) struct Dialers {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    free: usize,
    /// Who comes first is served first: one who needs many is not overtaken for ever by those who need few.
    queue: VecDeque<u64>,
    last: u64,
}

impl Default for Dialers {
    fn default() -> Self {
        let state = State { free: THREADS, queue: VecDeque::new(), last: 0 };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }
}

impl Dialers {
    /// Waits until a name with so many addresses may be connected to. A single address needs no thread.
    ///
    /// # Errors
    /// The time is up, or there are too many.
    pub(super) fn turn(&self, addresses: usize, deadline: Deadline) -> Result<Turn<'_>, Trouble> {
        if addresses > MOST_ADDRESSES {
            return Err(Trouble::TooManyAddresses { count: addresses, most: MOST_ADDRESSES });
        }
        let threads = if addresses > 1 { addresses.min(THREADS) } else { 0 };
        if threads > 0 {
            self.take(threads, deadline)?;
        }
        Ok(Turn { dialers: self, threads })
    }

    fn take(&self, threads: usize, deadline: Deadline) -> Result<(), Trouble> {
        let mut state = self.lock();
        state.last += 1;
        let ticket = state.last;
        state.queue.push_back(ticket);
        let served = loop {
            if state.queue.front() == Some(&ticket) && state.free >= threads {
                state.free -= threads;
                break Ok(());
            }
            let Ok(left) = deadline.left() else { break Err(Trouble::TimedOut) };
            (state, _) = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
        };
        state.queue.retain(|waiting| *waiting != ticket);
        self.changed.notify_all();
        served
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to connect. To be dropped once there is a connection.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    dialers: &'a Dialers,
    threads: usize,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.dialers.lock().free += self.threads;
        self.dialers.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn long() -> Deadline {
        Deadline::after(Duration::from_secs(20))
    }

    fn soon() -> Deadline {
        Deadline::after(Duration::from_millis(10))
    }

    fn wait_for_queue(dialers: &Dialers, length: usize) {
        while dialers.lock().queue.len() != length {
            thread::yield_now();
        }
    }

    #[test]
    fn as_many_connect_as_there_are_threads_for_and_the_next_when_one_is_done() {
        let dialers = Dialers::default();
        let mut turns: Vec<_> = (0..THREADS / 2).map(|_| dialers.turn(2, long()).unwrap()).collect();
        assert!(matches!(dialers.turn(2, soon()), Err(Trouble::TimedOut)));
        assert!(dialers.turn(1, soon()).is_ok(), "which needs none");
        thread::scope(|scope| {
            let next = scope.spawn(|| dialers.turn(2, long()).map(drop));
            wait_for_queue(&dialers, 1);
            turns.pop();
            next.join().unwrap().unwrap();
        });
    }

    #[test]
    fn a_name_of_many_addresses_is_not_overtaken() {
        let dialers = Dialers::default();
        let first = dialers.turn(2, long()).unwrap();
        thread::scope(|scope| {
            let many = scope.spawn(|| dialers.turn(28, long()).map(drop));
            wait_for_queue(&dialers, 1);
            assert!(matches!(dialers.turn(2, soon()), Err(Trouble::TimedOut)), "there are threads for it");
            drop(first);
            many.join().unwrap().unwrap();
        });
        assert_eq!(dialers.lock().free, THREADS);
    }

    #[test]
    fn the_addresses_of_a_name_that_has_many_share_the_time_and_there_is_a_limit() {
        let connect = Duration::from_secs(10);
        assert_eq!(patience(THREADS, connect), connect);
        assert!(patience(MOST_ADDRESSES, connect) < Duration::from_secs(1));
        let too_many = Dialers::default().turn(MOST_ADDRESSES + 1, long()).unwrap_err();
        assert!(matches!(too_many, Trouble::TooManyAddresses { count: 33, most: 32 }));
    }
}
