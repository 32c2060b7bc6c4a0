//! The one source of random bytes.

use ring::rand::{SecureRandom, SystemRandom};

/// Fills `buffer` from the system's source. Without it nothing here can be safe: the process ends.
pub(crate) fn fill(buffer: &mut [u8]) {
    if SystemRandom::new().fill(buffer).is_err() {
        let why = "the system gives no random bytes";
        crate::log::event(crate::log::What::InternalError).field("reason", why).write();
        std::process::abort();
    }
}
