//! pizauthd: obtains access tokens, refreshes them in the background, keeps them in memory only.
//!
//! Data goes one way: event → keeper → effect. See ARCHITECTURE.md.

pub mod background;
pub mod clock;
mod containment;
pub mod entropy;
pub mod event_loop;
pub mod hooks;
pub mod http;
pub mod ipc_listener;
pub mod log;
pub mod mailbox;
mod name_lookup;
mod page;
pub mod process_limits;
pub mod redirect_listener;
pub mod server;
pub mod signals;
pub mod socket_file;
pub mod supervisor;
#[cfg(test)]
mod testing;
pub mod wake_sources;
mod wiped_on_free;
