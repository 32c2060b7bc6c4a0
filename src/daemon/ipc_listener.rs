//! Callers are accepted, requests handed out, answers written. Readiness comes from the event loop,
//! so that a caller that is slow, stuck or hostile costs a few hundred bytes and no time.

mod caller;
mod door;
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
use pizauth_core::moment::Moment;
use rustix::io::Errno;
use rustix::process::Rlimit;

use crate::log::{self, What};
use crate::wake_sources::{EXTRA_LISTENER, FIRST_CALLER, FIRST_HOOK_OUTPUT, IPC_LISTENER};
use caller::{Caller, Step, Then};
pub(crate) use door::Door;

/// A request has to have arrived whole after this time.
const REQUEST_PATIENCE: Duration = Duration::from_secs(5);
/// An answer has to have been taken after this time.
const ANSWER_PATIENCE: Duration = Duration::from_secs(10);
/// When descriptors run out, a caller that has not yet sent its request is left alone for so long.
const GRACE: Duration = Duration::from_millis(100);
/// When callers cannot be accepted for another reason, the next try comes after this time.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);
/// So many callers are accepted in one turn of the loop; the others come in the next.
const ACCEPTS_PER_TURN: usize = 512;
/// Bytes of memory for requests and answers under way, all together. Over it, who has waited longest with much makes
/// room.
const BYTES_UNDER_WAY: usize = 64 * 1024 * 1024;
/// Where our address space is limited, they may take this part of it.
const PART_UNDER_WAY: u64 = 8;
/// A connection that holds more memory than this, in bytes, may have to make room.
const MUCH: usize = 16 * 1024;
/// What is read at once.
const CHUNK: usize = 16 * 1024;

/// Tells callers apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CallerId(usize);

impl CallerId {
    /// As a ticket for whoever else has to tell callers apart.
    pub(crate) fn number(self) -> u64 {
        self.0 as u64
    }
}

/// The listening sockets and everybody who has connected to them.
#[derive(Debug)]
pub(crate) struct IpcListener {
    registry: Rc<Registry>,
    /// By [`Door`].
    listeners: [Option<UnixListener>; 2],
    callers: HashMap<CallerId, Caller>,
    /// When callers have to have sent their request, or taken their answer.
    deadlines: BTreeSet<(Moment, CallerId)>,
    requests: VecDeque<(CallerId, Request)>,
    /// Whose requests [`IpcListener::take_request`] has handed out since it last found none.
    handed_out: Vec<CallerId>,
    /// Who has gone without an answer.
    gone: Vec<CallerId>,
    next_id: usize,
    /// When to go on accepting, where that was broken off.
    accept_again: Option<Moment>,
    /// Whether the last try to accept met an error that may last: it is logged once.
    is_failing: bool,
    bytes_under_way: usize,
    bytes_allowed: usize,
    chunk: Vec<u8>,
    /// The time as of the last call that told it.
    now: Moment,
}

impl IpcListener {
    /// Serves callers of `listener`, the command socket, which must not block.
    ///
    /// # Errors
    /// The system cannot watch one more descriptor.
    pub(crate) fn new(
        listener: std::os::unix::net::UnixListener,
        registry: Rc<Registry>,
    ) -> io::Result<Self> {
        let mut this = Self {
            registry,
            listeners: [None, None],
            callers: HashMap::new(),
            deadlines: BTreeSet::new(),
            requests: VecDeque::new(),
            handed_out: Vec::new(),
            gone: Vec::new(),
            next_id: FIRST_CALLER,
            accept_again: None,
            is_failing: false,
            bytes_under_way: 0,
            bytes_allowed: bytes_allowed(address_space()),
            chunk: vec![0; CHUNK],
            now: Moment(0),
        };
        this.replace_listener(Door::Command, listener)?;
        Ok(this)
    }

    /// Goes on with another listening socket, since the old one's file is gone. Connections stay.
    ///
    /// # Errors
    /// The system cannot watch the new one; there is none then.
    pub(crate) fn replace_listener(
        &mut self,
        door: Door,
        listener: std::os::unix::net::UnixListener,
    ) -> io::Result<()> {
        self.shut(door);
        let mut listener = UnixListener::from_std(listener);
        self.registry.register(&mut listener, door.token(), Interest::READABLE)?;
        self.listeners[door as usize] = Some(listener);
        Ok(())
    }

    /// Closes a listening socket; who is connected is still served.
    pub(crate) fn shut(&mut self, door: Door) {
        if let Some(mut listener) = self.listeners[door as usize].take() {
            let _ = self.registry.deregister(&mut listener);
        }
    }

    /// Takes readiness of the listening socket or of a caller. One that has gone is no error.
    pub(crate) fn ready(&mut self, event: &mio::event::Event, now: Moment) {
        self.now = now;
        match event.token() {
            IPC_LISTENER => self.accept_all(Door::Command),
            EXTRA_LISTENER => self.accept_all(Door::Extra),
            Token(id) if event.is_write_closed() && self.is_waiting(CallerId(id)) => {
                self.close(CallerId(id));
            }
            Token(id) => self.advance(CallerId(id)),
        }
    }

    /// The next request that has arrived whole; to be called until there is none. It has to be answered, at once or in a
    /// later turn of the loop: until then the caller has no deadline, and is forgotten when it goes away.
    pub(crate) fn take_request(&mut self) -> Option<(CallerId, Request)> {
        let next = self.requests.pop_front();
        match &next {
            Some((id, _)) => self.handed_out.push(*id),
            None => self.watch_who_waits(),
        }
        next
    }

    /// The process id of the caller when it connected, where the system tells.
    pub(crate) fn caller_pid(&self, id: CallerId) -> Option<i32> {
        self.callers.get(&id)?.peer.pid
    }

    /// By which socket the caller has come. None: it has gone.
    pub(crate) fn door(&self, id: CallerId) -> Option<Door> {
        self.callers.get(&id).map(|caller| caller.door)
    }

    /// Answers a request and closes the connection once the answer is taken. Does not wait. To a caller that has gone
    /// this does nothing.
    pub(crate) fn answer(&mut self, id: CallerId, answer: &Answer) {
        self.send(id, answer, Then::Close);
    }

    /// Answers a request and leaves the connection open until we end or the caller closes it.
    pub(crate) fn answer_and_hold(&mut self, id: CallerId, answer: &Answer) {
        self.send(id, answer, Then::Hold);
    }

    /// Tells a caller something before its answer, which it goes on waiting for.
    pub(crate) fn tell(&mut self, id: CallerId, answer: &Answer) {
        self.send(id, answer, Then::Await);
    }

    /// Who has gone since the last call and was owed an answer.
    pub(crate) fn take_gone(&mut self) -> Vec<CallerId> {
        std::mem::take(&mut self.gone)
    }

    /// When [`IpcListener::handle_timeout`] wants to be called.
    pub(crate) fn poll_timeout(&self) -> Option<Moment> {
        let first = self.deadlines.first().map(|(deadline, _)| *deadline);
        first.into_iter().chain(self.accept_again).min()
    }

    /// Hangs up on callers whose time is up, and goes on accepting. Early or repeated calls are harmless.
    pub(crate) fn handle_timeout(&mut self, now: Moment) {
        self.now = now;
        while let Some((deadline, id)) = self.deadlines.first().copied() {
            if deadline > now {
                break;
            }
            self.close(id);
        }
        if self.accept_again.take_if(|at| *at <= now).is_some() {
            Door::ALL.into_iter().for_each(|door| self.accept_all(door));
        }
    }

    /// Readiness is told once, when it begins: so this accepts until nobody waits, or notes when to go on.
    fn accept_all(&mut self, door: Door) {
        for _ in 0..ACCEPTS_PER_TURN {
            let Some(listener) = &self.listeners[door as usize] else { return };
            match listener.accept() {
                Ok((stream, _)) => {
                    self.is_failing = false;
                    self.admit(stream, door);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // One that gave up while it waited, or an interruption: on to the next.
                Err(error) if is_of_the_moment(&error) => {}
                Err(error) if is_exhaustion(&error) => {
                    if !self.make_room() {
                        return;
                    }
                }
                Err(error) => return self.pause(&error),
            }
        }
        self.accept_again = Some(self.now);
    }

    fn pause(&mut self, error: &io::Error) {
        self.accept_again = Some(self.now.plus(ACCEPT_PAUSE));
        if !self.is_failing {
            self.is_failing = true;
            log::event(What::SocketFailed)
                .field("attempt", "accept a caller")
                .field("reason", Cause(error))
                .write();
        }
    }

    /// With no descriptor left, hangs up on a caller that wastes one; or sets a time to look again.
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
            let Some(caller) = self.callers.get_mut(&id).filter(|it| it.is_awaiting()) else {
                continue;
            };
            if caller.watch_anew(&self.registry, Token(id.0)).is_err() {
                self.close(id);
            }
        }
    }

    /// Whether a caller is still there whose request has been handed out.
    pub(crate) fn is_waiting(&self, id: CallerId) -> bool {
        self.callers.get(&id).is_some_and(Caller::is_waiting)
    }

    fn is_reading(&self, id: CallerId) -> bool {
        self.callers.get(&id).is_some_and(Caller::is_reading)
    }

    fn admit(&mut self, stream: UnixStream, door: Door) {
        match Peer::of(&stream) {
            Ok(peer) if peer.is_trusted() => {
                let id = self.new_id();
                self.callers.insert(id, Caller::new(stream, peer, door));
                // A caller writes as soon as it is connected: its request is often there already.
                self.advance(id);
            }
            Ok(peer) => log::event(What::CallerRefused).field("uid", peer.uid).write(),
            Err(error) => log::event(What::CallerRefused).field("reason", Cause(&error)).write(),
        }
    }

    /// An id is not used again before all others have been, so readiness that is told late finds nobody.
    fn new_id(&mut self) -> CallerId {
        loop {
            let id = CallerId(self.next_id);
            self.next_id = if self.next_id + 1 < FIRST_HOOK_OUTPUT { self.next_id + 1 } else { FIRST_CALLER };
            if !self.callers.contains_key(&id) {
                return id;
            }
        }
    }

    /// Moves bytes as far as they go.
    fn advance(&mut self, id: CallerId) {
        let Some(caller) = self.callers.get_mut(&id) else { return };
        let before = caller.memory();
        let step = caller.advance(&mut self.chunk);
        self.bytes_under_way = self.bytes_under_way - before + caller.memory();
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

    fn send(&mut self, id: CallerId, answer: &Answer, then: Then) {
        let bytes = encode(answer).or_else(|error| encode(&error.to_answer()));
        let (Ok(bytes), Some(caller)) = (bytes, self.callers.get_mut(&id)) else {
            return self.close(id);
        };
        let before = caller.memory();
        caller.begin_answer(bytes, then);
        self.bytes_under_way = self.bytes_under_way - before + caller.memory();
        self.forget_deadline(id);
        self.advance(id);
    }

    /// Waits for readiness, with a deadline that starts once for each phase, if it has one.
    fn wait(&mut self, id: CallerId, patience: Option<Duration>) {
        let Some(caller) = self.callers.get_mut(&id) else { return };
        if caller.watch(&self.registry, Token(id.0)).is_err() {
            return self.close(id);
        }
        let Some(patience) = patience else { return self.forget_deadline(id) };
        if caller.deadline.is_none() {
            let deadline = self.now.plus(patience);
            caller.deadline = Some(deadline);
            self.deadlines.insert((deadline, id));
        }
    }

    fn forget_deadline(&mut self, id: CallerId) {
        let deadline = self.callers.get_mut(&id).and_then(|caller| caller.deadline.take());
        if let Some(deadline) = deadline {
            self.deadlines.remove(&(deadline, id));
        }
    }

    fn keep_within_bounds(&mut self, current: CallerId) {
        while self.bytes_under_way > self.bytes_allowed {
            let much = |id: &CallerId| self.callers.get(id).is_some_and(|it| it.memory() > MUCH);
            let oldest = self.deadlines.iter().map(|(_, id)| *id).find(|id| *id != current && much(id));
            match oldest {
                Some(id) => self.close(id),
                None => return,
            }
        }
    }

    fn close(&mut self, id: CallerId) {
        self.forget_deadline(id);
        if let Some(caller) = self.callers.remove(&id) {
            self.bytes_under_way -= caller.memory();
            if caller.is_owed() {
                self.gone.push(id);
            }
            caller.close(&self.registry);
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

fn is_of_the_moment(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::ConnectionAborted)
}

fn is_exhaustion(error: &io::Error) -> bool {
    let exhausted = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM];
    Errno::from_io_error(error).is_some_and(|errno| exhausted.contains(&errno))
}
