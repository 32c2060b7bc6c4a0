//! The protocol between the daemon and its callers: one request, one answer, one connection.

pub mod call;
pub mod connect;
mod deadline;
pub mod frame;
#[cfg(test)]
mod golden_tests;
pub mod message;
pub mod peer;
pub mod plain_answer;
