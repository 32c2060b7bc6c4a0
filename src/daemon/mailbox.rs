//! The one way into the event loop from another thread.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use mio::{Registry, Token, Waker};
use pizauth_core::http;
use pizauth_core::keeper::JobId;
use pizauth_core::oauth::redirect::RedirectRequest;

use crate::client_secrets;
use crate::name_lookup::Addresses;
use crate::page::Page;
use crate::saved_state;

/// Something that happened in another thread.
#[derive(Debug)]
pub(crate) enum Event {
    /// A request was answered, or its answer is lost.
    HttpAnswered {
        /// The ticket of the request.
        job: JobId,
        /// What came of it.
        result: Result<http::Answer, http::Lost>,
    },
    /// A browser came back from the authorization endpoint.
    Redirect {
        /// Its request.
        request: RedirectRequest,
        /// Where the page for the browser is awaited.
        reply: Sender<Page>,
    },
    /// Host names have been looked up for a reload.
    LookedUp(Addresses),
    /// A command that prints a client's secret has ended.
    SecretPrinted(client_secrets::Done),
    /// A part of loading or saving tokens is done.
    SavedState(saved_state::Done),
}

/// A handle to the event loop for other threads.
#[derive(Clone, Debug)]
pub(crate) struct Mailbox {
    events: Sender<Event>,
    waker: Arc<Waker>,
}

impl Mailbox {
    /// A mailbox whose arrival of mail makes `token` ready, and its receiving end.
    ///
    /// # Errors
    /// The system has no descriptor left.
    pub(crate) fn new(registry: &Registry, token: Token) -> io::Result<(Self, Receiver<Event>)> {
        let (events, receiver) = channel();
        let waker = Arc::new(Waker::new(registry, token)?);
        Ok((Self { events, waker }, receiver))
    }

    /// A way for a room that knows nothing of the loop to hand it what it has: as an `event`.
    pub(crate) fn teller<T>(&self, event: fn(T) -> Event) -> impl Fn(T) + use<T> {
        let mailbox = self.clone();
        move |told| mailbox.post(event(told))
    }

    /// Hands an event to the loop. Once the loop has ended nobody listens, and that is fine.
    pub(crate) fn post(&self, event: Event) {
        if self.events.send(event).is_ok() {
            // A waker that fails leaves the event for the loop's next turn: nothing better to do here.
            let _ = self.waker.wake();
        }
    }
}
