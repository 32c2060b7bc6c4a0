//! Connects to the first of a name's addresses that answers, in the calling thread. An address that says
//! nothing costs a socket for a while, not a thread, and delays the others by a moment only.

use std::collections::VecDeque;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use mio::net::TcpStream as Connecting;
use rustix::event::{PollFd, PollFlags};

use crate::deadline::Deadline;

#[cfg(test)]
pub(super) mod tests;

/// How long an address is waited for before the next one is tried beside it: RFC 8305's recommendation.
const HEAD_START: Duration = Duration::from_millis(250);
/// Addresses tried at a time. More of them take turns: the oldest makes room.
const AT_ONCE: usize = 8;

/// # Errors
/// None has answered in time, or why the last of them cannot be reached.
pub(super) fn connect(addresses: &[SocketAddr], deadline: Deadline) -> io::Result<TcpStream> {
    let mut race = Race::default();
    for address in interleaved(addresses) {
        race.start(address);
        if let Some(winner) = race.watch(deadline.sooner(HEAD_START))? {
            return ready(winner);
        }
        deadline.left()?;
    }
    match race.watch(deadline)? {
        Some(winner) => ready(winner),
        None => Err(race.why()),
    }
}

/// The two families in turn, so that one of them which leads nowhere is no long delay.
fn interleaved(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let is_preferred = |address: &&SocketAddr| address.is_ipv4() == addresses[0].is_ipv4();
    let (preferred, other): (Vec<_>, Vec<_>) = addresses.iter().partition(is_preferred);
    let longest = preferred.len().max(other.len());
    (0..longest).flat_map(|turn| [preferred.get(turn), other.get(turn)]).flatten().copied().collect()
}

fn ready(winner: Connecting) -> io::Result<TcpStream> {
    let stream = TcpStream::from(winner);
    stream.set_nodelay(true)?;
    Ok(stream)
}

#[derive(Default)]
struct Race {
    running: VecDeque<Connecting>,
    failure: Option<io::Error>,
}

impl Race {
    fn start(&mut self, address: SocketAddr) {
        if self.running.len() >= AT_ONCE {
            self.running.pop_front();
        }
        match Connecting::connect(address) {
            Ok(socket) => self.running.push_back(socket),
            Err(error) => self.failure = Some(error),
        }
    }

    /// The first that is connected; none when the time is up or all have failed.
    fn watch(&mut self, until: Deadline) -> io::Result<Option<Connecting>> {
        while !self.running.is_empty() {
            let news = match self.with_news(until) {
                Err(error) if error.kind() == io::ErrorKind::TimedOut => break,
                news => news?,
            };
            for index in news.into_iter().rev() {
                if let Some(winner) = self.look_at(index) {
                    return Ok(Some(winner));
                }
            }
        }
        Ok(None)
    }

    /// Waits, and says which of them have something to tell.
    fn with_news(&self, until: Deadline) -> io::Result<Vec<usize>> {
        let mut sockets: Vec<_> =
            self.running.iter().map(|socket| PollFd::new(socket, PollFlags::OUT)).collect();
        until.wait(&mut sockets)?;
        let news = sockets.iter().enumerate().filter(|(_, socket)| !socket.revents().is_empty());
        Ok(news.map(|(index, _)| index).collect())
    }

    /// Takes out the socket if it is connected or has failed.
    fn look_at(&mut self, index: usize) -> Option<Connecting> {
        let socket = self.running.get(index)?;
        let failure = match socket.take_error() {
            Ok(None) => match socket.peer_addr() {
                Ok(_) => return self.running.remove(index),
                Err(error) if error.kind() == io::ErrorKind::NotConnected => return None,
                Err(error) => error,
            },
            Ok(Some(error)) | Err(error) => error,
        };
        self.running.remove(index);
        self.failure = Some(failure);
        None
    }

    fn why(self) -> io::Error {
        match self.failure {
            Some(failure) if self.running.is_empty() => failure,
            _ => io::ErrorKind::TimedOut.into(),
        }
    }
}
