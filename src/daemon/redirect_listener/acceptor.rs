//! The thread that accepts connections, and hands each to a worker of its own.

use std::io::{self, ErrorKind};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::thread;
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use pizauth_common::cause::Cause;
use rustls::ServerConfig;

use super::connection::{self, Terms, Timeouts};
use super::connections::Connections;
use super::peer::PeerCheck;
use super::refusals;
use crate::accept_errors;
use crate::containment::{Worker, contain};
use crate::log::{self, What};
use crate::mailbox::Mailbox;

/// The token of the waker: a plan has come, or it is time to end.
pub(super) const WAKE: Token = Token(usize::MAX);

/// A TLS handshake in a debug build needs most of it.
const WORKER_STACK_BYTES: usize = 256 * 1024;

/// A socket that is listened on.
#[derive(Clone, Debug)]
pub(super) struct Listening {
    /// Does not block.
    pub(super) socket: Arc<TcpListener>,
    pub(super) port: u16,
    /// Absent: plain HTTP.
    pub(super) tls: Option<Arc<ServerConfig>>,
}

/// What is to be served, until the next one.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    pub(super) listening: Vec<Listening>,
    /// Whether a peer over loopback must be a process of our uid, or root's.
    pub(super) checks_peers: bool,
}

/// The acceptor's state; [`Acceptor::run`] is the thread. It ends when nobody can send a plan any more.
pub(super) struct Acceptor {
    pub(super) poll: Poll,
    pub(super) plans: Receiver<Plan>,
    pub(super) plan: Plan,
    pub(super) connections: Arc<Connections>,
    pub(super) timeouts: Timeouts,
    pub(super) mailbox: Mailbox,
    pub(super) pause: Pause,
    pub(super) peers: PeerCheck,
}

/// What a turn of the loop ended with.
enum Turn {
    /// Nobody waits to be accepted.
    Idle,
    /// Others may be waiting still; first see whether there is a new plan.
    Again,
    /// The system is out of something: accept no more for a while.
    Exhausted(Option<io::Error>),
}

impl Acceptor {
    pub(super) fn run(mut self) {
        let mut events = Events::with_capacity(8);
        let mut wait = None;
        loop {
            if let Err(error) = self.poll.poll(&mut events, wait)
                && error.kind() != ErrorKind::Interrupted
            {
                log::event(What::ListenerFailed).field("reason", Cause(&error)).write();
                return;
            }
            if !self.follow_plans() {
                return;
            }
            let turn = contain(Worker::RedirectListener, || self.accept_some());
            wait = match turn.unwrap_or(Turn::Exhausted(None)) {
                Turn::Idle => self.pause.end(),
                Turn::Again => Some(Duration::ZERO),
                Turn::Exhausted(error) => Some(self.pause.begin(error.as_ref())),
            };
        }
    }

    /// Takes up the latest plan. `false`: there will be none, and it is time to end.
    fn follow_plans(&mut self) -> bool {
        loop {
            match self.plans.try_recv() {
                Ok(plan) => self.follow(plan),
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }

    fn follow(&mut self, plan: Plan) {
        let registry = self.poll.registry();
        for listening in &self.plan.listening {
            // Fails where it was never registered, which was logged then.
            let _ = registry.deregister(&mut SourceFd(&listening.socket.as_raw_fd()));
        }
        for listening in &plan.listening {
            let fd = listening.socket.as_raw_fd();
            if let Err(error) = registry.register(&mut SourceFd(&fd), Token(0), Interest::READABLE) {
                log::event(What::ListenerFailed)
                    .field("port", listening.port)
                    .field("reason", Cause(&error))
                    .write();
            }
        }
        self.plan = plan;
    }

    /// Accepts in turn from every listener, so that none starves another, and only for so long.
    fn accept_some(&mut self) -> Turn {
        const ROUNDS: usize = 64;
        for _ in 0..ROUNDS {
            let mut accepted = false;
            for listening in &self.plan.listening {
                match self.accept_from(listening) {
                    Ok(one) => accepted |= one,
                    Err(exhausted) => return exhausted,
                }
            }
            if !accepted {
                return Turn::Idle;
            }
        }
        Turn::Again
    }

    /// Whether there was somebody to accept.
    fn accept_from(&self, listening: &Listening) -> Result<bool, Turn> {
        if !self.connections.have_room() {
            return Err(Turn::Exhausted(None));
        }
        match listening.socket.accept() {
            // A thread that cannot be started is `WouldBlock`, too: not to be mixed up with the next arm.
            Ok((socket, _)) => self.serve(listening, socket).map_err(|error| Turn::Exhausted(Some(error)))?,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) if accept_errors::is_passing(&error) => {}
            Err(error) => return Err(Turn::Exhausted(Some(error))),
        }
        Ok(true)
    }

    /// Hands the connection to a worker. An error costs this connection, and there is no thread for others either.
    fn serve(&self, listening: &Listening, socket: TcpStream) -> io::Result<()> {
        socket.set_nonblocking(true)?;
        let is_welcome = self.welcomes(&socket);
        let Some(place) = self.connections.admit(socket, is_welcome) else { return Ok(()) };
        let terms = Terms {
            tls: listening.tls.clone(),
            port: listening.port,
            is_welcome,
            timeouts: self.timeouts,
            mailbox: self.mailbox.clone(),
        };
        log::event(What::Connection).field("port", terms.port).write();
        let worker = thread::Builder::new().name("redirect".to_owned()).stack_size(WORKER_STACK_BYTES);
        worker.spawn(move || contain(Worker::RedirectConnection, || connection::serve(&place, &terms)))?;
        Ok(())
    }

    fn welcomes(&self, socket: &TcpStream) -> bool {
        if !self.plan.checks_peers {
            return true;
        }
        let checked = self.peers.check(socket);
        if let Err(refusal) = checked {
            let reason = format_args!("{refusal} (redirect_peer = \"any\" would let it in)");
            refusals::log_refusal(socket, reason);
        }
        checked.is_ok()
    }
}

/// Growing pauses while the system has no descriptors, threads or places left.
#[derive(Debug, Default)]
pub(super) struct Pause {
    last: Option<Duration>,
}

impl Pause {
    const SHORTEST: Duration = Duration::from_millis(50);
    const LONGEST: Duration = Duration::from_secs(2);

    fn begin(&mut self, error: Option<&io::Error>) -> Duration {
        if let (None, Some(error)) = (self.last, error) {
            log::event(What::ListenerDegraded)
                .field("attempt", "accept a connection")
                .field("reason", Cause(error))
                .write();
        }
        let pause = self.last.map_or(Self::SHORTEST, |last| (last * 2).min(Self::LONGEST));
        self.last = Some(pause);
        pause
    }

    /// Always `None`: from here on the acceptor waits without a time limit, until the next connection.
    fn end(&mut self) -> Option<Duration> {
        self.last = None;
        None
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use rustix::net::{AddressFamily, SocketType};

    use super::*;

    /// A socket that is not listened on refuses every accept for a reason that nobody has thought of.
    #[test]
    fn an_error_that_lasts_is_no_reason_to_spin() {
        let poll = Poll::new().unwrap();
        let (mailbox, _mail) = Mailbox::new(poll.registry(), WAKE).unwrap();
        let timeouts = Timeouts::default();
        let broken = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        let listening = Listening { socket: Arc::new(broken.into()), port: 0, tls: None };
        let mut acceptor = Acceptor {
            poll,
            plans: channel().1,
            plan: Plan { listening: vec![listening], checks_peers: false },
            connections: Arc::new(Connections::new(1, timeouts.notice)),
            timeouts,
            mailbox,
            pause: Pause::default(),
            peers: PeerCheck::new(),
        };
        assert!(matches!(acceptor.accept_some(), Turn::Exhausted(Some(_))));
    }

    #[test]
    fn pauses_grow_to_a_bound_and_start_over() {
        let mut pause = Pause::default();
        let mut last = pause.begin(None);
        for _ in 0..20 {
            let next = pause.begin(None);
            assert!(next > last || next == Pause::LONGEST, "{next:?} after {last:?}");
            last = next;
        }
        assert_eq!(last, Pause::LONGEST);
        assert_eq!(pause.end(), None);
        assert_eq!(pause.begin(None), Pause::SHORTEST);
    }
}
