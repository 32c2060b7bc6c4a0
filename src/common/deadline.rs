//! When a conversation has to be over, whatever the other side does. Poll keeps to the time: a socket's own time limit
//! may be an eighth late, and begins anew with each piece.
//!
//! Not std's `Instant`, whose panics bring all that `io::Error` can say of itself into a small executable; and not
//! rustix's clock, which brings a parser of the kernel's vDSO.

use std::io::{self, ErrorKind};
use std::os::fd::AsFd;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// A moment of the monotonic clock; every step on the way there asks how much time is left.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Duration);

impl Deadline {
    /// The moment when `limit` will have passed. None is too long.
    pub fn after(limit: Duration) -> Self {
        Self(now().saturating_add(limit))
    }

    /// This moment, or the one when `limit` will have passed if that comes first.
    #[must_use]
    pub fn within(self, limit: Duration) -> Self {
        Self(self.0.min(Self::after(limit).0))
    }

    /// How much time is left, which is never nothing.
    ///
    /// # Errors
    /// [`ErrorKind::TimedOut`]: the time is up.
    pub fn left(self) -> io::Result<Duration> {
        let left = self.0.saturating_sub(now());
        if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
    }

    /// Waits until one of the descriptors has something to tell.
    ///
    /// # Errors
    /// [`ErrorKind::TimedOut`]: none had in time. Or the system refuses.
    pub fn wait(self, descriptors: &mut [PollFd<'_>]) -> io::Result<()> {
        loop {
            // More time than the system can count stands for no limit.
            let left = Timespec::try_from(self.left()?).ok();
            match poll(descriptors, left.as_ref()) {
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) => return Ok(()),
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    /// Reads or writes by `transfer`, once the stream is `ready` for it. It should not block.
    ///
    /// # Errors
    /// [`ErrorKind::TimedOut`] once the time is up, however slowly or fast bytes come; or the stream has failed.
    pub fn transfer<S: AsFd>(
        self,
        stream: &S,
        ready: PollFlags,
        mut transfer: impl FnMut(&S) -> io::Result<usize>,
    ) -> io::Result<usize> {
        loop {
            self.wait(&mut [PollFd::new(stream, ready)])?;
            match transfer(stream) {
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                done => return done,
            }
        }
    }
}

/// The time since an arbitrary moment. Every system has this clock.
fn now() -> Duration {
    clock_gettime(ClockId::CLOCK_MONOTONIC).map(Duration::from).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    fn read_by(deadline: Deadline, stream: &UnixStream) -> io::Result<usize> {
        deadline.transfer(stream, PollFlags::IN, |mut stream| stream.read(&mut [0; 8]))
    }

    #[test]
    fn once_the_time_is_up_nothing_is_read_be_it_there_or_not() {
        let (mut peer, stream) = UnixStream::pair().unwrap();
        let soon = Deadline::after(Duration::from_millis(10));
        assert_eq!(read_by(soon, &stream).unwrap_err().kind(), ErrorKind::TimedOut);
        peer.write_all(b"late").unwrap();
        assert_eq!(read_by(soon, &stream).unwrap_err().kind(), ErrorKind::TimedOut);
        assert_eq!(read_by(Deadline::after(LONG), &stream).unwrap(), 4);
    }

    #[test]
    fn readiness_that_was_a_mistake_is_waited_for_again() {
        let (mut peer, stream) = UnixStream::pair().unwrap();
        peer.write_all(b"there").unwrap();
        let mut tries = 0;
        let read = Deadline::after(LONG).transfer(&stream, PollFlags::IN, |mut stream| {
            tries += 1;
            if tries < 3 { Err(ErrorKind::WouldBlock.into()) } else { stream.read(&mut [0; 8]) }
        });
        assert_eq!(read.unwrap(), 5);
    }

    #[test]
    fn no_patience_is_too_long() {
        let (_peer, stream) = UnixStream::pair().unwrap();
        for patience in [Duration::from_secs(3600), Duration::MAX] {
            let deadline = Deadline::after(patience);
            let left = deadline.left().unwrap();
            assert!(left <= patience && left > Duration::from_secs(3000));
            deadline.wait(&mut [PollFd::new(&stream, PollFlags::OUT)]).unwrap();
        }
    }
}
