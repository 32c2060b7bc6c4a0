//! A visitor's socket, whose every read and write ends by a deadline.

use std::cell::Cell;
use std::io::{self, Read, Write};
use std::net::TcpStream;

use pizauth_common::deadline::Deadline;
use rustix::event::PollFlags;

/// Reads and writes fail with `TimedOut` once the deadline has passed. The socket must not block.
pub(super) struct Timed<'a> {
    socket: &'a TcpStream,
    deadline: &'a Cell<Deadline>,
}

impl<'a> Timed<'a> {
    /// The deadline can be moved from outside, also while a TLS session borrows this.
    pub(super) fn new(socket: &'a TcpStream, deadline: &'a Cell<Deadline>) -> Self {
        Self { socket, deadline }
    }

    /// The first byte to come, which stays to be read; `None` where the peer has closed.
    pub(super) fn peek(&self) -> io::Result<Option<u8>> {
        let mut first = [0];
        let count =
            self.deadline.get().transfer(self.socket, PollFlags::IN, |socket| socket.peek(&mut first))?;
        Ok((count > 0).then_some(first[0]))
    }
}

impl Read for Timed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.deadline.get().transfer(self.socket, PollFlags::IN, |mut socket| socket.read(buffer))
    }
}

impl Write for Timed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.deadline.get().transfer(self.socket, PollFlags::OUT, |mut socket| socket.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
