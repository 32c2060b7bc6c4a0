//! When a token request has to be over: every step on its way asks how much time is left.

use std::io;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, Timespec, poll};
use rustix::io::Errno;

#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(Instant);

impl Deadline {
    pub(super) fn after(limit: Duration) -> Self {
        Self(Instant::now() + limit)
    }

    /// The end of a step that may take so long from now, and no longer than all may.
    pub(super) fn sooner(self, limit: Duration) -> Self {
        Self(self.0.min(Instant::now() + limit))
    }

    /// More than nothing.
    ///
    /// # Errors
    /// The time is up.
    pub(super) fn left(self) -> io::Result<Duration> {
        let left = self.0.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
    }

    /// Waits until one of the sockets has something to tell, or a signal interrupts that.
    ///
    /// # Errors
    /// The time was up before, or the system refuses. When the time is up meanwhile, none has anything to tell.
    pub(super) fn wait(self, sockets: &mut [PollFd<'_>]) -> io::Result<()> {
        let left = Timespec::try_from(self.left()?).map_err(io::Error::other)?;
        match poll(sockets, Some(&left)) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
