//! Callers: connections are accepted, requests handed out, answers written. Readiness comes from the event loop,
//! so that a caller that is slow, stuck or hostile costs a few hundred bytes and no time.

mod connection;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io::{self, ErrorKind};
use std::rc::Rc;
use std::time::Duration;

use mio::net::{UnixListener, UnixStream};
use mio::{Interest, Registry, Token};
use pizauth_common::cause::Cause;
use pizauth_common::ipc::frame::encode;
use pizauth_common::ipc::message::{Answer, Request};
use pizauth_common::ipc::peer::Peer;
use rustix::io::Errno;
use rustix::process::Rlimit;

use crate::log::{self, What};
use crate::poll_tokens::{FIRST_CONNECTION, FIRST_HOOK_OUTPUT, IPC_LISTENER};
use connection::{Connection, Step};
use pizauth_core::moment::Moment;

/// A request has to have arrived whole after this time.
const REQUEST_PATIENCE: Duration = Duration::from_secs(5);
/// An answer has to have been taken after this time.
const ANSWER_PATIENCE: Duration = Duration::from_secs(10);
/// When descriptors run out, a caller that has not yet sent its request is left alone for so long.
const GRACE: Duration = Duration::from_millis(100);
/// So many callers are accepted in one turn of the loop; the others come in the next.
const ACCEPTS_PER_TURN: usize = 512;
/// Bytes of memory for requests and answers under way, all together. Over it, who has waited longest with much makes
/// room.
const BYTES_UNDER_WAY: usize = 64 * 1024 * 1024;
/// Where our address space is limited, they may take this part of it.
const PART_UNDER_WAY: u64 = 8;
/// What counts as much.
const MUCH: usize = 16 * 1024;
/// What is read at once.
const CHUNK: usize = 16 * 1024;

/// One caller's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(usize);

/// The listening socket and everybody who has connected to it.
#[derive(Debug)]
pub struct IpcListener {
    registry: Rc<Registry>,
    listener: Option<UnixListener>,
    connections: HashMap<ConnectionId, Connection>,
    /// Connections that somebody has to do something about in time.
    deadlines: BTreeSet<(Moment, ConnectionId)>,
    requests: VecDeque<(ConnectionId, Request)>,
    /// Whose requests have been handed out since there was none.
    handed_out: Vec<ConnectionId>,
    next_id: usize,
    /// When to go on accepting, where that was broken off.
    accept_again: Option<Moment>,
    bytes_under_way: usize,
    bytes_allowed: usize,
    chunk: Vec<u8>,
    /// As of the last call that brought it.
    now: Moment,
}

impl IpcListener {
    /// Serves callers of `listener`, which must not block.
    ///
    /// # Errors
    /// The system cannot watch one more descriptor.
    pub fn new(listener: std::os::unix::net::UnixListener, registry: Rc<Registry>) -> io::Result<Self> {
        let mut this = Self {
            registry,
            listener: None,
            connections: HashMap::new(),
            deadlines: BTreeSet::new(),
            requests: VecDeque::new(),
            handed_out: Vec::new(),
            next_id: FIRST_CONNECTION,
            accept_again: None,
            bytes_under_way: 0,
            bytes_allowed: bytes_allowed(address_space()),
            chunk: vec![0; CHUNK],
            now: Moment(0),
        };
        this.replace_listener(listener)?;
        Ok(this)
    }

    /// Goes on with another listening socket, since the old one's file is gone. Connections stay.
    ///
    /// # Errors
    /// The system cannot watch the new one; there is none then.
    pub fn replace_listener(&mut self, listener: std::os::unix::net::UnixListener) -> io::Result<()> {
        self.stop_accepting();
        let mut listener = UnixListener::from_std(listener);
        self.registry.register(&mut listener, IPC_LISTENER, Interest::READABLE)?;
        self.listener = Some(listener);
        Ok(())
    }

    /// Closes the listening socket; who is connected is still served.
    pub fn stop_accepting(&mut self) {
        self.accept_again = None;
        if let Some(mut listener) = self.listener.take() {
            let _ = self.registry.deregister(&mut listener);
        }
    }

    /// Takes readiness of the listening socket or of a connection. A connection that is gone is no error.
    pub fn ready(&mut self, event: &mio::event::Event, now: Moment) {
        self.now = now;
        match event.token() {
            IPC_LISTENER => self.accept_all(),
            Token(id) if event.is_write_closed() && self.is_awaiting(ConnectionId(id)) => {
                self.close(ConnectionId(id));
            }
            Token(id) => self.advance(ConnectionId(id)),
        }
    }

    /// The next request that has arrived whole; to be called until there is none. It has to be answered, at once or in a
    /// later turn of the loop: until then the caller has no deadline, and is forgotten when it goes away.
    pub fn take_request(&mut self) -> Option<(ConnectionId, Request)> {
        let next = self.requests.pop_front();
        match &next {
            Some((id, _)) => self.handed_out.push(*id),
            None => self.watch_who_waits(),
        }
        next
    }

    /// The process id of the caller when it connected, where the system tells.
    pub fn caller_pid(&self, id: ConnectionId) -> Option<i32> {
        self.connections.get(&id)?.peer.pid
    }

    /// Answers a request and closes the connection once the answer is taken. Does not wait. To a caller that has gone
    /// this does nothing.
    pub fn answer(&mut self, id: ConnectionId, answer: &Answer) {
        self.send(id, answer, false);
    }

    /// Answers a request and leaves the connection open until we end or the caller closes it.
    pub fn answer_and_hold(&mut self, id: ConnectionId, answer: &Answer) {
        self.send(id, answer, true);
    }

    /// When [`IpcListener::handle_timeout`] wants to be called.
    pub fn poll_timeout(&self) -> Option<Moment> {
        let first = self.deadlines.first().map(|(deadline, _)| *deadline);
        first.into_iter().chain(self.accept_again).min()
    }

    /// Closes connections whose time is up, and goes on accepting. Early or repeated calls are harmless.
    pub fn handle_timeout(&mut self, now: Moment) {
        self.now = now;
        while let Some((deadline, id)) = self.deadlines.first().copied() {
            if deadline > now {
                break;
            }
            self.close(id);
        }
        if self.accept_again.is_some_and(|at| at <= now) {
            self.accept_all();
        }
    }

    /// Nobody is told of readiness twice, so this goes on until nobody is left, or says when to go on.
    fn accept_all(&mut self) {
        self.accept_again = None;
        for _ in 0..ACCEPTS_PER_TURN {
            let Some(listener) = &self.listener else { return };
            match listener.accept() {
                Ok((stream, _)) => self.admit(stream),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if is_exhaustion(&error) => {
                    if !self.make_room() {
                        return;
                    }
                }
                // One that gave up while it waited, or an interruption: on to the next.
                Err(_) => {}
            }
        }
        self.accept_again = Some(self.now);
    }

    /// With no descriptor left, closes a connection that wastes one; or sets a time to look again.
    fn make_room(&mut self) -> bool {
        let stalled = self.deadlines.iter().find(|(_, id)| self.is_reading(*id)).copied();
        let expendable_at = stalled.map(|(deadline, _)| deadline.minus(REQUEST_PATIENCE).plus(GRACE));
        match (stalled, expendable_at) {
            (Some((_, id)), Some(at)) if at <= self.now => {
                self.close(id);
                true
            }
            _ => {
                self.accept_again = Some(self.now.plus(GRACE));
                false
            }
        }
    }

    /// Most requests are answered at once, so who has asked is watched only if it has to wait.
    fn watch_who_waits(&mut self) {
        for id in std::mem::take(&mut self.handed_out) {
            let Some(connection) = self.connections.get_mut(&id).filter(|it| it.is_awaiting()) else {
                continue;
            };
            if connection.watch_anew(&self.registry, Token(id.0)).is_err() {
                self.close(id);
            }
        }
    }

    fn is_awaiting(&self, id: ConnectionId) -> bool {
        self.connections.get(&id).is_some_and(Connection::is_awaiting)
    }

    fn is_reading(&self, id: ConnectionId) -> bool {
        self.connections.get(&id).is_some_and(Connection::is_reading)
    }

    fn admit(&mut self, stream: UnixStream) {
        match Peer::of(&stream) {
            Ok(peer) if peer.is_trusted() => {
                let id = self.new_id();
                self.connections.insert(id, Connection::new(stream, peer));
                // A caller writes as soon as it is connected: its request is often there already.
                self.advance(id);
            }
            Ok(peer) => log::event(What::CallerRefused).field("uid", peer.uid).write(),
            Err(error) => log::event(What::CallerRefused).field("reason", Cause(&error)).write(),
        }
    }

    /// Ids do not come again, so readiness that arrives late finds nobody. (Where they may, the taken are skipped.)
    fn new_id(&mut self) -> ConnectionId {
        loop {
            let id = ConnectionId(self.next_id);
            self.next_id =
                if self.next_id + 1 < FIRST_HOOK_OUTPUT { self.next_id + 1 } else { FIRST_CONNECTION };
            if !self.connections.contains_key(&id) {
                return id;
            }
        }
    }

    /// Moves bytes as far as they go.
    fn advance(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let before = connection.memory();
        let step = connection.advance(&mut self.chunk);
        self.bytes_under_way = self.bytes_under_way - before + connection.memory();
        match step {
            Step::Wait(patience) => self.wait(id, patience),
            Step::Request(request) => {
                self.forget_deadline(id);
                self.requests.push_back((id, request));
            }
            Step::Refuse(error) => self.answer(id, &error.to_answer()),
            Step::Close => self.close(id),
        }
        self.keep_within_bounds(id);
    }

    fn send(&mut self, id: ConnectionId, answer: &Answer, hold: bool) {
        let bytes = encode(answer).or_else(|error| encode(&error.to_answer()));
        let (Ok(bytes), Some(connection)) = (bytes, self.connections.get_mut(&id)) else {
            return self.close(id);
        };
        let before = connection.memory();
        connection.begin_answer(bytes, hold);
        self.bytes_under_way = self.bytes_under_way - before + connection.memory();
        self.forget_deadline(id);
        self.advance(id);
    }

    /// Waits for readiness, with a deadline that starts once for each stage of a connection.
    fn wait(&mut self, id: ConnectionId, patience: Option<Duration>) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let deadline = match (connection.deadline, patience) {
            (None, Some(patience)) => Some(self.now.plus(patience)),
            _ => None,
        };
        if connection.watch(&self.registry, Token(id.0)).is_err() {
            return self.close(id);
        }
        if let Some(deadline) = deadline {
            connection.deadline = Some(deadline);
            self.deadlines.insert((deadline, id));
        }
    }

    fn forget_deadline(&mut self, id: ConnectionId) {
        let deadline = self.connections.get_mut(&id).and_then(|connection| connection.deadline.take());
        if let Some(deadline) = deadline {
            self.deadlines.remove(&(deadline, id));
        }
    }

    fn keep_within_bounds(&mut self, current: ConnectionId) {
        while self.bytes_under_way > self.bytes_allowed {
            let much = |id: &ConnectionId| self.connections.get(id).is_some_and(|it| it.memory() > MUCH);
            let oldest = self.deadlines.iter().map(|(_, id)| *id).find(|id| *id != current && much(id));
            match oldest {
                Some(id) => self.close(id),
                None => return,
            }
        }
    }

    fn close(&mut self, id: ConnectionId) {
        self.forget_deadline(id);
        if let Some(connection) = self.connections.remove(&id) {
            self.bytes_under_way -= connection.memory();
            connection.close(&self.registry);
        }
    }
}

/// The limit of our address space. OpenBSD has none.
fn address_space() -> Rlimit {
    #[cfg(not(target_os = "openbsd"))]
    {
        rustix::process::getrlimit(rustix::process::Resource::As)
    }
    #[cfg(target_os = "openbsd")]
    {
        Rlimit { current: None, maximum: None }
    }
}

fn bytes_allowed(address_space: Rlimit) -> usize {
    let part =
        address_space.current.map(|bytes| usize::try_from(bytes / PART_UNDER_WAY).unwrap_or(usize::MAX));
    part.map_or(BYTES_UNDER_WAY, |part| part.min(BYTES_UNDER_WAY))
}

fn is_exhaustion(error: &io::Error) -> bool {
    let exhausted = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM];
    Errno::from_io_error(error).is_some_and(|errno| exhausted.contains(&errno))
}
