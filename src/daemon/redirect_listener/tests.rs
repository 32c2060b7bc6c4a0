//! The listeners on real sockets, with a loop of our own behind the mailbox.

mod descriptors;
mod limits;
#[cfg(target_os = "linux")]
mod other_user;
mod plain;
mod reload;
pub(super) mod support;
mod tls;
