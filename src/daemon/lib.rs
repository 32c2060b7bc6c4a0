//! pizauthd: obtains access tokens, refreshes them in the background, keeps them in memory, and elsewhere only where
//! the configuration says how.
//!
//! Data goes one way: event → keeper → effect. See ARCHITECTURE.md.

mod accept_errors;
mod background;
mod client_secrets;
mod clock;
mod confinement;
mod containment;
mod entropy;
mod event_loop;
mod file_id;
mod filter;
mod hooks;
mod http;
mod ipc_listener;
mod lock;
mod log;
mod mailbox;
mod name_lookup;
mod page;
mod process_group;
mod process_limits;
mod redirect_listener;
mod saved_state;
pub mod server;
mod shell;
mod signals;
mod signing;
mod socket_file;
mod supervisor;
#[cfg(test)]
mod testing;
mod wake_sources;
mod wiped_on_free;

/// For tests: what the manual and monitoring rules say of the log.
pub use log::{Severity, events as log_events};
/// For the fuzzer.
pub use redirect_listener::head;
pub use signing::key_file;
