//! The thread of the acceptor, as the listener holds it.

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

use mio::{Poll, Waker};

use super::acceptor::{Acceptor, Pause, Plan, WAKE};
use super::connection::Timeouts;
use super::connections::Connections;
use super::error::BindError;
use super::peer::PeerCheck;
use crate::mailbox::Mailbox;

/// In bytes.
const STACK: usize = 128 * 1024;

/// It ends when this is dropped.
pub(super) struct AcceptorThread {
    plans: Option<Sender<Plan>>,
    waker: Waker,
    thread: Option<JoinHandle<()>>,
}

impl AcceptorThread {
    /// Serves nothing yet.
    pub(super) fn start(
        connections: Arc<Connections>,
        timeouts: Timeouts,
        mailbox: Mailbox,
    ) -> Result<Self, BindError> {
        let poll = Poll::new().map_err(BindError::Start)?;
        let waker = Waker::new(poll.registry(), WAKE).map_err(BindError::Start)?;
        let (plans, receiver) = channel();
        let acceptor = Acceptor {
            poll,
            plans: receiver,
            plan: Plan::default(),
            connections,
            timeouts,
            mailbox,
            pause: Pause::default(),
            peers: PeerCheck::new(),
        };
        let thread = thread::Builder::new()
            .name("redirects".to_owned())
            .stack_size(STACK)
            .spawn(move || acceptor.run())
            .map_err(BindError::Start)?;
        Ok(Self { plans: Some(plans), waker, thread: Some(thread) })
    }

    /// Whether no error has ended it.
    pub(super) fn is_running(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// From now on it serves what the plan says.
    pub(super) fn follow(&self, plan: Plan) -> Result<(), BindError> {
        self.plans.as_ref().ok_or(BindError::Ended)?.send(plan).map_err(|_| BindError::Ended)?;
        self.waker.wake().map_err(BindError::Start)
    }

    /// When this returns, nobody is accepted any more.
    pub(super) fn end(&mut self) {
        self.plans = None;
        // Without a wake-up (which needs no descriptor, so it cannot fail for want of one) it could not be joined.
        if self.waker.wake().is_ok()
            && let Some(thread) = self.thread.take()
        {
            // It has logged whatever ended it.
            let _ = thread.join();
        }
    }
}

impl Drop for AcceptorThread {
    fn drop(&mut self) {
        self.end();
    }
}
