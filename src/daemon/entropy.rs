//! The one source of random bytes.

use rand::TryRng;
use rand::rngs::SysRng;

/// Fills `buffer` from the system's source. Without it nothing here can be safe: the process ends.
pub(crate) fn fill(buffer: &mut [u8]) {
    if let Err(error) = SysRng.try_fill_bytes(buffer) {
        crate::log::event(crate::log::What::InternalError).field("reason", error).write();
        std::process::abort();
    }
}
