//! What ureq asks for to send a request over a connection of ours, once.

use std::fmt;
use std::io::{self, ErrorKind};
use std::sync::{Mutex, PoisonError};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport,
};
use ureq::{Agent, Error};

use crate::http::connection::{Connection, describe};

const METHOD: &[u8] = b"POST ";
/// More than the head of an answer may have.
const INPUT_BYTES: usize = 40 * 1024;
/// More than a line of a request has.
const OUTPUT_BYTES: usize = 16 * 1024;

/// A connection, as ureq writes to it and reads from it. Its time limits are the connection's own.
pub(super) struct Line {
    pub(super) connection: Connection,
    pub(super) is_tls: bool,
    /// A proxy that forwards wants to be told the whole URL: what has to stand before the path.
    pub(super) origin: Option<String>,
}

impl Line {
    /// An agent that has this connection and cannot get another, so that nothing is ever sent twice.
    pub(super) fn agent(self, config: Config) -> Agent {
        let buffers = LazyBuffers::new(INPUT_BYTES, OUTPUT_BYTES);
        Agent::with_parts(config, Once(Mutex::new(Some(Buffered { line: self, buffers }))), Nowhere)
    }
}

struct Buffered {
    line: Line,
    buffers: LazyBuffers,
}

impl fmt::Debug for Buffered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Buffered")
    }
}

impl Transport for Buffered {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), Error> {
        let bytes = &self.buffers.output()[..amount];
        let connection = &mut self.line.connection;
        match (self.line.origin.take(), bytes.split_at_checked(METHOD.len())) {
            (Some(origin), Some((method, rest))) => {
                connection.write_all(&[method, origin.as_bytes(), rest].concat())?;
            }
            _ => connection.write_all(bytes)?,
        }
        Ok(connection.flush()?)
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, Error> {
        let length = self.line.connection.read(self.buffers.input_append_buf()).map_err(failed)?;
        self.buffers.input_appended(length);
        Ok(length > 0)
    }

    /// It is for one request.
    fn is_open(&mut self) -> bool {
        false
    }

    fn is_tls(&self) -> bool {
        self.line.is_tls
    }
}

/// ureq takes these for the end of a body that says nothing of its length, as if the server had ended it.
fn failed(error: io::Error) -> Error {
    match error.kind() {
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => {
            Error::Io(io::Error::other(describe(error)))
        }
        _ => Error::Io(error),
    }
}

/// Gives the connection away.
#[derive(Debug)]
struct Once(Mutex<Option<Buffered>>);

impl Connector for Once {
    type Out = Buffered;

    fn connect(&self, _: &ConnectionDetails<'_>, _: Option<()>) -> Result<Option<Buffered>, Error> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).take())
    }
}

/// The connection is there: nothing has to be looked up.
#[derive(Debug)]
struct Nowhere;

impl Resolver for Nowhere {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        Ok(self.empty())
    }
}
