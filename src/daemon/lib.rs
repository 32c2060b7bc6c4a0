//! pizauthd: obtains access tokens, refreshes them in the background, keeps them in memory only.
//!
//! Data goes one way: event → keeper → effect. See ARCHITECTURE.md.

pub mod background;
pub mod clock;
mod containment;
mod deadline;
pub mod entropy;
pub mod event_loop;
pub mod hooks;
pub mod ipc_listener;
pub mod keeper;
pub mod limits;
pub mod log;
pub mod mailbox;
pub mod moment;
pub mod oauth;
pub mod poll_tokens;
pub mod redirect_listener;
pub mod server;
pub mod signals;
pub mod snapshot;
pub mod socket_file;
pub mod supervisor;
#[cfg(test)]
mod testing;
pub mod token_endpoint;
mod wiped_on_free;
