//! What the daemon and its commands both speak: configuration, protocol, paths, exit statuses.
//!
//! `config` and `ipc` do not know each other; nothing here knows the daemon or a command.

pub mod account_name;
pub mod argv;
pub mod cause;
pub mod config;
pub mod dump;
pub mod exit;
pub mod harden;
pub mod ipc;
pub mod near_miss;
pub mod paths;
pub mod secret;
pub mod sys;
pub mod terminal;
#[cfg(test)]
mod testing;
pub mod unix_time;
