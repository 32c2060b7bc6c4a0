//! One connection: a request comes in, an answer goes out, and perhaps it is held open after that.

use std::io::{self, ErrorKind, Read, Write};
use std::time::Duration;

use mio::net::UnixStream;
use mio::{Interest, Registry, Token};
use pizauth_common::ipc::frame::{Decoder, FrameError};
use pizauth_common::ipc::message::Request;
use pizauth_common::ipc::peer::Peer;
use zeroize::Zeroize;

use super::{ANSWER_PATIENCE, REQUEST_PATIENCE};
use pizauth_core::moment::Moment;

/// A caller, and how far we are with it.
#[derive(Debug)]
pub(super) struct Connection {
    stream: UnixStream,
    pub(super) peer: Peer,
    stage: Stage,
    /// Whether the system tells us of readiness: most callers are served before that is needed.
    watched: bool,
    /// When the present stage has to be over.
    pub(super) deadline: Option<Moment>,
}

#[derive(Debug)]
enum Stage {
    Reading(Decoder<Request>),
    /// The request has been handed out, with so many bytes of memory.
    Awaiting {
        memory: usize,
    },
    Writing {
        bytes: Vec<u8>,
        sent: usize,
        hold: bool,
    },
    /// Answered, and open until the caller has had enough.
    Held,
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

impl Connection {
    pub(super) fn new(stream: UnixStream, peer: Peer) -> Self {
        let stage = Stage::Reading(Decoder::default());
        Self { stream, peer, stage, watched: false, deadline: None }
    }

    pub(super) fn is_reading(&self) -> bool {
        matches!(self.stage, Stage::Reading(_))
    }

    pub(super) fn is_awaiting(&self) -> bool {
        matches!(self.stage, Stage::Awaiting { .. })
    }

    /// Bytes of memory that are held for this caller.
    pub(super) fn memory(&self) -> usize {
        match &self.stage {
            Stage::Reading(decoder) => decoder.memory(),
            Stage::Writing { bytes, .. } => bytes.capacity(),
            Stage::Awaiting { memory } => *memory,
            Stage::Held => 0,
        }
    }

    pub(super) fn begin_answer(&mut self, bytes: Vec<u8>, hold: bool) {
        self.stage = Stage::Writing { bytes, sent: 0, hold };
    }

    /// Moves bytes until they stop or a stage is complete. `chunk` is scratch space.
    pub(super) fn advance(&mut self, chunk: &mut [u8]) -> Step {
        match &mut self.stage {
            Stage::Reading(decoder) => {
                let step = read(&mut self.stream, decoder, chunk);
                match &step {
                    Step::Request(request) => self.stage = Stage::Awaiting { memory: memory_of(request) },
                    Step::Refuse(_) => self.stage = Stage::Awaiting { memory: 0 },
                    Step::Wait(_) | Step::Close => {}
                }
                step
            }
            Stage::Writing { bytes, sent, hold } => match write(&mut self.stream, bytes, sent) {
                Step::Close if *hold && *sent == bytes.len() => {
                    self.stage = Stage::Held;
                    Step::Wait(None)
                }
                step => step,
            },
            Stage::Awaiting { .. } => Step::Wait(None),
            Stage::Held => until_closed(&mut self.stream, chunk),
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

    /// As [`Connection::watch`], and the system tells again of what it has told already: that the caller has gone.
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

/// Only a dump is worth counting.
fn memory_of(request: &Request) -> usize {
    match request {
        Request::Restore { dump } => dump.expose().len(),
        _ => 0,
    }
}

fn read(stream: &mut UnixStream, decoder: &mut Decoder<Request>, chunk: &mut [u8]) -> Step {
    loop {
        let read = match stream.read(chunk) {
            Ok(0) => return Step::Close,
            Ok(read) => read,
            Err(error) => match failed(&error, REQUEST_PATIENCE) {
                Some(step) => return step,
                None => continue,
            },
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
        match stream.write(rest) {
            Ok(0) => return Step::Close,
            Ok(written) => *sent += written,
            Err(error) => {
                if let Some(step) = failed(&error, ANSWER_PATIENCE) {
                    return step;
                }
            }
        }
    }
    Step::Close
}

/// A held connection is only good for being closed; what else arrives is thrown away.
fn until_closed(stream: &mut UnixStream, chunk: &mut [u8]) -> Step {
    match stream.read(chunk) {
        Ok(0) => Step::Close,
        Ok(_) => Step::Wait(None),
        Err(error) => match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::Interrupted => Step::Wait(None),
            _ => Step::Close,
        },
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
