//! Callers are accepted, requests handed out, answers written. Readiness comes from the event loop,
//! so that a caller that is slow, stuck or hostile costs a few hundred bytes and no time.

mod accepting;
mod bounds;
mod caller;
mod door;
mod guest_answer;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::rc::Rc;
use std::time::Duration;

use mio::net::UnixListener;
use mio::{Registry, Token};
use pizauth_common::ipc::frame::encode;
use pizauth_common::ipc::message::{Answer, Request};
use pizauth_core::moment::Moment;

use crate::wake_sources::{EXTRA_LISTENER, FIRST_CALLER, IPC_LISTENER};
use caller::{Caller, Step, Then};
pub(crate) use door::{AnyCaller, Door, GuestId};
pub(crate) use guest_answer::{GuestAnswer, GuestRefusal};

/// A request has to have arrived whole after this time.
const REQUEST_PATIENCE: Duration = Duration::from_secs(5);
/// An answer has to have been taken after this time.
const ANSWER_PATIENCE: Duration = Duration::from_secs(10);
/// What is read at once.
const CHUNK: usize = 16 * 1024;

/// Tells callers apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CallerId(usize);

/// The listening sockets and everybody who has connected to them.
#[derive(Debug)]
pub(crate) struct IpcListener {
    registry: Rc<Registry>,
    /// By [`Door`].
    listeners: [Option<UnixListener>; 2],
    callers: BTreeMap<CallerId, Caller>,
    /// When callers have to have sent their request, or taken their answer.
    deadlines: BTreeSet<(Moment, CallerId)>,
    requests: VecDeque<(CallerId, Request)>,
    /// Whose requests [`IpcListener::take_request`] has handed out since it last found none.
    handed_out: Vec<CallerId>,
    /// Who has gone without an answer.
    gone: Vec<AnyCaller>,
    next_id: usize,
    /// When to go on accepting, where that was broken off.
    accept_again: Option<Moment>,
    /// So many callers may still be admitted before others have their turn, by [`Door`].
    admissions: [usize; 2],
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
            callers: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            requests: VecDeque::new(),
            handed_out: Vec::new(),
            gone: Vec::new(),
            next_id: FIRST_CALLER,
            accept_again: None,
            admissions: [0; 2],
            is_failing: false,
            bytes_under_way: 0,
            bytes_allowed: bounds::bytes_allowed(bounds::address_space()),
            chunk: vec![0; CHUNK],
            now: Moment::LONG_AGO,
        };
        this.replace_listener(Door::Command, listener)?;
        Ok(this)
    }

    /// Takes readiness of the listening socket or of a caller. One that has gone is no error.
    pub(crate) fn ready(&mut self, event: &mio::event::Event, now: Moment) {
        self.now = now;
        match event.token() {
            IPC_LISTENER => self.open(Door::Command),
            EXTRA_LISTENER => self.open(Door::Extra),
            Token(id) if event.is_write_closed() && self.has_asked(CallerId(id)) => {
                self.close(CallerId(id));
            }
            Token(id) => self.advance(CallerId(id)),
        }
    }

    /// The next request that has arrived whole: of those who are connected, or of who waits at a door and is admitted
    /// now. To be called until there is none. It has to be answered, at once or in a later turn of the loop: until then
    /// the caller has no deadline, and is forgotten when it goes away.
    pub(crate) fn take_request(&mut self) -> Option<(AnyCaller, Request)> {
        loop {
            if let Some(next) = self.next_request() {
                return Some(next);
            }
            if !self.admit_next() {
                self.watch_who_waits();
                return None;
            }
        }
    }

    fn next_request(&mut self) -> Option<(AnyCaller, Request)> {
        while let Some((id, request)) = self.requests.pop_front() {
            if let Some(caller) = self.callers.get(&id) {
                self.handed_out.push(id);
                return Some((AnyCaller::new(id, caller.door), request));
            }
        }
        None
    }

    /// The process id of the caller when it connected, where the system tells.
    pub(crate) fn caller_pid(&self, caller: AnyCaller) -> Option<i32> {
        self.callers.get(&caller.id())?.peer.pid
    }

    /// Whether the caller has not gone.
    pub(crate) fn is_there(&self, caller: AnyCaller) -> bool {
        self.callers.contains_key(&caller.id())
    }

    /// Answers a request and closes the connection once the answer is taken. Does not wait. To a caller that has gone
    /// this does nothing.
    pub(crate) fn answer(&mut self, id: CallerId, answer: &Answer) {
        self.send(id, answer, Then::Close);
    }

    /// As [`IpcListener::answer`], at the extra socket.
    pub(crate) fn answer_guest(&mut self, GuestId(id): GuestId, answer: GuestAnswer) {
        self.send(id, &answer.into(), Then::Close);
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
    pub(crate) fn take_gone(&mut self) -> Vec<AnyCaller> {
        std::mem::take(&mut self.gone)
    }

    /// When [`IpcListener::handle_timeout`] wants to be called.
    pub(crate) fn poll_timeout(&self) -> Option<Moment> {
        let first = self.deadlines.first().map(|(deadline, _)| *deadline);
        first.into_iter().chain(self.accept_again).min()
    }

    /// Hangs up on callers whose time is up, and opens the doors again where it is time to. Early or repeated calls are
    /// harmless.
    pub(crate) fn handle_timeout(&mut self, now: Moment) {
        self.now = now;
        while let Some((deadline, id)) = self.deadlines.first().copied() {
            if deadline > now {
                break;
            }
            self.close(id);
        }
        if self.accept_again.take_if(|at| *at <= now).is_some() {
            Door::ALL.into_iter().for_each(|door| self.open(door));
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
    pub(crate) fn is_waiting(&self, caller: AnyCaller) -> bool {
        self.has_asked(caller.id())
    }

    fn has_asked(&self, id: CallerId) -> bool {
        self.callers.get(&id).is_some_and(Caller::is_waiting)
    }

    fn is_reading(&self, id: CallerId) -> bool {
        self.callers.get(&id).is_some_and(Caller::is_reading)
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
        let (before, is_writing) = (caller.memory(), caller.is_writing());
        caller.begin_answer(bytes, then);
        self.bytes_under_way = self.bytes_under_way - before + caller.memory();
        // More gives nobody more time to take what there is.
        if !is_writing {
            self.forget_deadline(id);
        }
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

    fn close(&mut self, id: CallerId) {
        self.forget_deadline(id);
        if let Some(caller) = self.callers.remove(&id) {
            self.bytes_under_way -= caller.memory();
            if caller.is_owed() {
                self.gone.push(AnyCaller::new(id, caller.door));
            }
            caller.close(&self.registry);
        }
    }
}
