//! When a conversation over sockets has to be over, whatever the other side does. All sockets are ones that do not
//! block, and poll keeps to the time: a socket's own time limit may be an eighth late.

use std::io;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// A moment; every step on the way there asks how much time is left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    pub(crate) fn after(limit: Duration) -> Self {
        Self(Instant::now() + limit)
    }

    /// More than nothing.
    ///
    /// # Errors
    /// The time is up.
    pub(crate) fn left(self) -> io::Result<Duration> {
        let left = self.0.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
    }

    /// Waits until one of the sockets has something to tell, or a signal interrupts that.
    ///
    /// # Errors
    /// The time was up before, or the system refuses. When the time is up meanwhile, none has anything to tell.
    fn wait(self, sockets: &mut [PollFd<'_>]) -> io::Result<()> {
        let left = Timespec::try_from(self.left()?).map_err(io::Error::other)?;
        match poll(sockets, Some(&left)) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads or writes by `transfer`, as soon as the stream is `ready` for it.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`] once the time is up, however slowly or fast bytes come; or the stream has failed.
    pub(crate) fn transfer(
        self,
        stream: &TcpStream,
        ready: PollFlags,
        mut transfer: impl FnMut(&TcpStream) -> io::Result<usize>,
    ) -> io::Result<usize> {
        loop {
            self.left()?;
            match transfer(stream) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.wait(&mut [PollFd::new(stream, ready)])?;
                }
                done => return done,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;
    use crate::testing::connection;

    fn read_by(deadline: Deadline, stream: &TcpStream) -> io::Result<usize> {
        deadline.transfer(stream, PollFlags::IN, |mut stream| stream.read(&mut [0; 8]))
    }

    #[test]
    fn once_the_time_is_up_nothing_is_read_be_it_there_or_not() {
        let (mut peer, stream) = connection();
        stream.set_nonblocking(true).unwrap();
        let soon = Deadline::after(Duration::from_millis(10));
        assert_eq!(read_by(soon, &stream).unwrap_err().kind(), io::ErrorKind::TimedOut);
        peer.write_all(b"late").unwrap();
        assert_eq!(read_by(soon, &stream).unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(read_by(Deadline::after(Duration::from_secs(20)), &stream).unwrap(), 4);
    }
}
