//! How far one request has got: shared by its worker and the dispatcher.

use std::io;
use std::sync::atomic::{AtomicU8, Ordering};

use pizauth_core::http::Lost;

use super::failure::Failure;

const UNSENT: u8 = 0;
const SENDING: u8 = 1;
const GIVEN_UP: u8 = 2;

/// Either the worker begins to send or the dispatcher gives it up: never both. So a request that was
/// reported as unsent is not sent later, and a code in it may be used again.
#[derive(Debug, Default)]
pub(super) struct Attempt(AtomicU8);

impl Attempt {
    /// To be called before the first byte of the body is written.
    ///
    /// # Errors
    /// The attempt was given up.
    pub(super) fn begin_sending(&self) -> io::Result<()> {
        match self.0.compare_exchange(UNSENT, SENDING, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) | Err(SENDING) => Ok(()),
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "given up before it was sent")),
        }
    }

    /// Ends the attempt from outside.
    pub(super) fn give_up(&self, failure: &Failure) -> Lost {
        // A failed exchange means that sending has begun, and that is what is told.
        let _ = self.0.compare_exchange(UNSENT, GIVEN_UP, Ordering::AcqRel, Ordering::Acquire);
        self.lost(failure)
    }

    /// What is told of an attempt that got no answer.
    pub(super) fn lost(&self, failure: &Failure) -> Lost {
        Lost {
            sent: self.has_been_sent(),
            why: failure.to_string(),
            needs_person: failure.needs_person(),
            is_unresolved: failure.is_unresolved(),
        }
    }

    /// Whether a byte of the body can have reached the server.
    pub(super) fn has_been_sent(&self) -> bool {
        self.0.load(Ordering::Acquire) == SENDING
    }
}
