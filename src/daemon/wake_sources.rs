//! The tokens of everything that the event loop waits for, so that no two rooms take the same.

use mio::Token;

/// Mail from another thread.
pub(crate) const WAKER: Token = Token(0);
/// The alarm clock.
pub(crate) const ALARM: Token = Token(1);
/// A signal arrived.
pub(crate) const SIGNALS: Token = Token(2);
/// A caller wants to connect.
pub(crate) const IPC_LISTENER: Token = Token(3);
/// Something happened around the socket file.
pub(crate) const SOCKET_WATCH: Token = Token(4);
/// A caller wants to connect to the extra socket.
pub(crate) const EXTRA_LISTENER: Token = Token(5);
/// Something happened around the extra socket's file.
pub(crate) const EXTRA_SOCKET_WATCH: Token = Token(6);
/// Callers' connections: from here on, up to [`FIRST_HOOK_OUTPUT`].
pub(crate) const FIRST_CALLER: usize = 1 << 20;
/// Outputs of hooks: from here on. 1 << 40, or where that does not fit, the upper half.
pub(crate) const FIRST_HOOK_OUTPUT: usize = if usize::BITS > 40 { 1_usize.wrapping_shl(40) } else { 1 << 31 };
