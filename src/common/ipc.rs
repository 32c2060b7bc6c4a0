//! The protocol between the daemon and its callers: one request, one answer, one connection.

mod access_token;
mod account_status;
#[cfg(feature = "system")]
pub mod call;
#[cfg(feature = "system")]
pub mod connect;
#[cfg(feature = "system")]
pub mod frame;
#[cfg(test)]
mod golden_tests;
mod import;
mod left_out;
pub mod message;
#[cfg(feature = "system")]
pub mod peer;
mod pending;
mod refusal;
mod saved_state;
mod sign_in;
mod startup_cmd;
