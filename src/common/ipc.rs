//! The protocol between the daemon and its callers: one request, one answer, one connection.

mod account_status;
#[cfg(feature = "system")]
pub mod call;
#[cfg(feature = "system")]
pub mod connect;
#[cfg(feature = "system")]
pub mod frame;
#[cfg(test)]
mod golden_tests;
pub mod message;
#[cfg(feature = "system")]
pub mod peer;
mod startup_cmd;
