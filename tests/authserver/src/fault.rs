//! Scripted answers: what a request gets instead of, or on top of, the server's own answer.

use std::collections::{HashMap, VecDeque};
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::log::Endpoint;
use crate::sync::Watched;
use crate::wire::{Request, Response};

/// No answer is held back longer than this, in case a test forgets to open its gate.
const LONGEST_HOLD: Duration = Duration::from_secs(120);
/// The pause between two bytes of a dripping answer.
const DRIP: Duration = Duration::from_millis(50);

/// Something that holds answers back until a test opens it.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<Watched<bool>>);

impl Gate {
    /// A closed gate.
    pub fn closed() -> Self {
        Self::default()
    }

    /// Lets through whatever waits here, now and later.
    pub fn open(&self) {
        self.0.change(|open| *open = true);
    }

    fn pass(&self) {
        self.0.wait_for(LONGEST_HOLD, |open| open.then_some(()));
    }
}

/// What to do with one request.
#[derive(Clone, Debug)]
enum Act {
    /// As if nothing had been scripted.
    Process,
    /// Process it, then change fields of the JSON answer (`None`: remove).
    Rewrite(Vec<(String, Option<Value>)>),
    /// Process it (tokens rotate), then close without a byte of answer.
    Lose,
    /// Answer this instead.
    Answer(Response),
    /// Answer what comes of the request.
    AnswerBy(fn(&Request) -> Response),
    /// Announce this answer, and send its body a byte at a time, for ever once it is sent.
    Drip(Response),
    /// A head without a length and a body that never ends.
    Endless,
    /// Announce more bytes than are sent.
    Truncate(Response),
    /// Keep the connection and say nothing.
    Mute,
    /// Close.
    Close,
}

/// A scripted answer for one request.
#[derive(Clone, Debug)]
pub struct Fault {
    gate: Option<Gate>,
    pause: Duration,
    act: Act,
}

impl Fault {
    fn new(act: Act) -> Self {
        Self { gate: None, pause: Duration::ZERO, act }
    }

    /// The server's own answer; useful with [`Fault::held`].
    pub fn none() -> Self {
        Self::new(Act::Process)
    }

    /// This answer instead of the server's.
    pub fn answer(response: Response) -> Self {
        Self::new(Act::Answer(response))
    }

    /// What this makes of the request instead of the server's answer: an echo.
    pub fn answer_by(answer: fn(&Request) -> Response) -> Self {
        Self::new(Act::AnswerBy(answer))
    }

    /// A JSON answer instead of the server's.
    pub fn json(status: u16, value: &Value) -> Self {
        Self::answer(Response::json(status, value))
    }

    /// An OAuth error (RFC 6749 §5.2).
    pub fn oauth_error(status: u16, error: &str, description: &str) -> Self {
        Self::json(status, &serde_json::json!({"error": error, "error_description": description}))
    }

    /// The server's own answer with these fields replaced, or removed where the value is `None`.
    pub fn rewrite(fields: &[(&str, Option<Value>)]) -> Self {
        Self::new(Act::Rewrite(fields.iter().map(|(name, value)| ((*name).into(), value.clone())).collect()))
    }

    /// The request is done, and its answer lost.
    pub fn lose() -> Self {
        Self::new(Act::Lose)
    }

    /// This answer, a byte at a time, and then nothing more.
    pub fn drip(response: Response) -> Self {
        Self::new(Act::Drip(response))
    }

    /// A body without end, as fast as it is taken.
    pub fn endless() -> Self {
        Self::new(Act::Endless)
    }

    /// This answer, cut off half-way through its body.
    pub fn truncate(response: Response) -> Self {
        Self::new(Act::Truncate(response))
    }

    /// Nothing, for as long as the other end waits.
    pub fn mute() -> Self {
        Self::new(Act::Mute)
    }

    /// The connection is closed without an answer.
    pub fn close() -> Self {
        Self::new(Act::Close)
    }

    /// Not before `gate` opens.
    #[must_use]
    pub fn held(mut self, gate: &Gate) -> Self {
        self.gate = Some(gate.clone());
        self
    }

    /// Not before `pause` has passed.
    #[must_use]
    pub fn after(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// Does it. `process` is the server's own answer. Returns what was sent as far as it was a whole answer.
    pub(crate) fn perform(
        self,
        stream: &mut TcpStream,
        stop: &Watched<bool>,
        request: Option<&Request>,
        process: impl FnOnce() -> Response,
    ) -> io::Result<Option<Response>> {
        if let Some(gate) = &self.gate {
            gate.pass();
        }
        stop.wait_for(self.pause, |stop| stop.then_some(()));
        match self.act {
            Act::Process => send(stream, process()),
            Act::Rewrite(fields) => send(stream, rewritten(process(), fields)),
            Act::Answer(response) => send(stream, response),
            Act::AnswerBy(answer) => send(stream, request.map_or_else(process, answer)),
            Act::Lose => {
                process();
                stream.shutdown(Shutdown::Both).map(|()| None)
            }
            Act::Close => stream.shutdown(Shutdown::Both).map(|()| None),
            Act::Drip(response) => drip(stream, stop, &response).map(|()| None),
            Act::Truncate(response) => truncate(stream, &response).map(|()| None),
            Act::Endless => endless(stream, stop).map(|()| None),
            Act::Mute => wait_for_close(stream).map(|()| None),
        }
    }
}

fn send(stream: &mut TcpStream, response: Response) -> io::Result<Option<Response>> {
    response.write_to(stream).map(|()| Some(response))
}

fn rewritten(mut response: Response, fields: Vec<(String, Option<Value>)>) -> Response {
    let Some(Value::Object(mut object)) = response.as_json() else { return response };
    for (name, value) in fields {
        match value {
            Some(value) => object.insert(name, value),
            None => object.remove(&name),
        };
    }
    response.body = Value::Object(object).to_string().into_bytes();
    response
}

fn truncate(stream: &mut TcpStream, response: &Response) -> io::Result<()> {
    stream.write_all(response.head(response.body.len()).as_bytes())?;
    stream.write_all(&response.body[..response.body.len() / 2])?;
    stream.shutdown(Shutdown::Both)
}

fn drip(stream: &mut TcpStream, stop: &Watched<bool>, response: &Response) -> io::Result<()> {
    stream.write_all(response.head(response.body.len() + 1).as_bytes())?;
    for byte in &response.body {
        stream.write_all(&[*byte])?;
        if stop.wait_for(DRIP, |stop| stop.then_some(())).is_some() {
            return Ok(());
        }
    }
    wait_for_close(stream)
}

fn endless(stream: &mut TcpStream, stop: &Watched<bool>) -> io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")?;
    let junk = [b' '; 16 * 1024];
    while !*stop.lock() {
        stream.write_all(&junk)?;
    }
    Ok(())
}

/// Reads until the other end closes; the stream's read timeout bounds each wait.
fn wait_for_close(stream: &mut TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(LONGEST_HOLD))?;
    let mut byte = [0];
    while stream.read(&mut byte)? > 0 {}
    Ok(())
}

/// The scripts: per endpoint a queue, then what goes on for ever.
#[derive(Debug, Default)]
pub(crate) struct Script {
    queued: HashMap<Endpoint, VecDeque<Fault>>,
    always: HashMap<Endpoint, Fault>,
}

impl Script {
    pub(crate) fn push(&mut self, endpoint: Endpoint, fault: Fault) {
        self.queued.entry(endpoint).or_default().push_back(fault);
    }

    pub(crate) fn always(&mut self, endpoint: Endpoint, fault: Option<Fault>) {
        match fault {
            Some(fault) => self.always.insert(endpoint, fault),
            None => self.always.remove(&endpoint),
        };
    }

    /// What is scripted for this request, if anything.
    pub(crate) fn next(&mut self, endpoint: Endpoint) -> Option<Fault> {
        let queued = self.queued.get_mut(&endpoint).and_then(VecDeque::pop_front);
        queued.or_else(|| self.always.get(&endpoint).cloned())
    }
}
