//! A socket whose every read and write ends by a deadline.

use std::cell::Cell;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Reads and writes fail with `TimedOut` once the deadline has passed, however slowly bytes drip.
pub(super) struct Timed<'a> {
    socket: &'a TcpStream,
    deadline: &'a Cell<Instant>,
}

impl<'a> Timed<'a> {
    /// The deadline can be moved from outside, also while a TLS session borrows this.
    pub(super) fn new(socket: &'a TcpStream, deadline: &'a Cell<Instant>) -> Self {
        Self { socket, deadline }
    }

    /// The time left, never zero: that would mean no limit.
    fn left(&self) -> io::Result<Duration> {
        let left = self.deadline.get().saturating_duration_since(Instant::now());
        if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
    }

    /// Repeats what a signal has interrupted. A socket whose time is up says `WouldBlock`.
    fn until_deadline(&self, mut step: impl FnMut(Duration) -> io::Result<usize>) -> io::Result<usize> {
        loop {
            match step(self.left()?) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Err(ErrorKind::TimedOut.into()),
                done => return done,
            }
        }
    }
}

impl Timed<'_> {
    /// The first byte to come, which stays to be read; `None` where the peer has closed.
    pub(super) fn peek(&self) -> io::Result<Option<u8>> {
        let mut first = [0];
        let count = self.until_deadline(|left| {
            self.socket.set_read_timeout(Some(left))?;
            self.socket.peek(&mut first)
        })?;
        Ok((count > 0).then_some(first[0]))
    }
}

impl Read for Timed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.until_deadline(|left| {
            self.socket.set_read_timeout(Some(left))?;
            (&mut &*self.socket).read(buffer)
        })
    }
}

impl Write for Timed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.until_deadline(|left| {
            self.socket.set_write_timeout(Some(left))?;
            (&mut &*self.socket).write(bytes)
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
