//! One connection: TLS where it is due, one head in, one page out, and a close that loses nothing.

use std::cell::Cell;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use pizauth_common::config::Scheme;
use pizauth_common::deadline::Deadline;
use pizauth_core::oauth::redirect::RedirectRequest;
use rustls::{ServerConfig, ServerConnection};

use super::answer::Answer;
use super::connections::Place;
use super::head::{self, HeadFault};
use super::refusals;
use super::timed::Timed;
use crate::mailbox::{Event, Mailbox};
use crate::page::Page;

/// The times that a connection is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Timeouts {
    /// For the TLS handshake and the head together.
    pub(super) head: Duration,
    /// For the event loop to decide, the exchange included.
    pub(super) decision: Duration,
    /// For the browser to take the page.
    pub(super) page: Duration,
    /// For the browser to close after the page.
    pub(super) closing: Duration,
    /// For its worker to notice that it has to make room.
    pub(super) notice: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            decision: Duration::from_secs(10),
            page: Duration::from_secs(5),
            closing: Duration::from_secs(1),
            notice: Duration::from_millis(500),
        }
    }
}

/// On which terms a connection is served.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    /// Absent: plain HTTP.
    pub(super) tls: Option<Arc<ServerConfig>>,
    /// The listener's.
    pub(super) port: u16,
    /// Whether the peer may ask for anything at all.
    pub(super) is_welcome: bool,
    pub(super) timeouts: Timeouts,
    pub(super) mailbox: Mailbox,
}

/// Serves the connection to its end.
pub(super) fn serve(place: &Place, terms: &Terms) {
    let deadline = Cell::new(Deadline::after(terms.timeouts.head));
    let mut socket = Timed::new(place.socket(), &deadline);
    let conversation = Conversation { place, terms, deadline: &deadline };
    // An error is a peer that has gone or is too slow for a page: there is nobody left to tell.
    let outcome = match &terms.tls {
        None => conversation.hold(&mut socket),
        Some(config) => over_tls(&conversation, &mut socket, Arc::clone(config)),
    };
    if outcome.is_ok() && place.begin_closing() {
        close(place.socket(), terms.timeouts.closing);
    }
}

fn over_tls(
    conversation: &Conversation<'_>,
    socket: &mut Timed<'_>,
    config: Arc<ServerConfig>,
) -> io::Result<()> {
    match socket.peek()? {
        None => return Err(ErrorKind::UnexpectedEof.into()),
        Some(TLS_HANDSHAKE) => {}
        Some(_) => return conversation.say(socket, &Answer::NotTls),
    }
    let mut session = ServerConnection::new(config).map_err(io::Error::other)?;
    conversation.hold(&mut rustls::Stream::new(&mut session, socket))?;
    session.send_close_notify();
    while session.wants_write() {
        session.write_tls(socket)?;
    }
    Ok(())
}

/// The exchange of one request for one page.
struct Conversation<'a> {
    place: &'a Place,
    terms: &'a Terms,
    deadline: &'a Cell<Deadline>,
}

/// The first byte of a TLS handshake record (RFC 8446 §5.1).
const TLS_HANDSHAKE: u8 = 22;

/// Why there is no request.
enum Unread {
    Fault(HeadFault),
    /// The time is up.
    Late,
    /// The peer has closed, or its TLS handshake has failed.
    Gone(io::Error),
}

impl Conversation<'_> {
    fn hold(&self, stream: &mut (impl Read + Write)) -> io::Result<()> {
        let request = self.read_head(stream);
        if !self.place.begin_answer() {
            return Err(ErrorKind::ConnectionAborted.into());
        }
        let answer = match request {
            Err(Unread::Gone(error)) => return Err(error),
            _ if !self.terms.is_welcome => Answer::PeerRefused,
            Ok(request) => Answer::Page(self.decision(request)),
            Err(Unread::Fault(fault)) => self.refuse(fault),
            Err(Unread::Late) => Answer::TooLate,
        };
        self.say(stream, &answer)
    }

    fn read_head(&self, stream: &mut impl Read) -> Result<RedirectRequest, Unread> {
        let mut head = Vec::with_capacity(head::MAX_HEAD_BYTES);
        let mut chunk = vec![0; 4096];
        loop {
            let room = chunk.len().min(head::MAX_HEAD_BYTES - head.len());
            let arrived = match stream.read(&mut chunk[..room]) {
                Ok(0) => return Err(Unread::Gone(ErrorKind::UnexpectedEof.into())),
                Ok(count) => &chunk[..count],
                // Browsers connect in advance: nobody waits for a page on such a connection.
                Err(error) if error.kind() == ErrorKind::TimedOut && !head.is_empty() => {
                    return Err(Unread::Late);
                }
                Err(error) => return Err(Unread::Gone(error)),
            };
            let is_worth_reading = head.is_empty() || ends_a_line(arrived, head.len());
            head.extend_from_slice(arrived);
            if is_worth_reading && let Some(request) = self.parse(&head)? {
                return Ok(request);
            }
        }
    }

    fn parse(&self, head: &[u8]) -> Result<Option<RedirectRequest>, Unread> {
        let scheme = if self.terms.tls.is_some() { Scheme::Https } else { Scheme::Http };
        head::parse(head, scheme, self.terms.port).map_err(Unread::Fault)
    }

    fn refuse(&self, fault: HeadFault) -> Answer {
        if fault != HeadFault::Favicon {
            refusals::log_refusal(self.place.socket(), format_args!("the request is no visit: {fault}"));
        }
        Answer::Fault(fault)
    }

    /// What becomes of a visit; whoever watches the log sees why one came to nothing.
    fn decision(&self, request: RedirectRequest) -> Page {
        let host = request.host.clone();
        let page = self.ask(request);
        let socket = self.place.socket();
        match &page {
            Page::NotFound => refusals::log_refusal(socket, nothing_waits_at(&host)),
            Page::BadRequest(rule) => {
                refusals::log_refusal(socket, format_args!("it is no authorization response: {rule}"));
            }
            _ => {}
        }
        page
    }

    /// Asks the event loop, which answers when the exchange has ended.
    fn ask(&self, request: RedirectRequest) -> Page {
        let (reply, page) = channel();
        self.terms.mailbox.post(Event::Redirect { request, reply });
        match page.recv_timeout(self.terms.timeouts.decision) {
            Ok(page) => page,
            Err(RecvTimeoutError::Timeout) => Page::StillWorking(None),
            Err(RecvTimeoutError::Disconnected) => Page::Unavailable,
        }
    }

    fn say(&self, stream: &mut impl Write, answer: &Answer) -> io::Result<()> {
        self.deadline.set(Deadline::after(self.terms.timeouts.page));
        stream.write_all(&answer.to_bytes())?;
        stream.flush()
    }
}

/// The host is the one thing of such a request that helps and may be logged.
fn nothing_waits_at(host: &str) -> String {
    const LONGEST: usize = 100;
    let host = host.get(..LONGEST).unwrap_or(host);
    format!("nothing waits for it at {host} (another host or path, or a state that is unknown or used)")
}

/// Whether the head may be complete, or full, with these bytes: else a dripping peer would have it parsed anew
/// for each byte.
fn ends_a_line(arrived: &[u8], before: usize) -> bool {
    arrived.contains(&b'\n') || before + arrived.len() >= head::MAX_HEAD_BYTES
}

/// Closes so that the page arrives: with bytes unread, closing at once would reset the connection, and the
/// browser would show an error instead (RFC 9112 §9.6).
fn close(socket: &TcpStream, patience: Duration) {
    const MAX_UNREAD_BYTES: usize = 256 * 1024;
    if socket.shutdown(Shutdown::Write).is_err() {
        return;
    }
    let deadline = Cell::new(Deadline::after(patience));
    let mut rest = Timed::new(socket, &deadline).take(MAX_UNREAD_BYTES as u64);
    // Whatever ends this, the connection is closed next.
    let _ = io::copy(&mut rest, &mut io::sink());
}
