//! Why a listening socket has given no connection.

use std::io::{self, ErrorKind};

/// Whether the next connection may be accepted at once: a peer has gone while it waited, or there was a signal.
pub(crate) fn is_passing(error: &io::Error) -> bool {
    use ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), Interrupted | ConnectionAborted | ConnectionReset)
}
