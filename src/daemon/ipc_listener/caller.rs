//! One caller: a request comes in, an answer goes out, and perhaps the connection is held open after that.

use std::io::{self, ErrorKind, Read, Write};
use std::time::Duration;

use mio::net::UnixStream;
use mio::{Interest, Registry, Token};
use pizauth_common::ipc::frame::{Decoder, FrameError};
use pizauth_common::ipc::message::Request;
use pizauth_common::ipc::peer::Peer;
use pizauth_core::moment::Moment;
use zeroize::Zeroize;

use super::{ANSWER_PATIENCE, Door, REQUEST_PATIENCE};

/// Its connection, and how far we are with it.
#[derive(Debug)]
pub(super) struct Caller {
    stream: UnixStream,
    pub(super) peer: Peer,
    pub(super) door: Door,
    phase: Phase,
    /// Whether the system tells us of readiness: most callers are served before that is needed.
    watched: bool,
    /// When the present phase has to be over.
    pub(super) deadline: Option<Moment>,
}

#[derive(Debug)]
enum Phase {
    Reading(Decoder<Request>),
    /// The request has been handed out, with so many bytes of memory.
    Awaiting {
        memory: usize,
    },
    Writing {
        bytes: Vec<u8>,
        sent: usize,
        then: Then,
    },
    /// Answered, and open until the caller has had enough.
    Held,
}

/// What comes when an answer has been written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// The end.
    Close,
    /// Nothing, until the caller has had enough.
    Hold,
    /// Another answer.
    Await,
}

/// What has to happen next.
#[derive(Debug)]
pub(super) enum Step {
    /// Come again at the next readiness, if it comes within this time.
    Wait(Option<Duration>),
    /// A request has arrived whole.
    Request(Request),
    /// What arrived is no request.
    Refuse(FrameError),
    /// Nothing more to do.
    Close,
}

impl Caller {
    pub(super) fn new(stream: UnixStream, peer: Peer, door: Door) -> Self {
        let phase = Phase::Reading(Decoder::default());
        Self { stream, peer, door, phase, watched: false, deadline: None }
    }

    pub(super) fn is_reading(&self) -> bool {
        matches!(self.phase, Phase::Reading(_))
    }

    pub(super) fn is_writing(&self) -> bool {
        matches!(self.phase, Phase::Writing { .. })
    }

    /// Whether only its end is waited for, or its answer: that it has finished writing does not matter.
    pub(super) fn is_waiting(&self) -> bool {
        matches!(self.phase, Phase::Awaiting { .. } | Phase::Held)
    }

    pub(super) fn is_awaiting(&self) -> bool {
        matches!(self.phase, Phase::Awaiting { .. })
    }

    /// Whether it waits for an answer, or for the rest of one.
    pub(super) fn is_owed(&self) -> bool {
        matches!(self.phase, Phase::Awaiting { .. } | Phase::Writing { then: Then::Await, .. })
    }

    /// Bytes of memory that are held for this caller.
    pub(super) fn memory(&self) -> usize {
        match &self.phase {
            Phase::Reading(decoder) => decoder.memory(),
            Phase::Writing { bytes, .. } => bytes.capacity(),
            Phase::Awaiting { memory } => *memory,
            Phase::Held => 0,
        }
    }

    /// What has not been taken yet of an earlier answer comes first.
    pub(super) fn begin_answer(&mut self, answer: Vec<u8>, next: Then) {
        match &mut self.phase {
            Phase::Writing { bytes, then, .. } => {
                bytes.extend_from_slice(&answer);
                *then = next;
            }
            _ => self.phase = Phase::Writing { bytes: answer, sent: 0, then: next },
        }
    }

    /// Moves bytes until they stop or a phase is complete. `chunk` is scratch space.
    pub(super) fn advance(&mut self, chunk: &mut [u8]) -> Step {
        match &mut self.phase {
            Phase::Reading(decoder) => {
                let step = read(&mut self.stream, decoder, chunk);
                match &step {
                    Step::Request(request) => self.phase = Phase::Awaiting { memory: request.long_bytes() },
                    Step::Refuse(_) => self.phase = Phase::Awaiting { memory: 0 },
                    Step::Wait(_) | Step::Close => {}
                }
                step
            }
            Phase::Writing { bytes, sent, then } => {
                let step = write(&mut self.stream, bytes, sent);
                let next = match then {
                    Then::Hold => Phase::Held,
                    Then::Await => Phase::Awaiting { memory: 0 },
                    Then::Close => return step,
                };
                if *sent < bytes.len() {
                    return step;
                }
                self.phase = next;
                Step::Wait(None)
            }
            Phase::Awaiting { .. } => Step::Wait(None),
            Phase::Held => discard(&mut self.stream, chunk),
        }
    }

    /// Asks the system for readiness, once. It tells of changes only, so both directions do no harm.
    pub(super) fn watch(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        if !self.watched {
            registry.register(&mut self.stream, token, Interest::READABLE | Interest::WRITABLE)?;
            self.watched = true;
        }
        Ok(())
    }

    /// As [`Caller::watch`], and the system tells again of what it has told already: that the caller has gone.
    pub(super) fn watch_anew(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        if self.watched {
            registry.reregister(&mut self.stream, token, Interest::READABLE | Interest::WRITABLE)
        } else {
            self.watch(registry, token)
        }
    }

    pub(super) fn close(mut self, registry: &Registry) {
        if self.watched {
            let _ = registry.deregister(&mut self.stream);
        }
    }
}

fn read(stream: &mut UnixStream, decoder: &mut Decoder<Request>, chunk: &mut [u8]) -> Step {
    loop {
        let read = match stream.read(chunk).map_err(|error| failed(&error, REQUEST_PATIENCE)) {
            Ok(0) => return Step::Close,
            Ok(read) => read,
            Err(Some(step)) => return step,
            Err(None) => continue,
        };
        let pushed = decoder.push(&chunk[..read]);
        chunk[..read].zeroize();
        match pushed {
            Ok(None) => {}
            Ok(Some(request)) => return Step::Request(request),
            Err(error) => return Step::Refuse(error),
        }
    }
}

fn write(stream: &mut UnixStream, bytes: &[u8], sent: &mut usize) -> Step {
    while let Some(rest) = bytes.get(*sent..).filter(|rest| !rest.is_empty()) {
        match stream.write(rest).map_err(|error| failed(&error, ANSWER_PATIENCE)) {
            Ok(0) => return Step::Close,
            Ok(written) => *sent += written,
            Err(Some(step)) => return step,
            Err(None) => {}
        }
    }
    Step::Close
}

/// A held connection is only good for being closed, which readiness tells; what else arrives is thrown away.
fn discard(stream: &mut UnixStream, chunk: &mut [u8]) -> Step {
    let read = stream.read(chunk).map_err(|error| error.kind());
    match read {
        Ok(_) | Err(ErrorKind::WouldBlock | ErrorKind::Interrupted) => Step::Wait(None),
        Err(_) => Step::Close,
    }
}

/// What a failed read or write means; none: try again at once.
fn failed(error: &io::Error, patience: Duration) -> Option<Step> {
    match error.kind() {
        ErrorKind::WouldBlock => Some(Step::Wait(Some(patience))),
        ErrorKind::Interrupted => None,
        _ => Some(Step::Close),
    }
}
