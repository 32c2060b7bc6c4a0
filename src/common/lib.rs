//! What the daemon and its commands both speak: configuration, protocol, paths, command lines, exit statuses.
//!
//! `config` and `ipc` do not know each other; nothing here knows the daemon or a command.
//! Without the feature `system` nothing here touches a file, a socket, the environment or the process: that much
//! is what `pizauth-core` may use.

pub mod account_name;
#[cfg(feature = "system")]
pub mod applet;
#[cfg(feature = "system")]
pub mod argv;
pub mod cause;
pub mod config;
#[cfg(feature = "system")]
pub mod deadline;
pub mod dump;
#[cfg(feature = "system")]
pub mod exit;
#[cfg(feature = "system")]
pub mod harden;
#[cfg(feature = "system")]
pub mod hidden_line;
pub mod ipc;
#[cfg(feature = "system")]
pub mod keys;
pub mod near_miss;
#[cfg(feature = "system")]
pub mod paths;
pub mod roughly;
pub mod secret;
#[cfg(feature = "system")]
pub mod sys;
pub mod terminal;
#[cfg(test)]
mod testing;
pub mod this_machine;
pub mod time_span;
pub mod unix_time;
