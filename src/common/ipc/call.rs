//! The commands' side: one request to the first live daemon, one answer, within 10 s and the time that the request asks
//! the daemon to wait.

mod error;
#[cfg(test)]
mod tests;

use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::event::PollFlags;

pub use self::error::{CallError, Stranger};
use super::connect::connect_to;
use super::frame::{Ask, Decoder, FrameError, Message, encode};
use super::message::{Request, Response};
use super::peer::Peer;
use crate::deadline::Deadline;
use crate::paths::{ProcessEnvironment, SocketCandidate, sibling_candidates, socket_candidates};

/// How long a caller waits, from the first connection attempt to the last byte of the answer.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// After so long without an answer, what listens may be no daemon of ours, which answers long before unless it is very
/// busy or stopped.
const SILENCE: Duration = Duration::from_millis(500);
/// Bytes that are read at once: a token fits, and what is around it.
const CHUNK: usize = 4 * 1024;
/// The same once an answer has turned out to be larger than that.
const LARGE_CHUNK: usize = 64 * 1024;

/// Sends a request to the daemon that this process's environment leads to.
///
/// # Errors
/// No daemon can be reached, or it does not answer as it should.
pub fn call<A: Message>(request: &dyn Ask) -> Result<A, CallError> {
    call_keeping(request).map(|(answer, _)| answer)
}

/// As [`call`], and keeps the connection: after `shutdown` it stays open until the daemon has gone.
///
/// # Errors
/// As [`call`].
pub fn call_keeping<A: Message>(request: &dyn Ask) -> Result<(A, Call), CallError> {
    let environment = &ProcessEnvironment;
    call_any(
        &socket_candidates(environment),
        || sibling_candidates(environment),
        request,
        PATIENCE,
        &mut |_| (),
    )
}

/// As [`call`], for a request that may be answered after the time `wait`; `meanwhile` is given what comes before that.
///
/// # Errors
/// As [`call`].
pub fn call_waiting<A: Message>(
    request: &dyn Ask,
    wait: Duration,
    meanwhile: &mut dyn FnMut(A),
) -> Result<A, CallError> {
    let environment = &ProcessEnvironment;
    let siblings = || sibling_candidates(environment);
    let answered = call_any(&socket_candidates(environment), siblings, request, PATIENCE + wait, meanwhile);
    answered.map(|(answer, _)| answer)
}

/// Sends a request to the first of `candidates` where a daemon listens, or else of `siblings`, all within `patience`.
///
/// # Errors
/// As [`call`]. Siblings that are of no use are not spoken of: they may be another machine's.
fn call_any<A: Message>(
    candidates: &[SocketCandidate],
    siblings: impl FnOnce() -> Vec<SocketCandidate>,
    request: &dyn Ask,
    patience: Duration,
    meanwhile: &mut dyn FnMut(A),
) -> Result<(A, Call), CallError> {
    let bytes = request.frame().map_err(CallError::Request)?;
    let deadline = Deadline::after(patience);
    let near = deadline.within(PATIENCE);
    let mut call = Call::to_first(candidates, near)
        .or_else(|error| Call::to_first(&siblings(), near).map_err(|_| error))?;
    call.patience = patience;
    let answer = call.exchange(&bytes, deadline, meanwhile)?;
    Ok((answer, call))
}

/// Whether a daemon of ours may have accepted this connection to `path`. False only where it certainly was something
/// else.
pub fn may_be_ours(stream: UnixStream, path: PathBuf, patience: Duration) -> bool {
    let call = Call { stream, path, patience };
    let Ok(request) = encode(&Request::Info {}) else { return true };
    // It is a `Report`, which this does not read: how it begins is enough, and to read it would cost `pizauthd` 45 KiB.
    let answer = call.exchange::<Response>(&request, Deadline::after(patience), &mut |_| ());
    !matches!(answer, Err(CallError::Stranger(..)))
}

/// How long silence is taken for a busy daemon's.
struct Patience {
    until: Deadline,
    is_over: bool,
}

/// A call to the daemon: its connection, for one request.
#[derive(Debug)]
pub struct Call {
    stream: UnixStream,
    path: PathBuf,
    /// How long it takes at most.
    patience: Duration,
}

impl Call {
    fn to_first(candidates: &[SocketCandidate], deadline: Deadline) -> Result<Self, CallError> {
        let mut failures = Vec::new();
        for candidate in candidates {
            match connect_to(candidate, deadline.left().unwrap_or_default()) {
                Ok(stream) => return Ok(Self { stream, path: candidate.socket(), patience: PATIENCE }),
                Err(error) => failures.push((candidate.socket(), error)),
            }
        }
        Err(CallError::of(failures))
    }

    /// The socket where the daemon was found.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Waits until the daemon closes the connection; false when it has not within `limit`.
    pub fn wait_until_closed(self, limit: Duration) -> bool {
        let deadline = Deadline::after(limit);
        let mut ignored = [0; 64];
        loop {
            match self.read(&mut ignored, deadline) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => return error.kind() != ErrorKind::TimedOut,
            }
        }
    }

    fn exchange<A: Message>(
        &self,
        request: &[u8],
        deadline: Deadline,
        meanwhile: &mut dyn FnMut(A),
    ) -> Result<A, CallError> {
        // A daemon that refuses early closes while we still write; its answer says why, so read it all the same.
        let written = self.send(request, deadline);
        match (written, self.receive(deadline, meanwhile)) {
            (Err(error), Err(CallError::Broken(..) | CallError::HungUp(_))) => Err(self.failed(error)),
            (_, answer) => answer,
        }
    }

    fn send(&self, mut bytes: &[u8], deadline: Deadline) -> io::Result<()> {
        while !bytes.is_empty() {
            let sent = deadline.transfer(&self.stream, PollFlags::OUT, |mut stream| stream.write(bytes))?;
            bytes = &bytes[sent..];
        }
        Ok(())
    }

    fn receive<A: Message>(&self, deadline: Deadline, meanwhile: &mut dyn FnMut(A)) -> Result<A, CallError> {
        let mut decoder = Decoder::<A>::default();
        let mut chunk = vec![0; CHUNK];
        let mut patience = Patience { until: deadline.within(SILENCE), is_over: false };
        let mut first = None;
        loop {
            let read = self.read_patiently(&mut chunk, &mut patience, deadline)?;
            if read == 0 {
                return Err(self.hung_up(patience.is_over));
            }
            let first = *first.get_or_insert(chunk[0]);
            let mut bytes = &chunk[..read];
            while let Some(answer) = decoder.take(&mut bytes).map_err(|error| self.garbled(first, error))? {
                if !answer.has_more() {
                    return Ok(answer);
                }
                meanwhile(answer);
            }
            if read == chunk.len() {
                chunk.resize(LARGE_CHUNK, 0);
            }
        }
    }

    /// The original pizauth does not answer before the request has ended, and then it does not understand it. To a
    /// daemon of ours, however slow, the end of a request makes no difference.
    fn read_patiently(
        &self,
        chunk: &mut [u8],
        patience: &mut Patience,
        deadline: Deadline,
    ) -> Result<usize, CallError> {
        if !patience.is_over {
            match self.read(chunk, patience.until) {
                Err(error) if error.kind() == ErrorKind::TimedOut => patience.is_over = true,
                read => return read.map_err(|error| self.failed(error)),
            }
            let _ = self.stream.shutdown(Shutdown::Write);
        }
        self.read(chunk, deadline).map_err(|error| self.failed(error))
    }

    fn read(&self, into: &mut [u8], deadline: Deadline) -> io::Result<usize> {
        deadline.transfer(&self.stream, PollFlags::IN, |mut stream| stream.read(into))
    }

    /// A daemon of ours hangs up when it ends: then nobody listens any more, or in a moment, or another process does.
    fn hung_up(&self, after_silence: bool) -> CallError {
        let path = self.path.clone();
        if after_silence && self.is_still_served() {
            CallError::Stranger(path, self.pid())
        } else {
            CallError::HungUp(path)
        }
    }

    /// Whether the process that has hung up still accepts connections, and leaves them open.
    fn is_still_served(&self) -> bool {
        // Not by `to_first`, whose words for failures nobody reads here: they would cost each small command half a KiB.
        let (path, patience) = (self.path.clone(), self.patience);
        let again = connect_to(&SocketCandidate::Named(path.clone()), Duration::ZERO);
        let again = again.map(|stream| Self { stream, path, patience });
        again.is_ok_and(|again| again.pid() == self.pid() && !again.wait_until_closed(SILENCE))
    }

    /// An answer of ours begins with its length, which is no text, whatever the version.
    fn garbled(&self, first: u8, error: FrameError) -> CallError {
        let path = self.path.clone();
        if first >= b' ' { CallError::Stranger(path, self.pid()) } else { CallError::Garbled(path, error) }
    }

    fn pid(&self) -> Option<i32> {
        Peer::of(&self.stream).ok()?.pid
    }

    fn failed(&self, error: io::Error) -> CallError {
        if error.kind() == ErrorKind::TimedOut {
            CallError::NoAnswer(self.path.clone(), self.pid(), self.patience)
        } else {
            CallError::Broken(self.path.clone(), error)
        }
    }
}
