//! What a file of another program holds that can be taken.

use pizauth_common::ipc::message::Candidate;

use super::facts::Facts;

/// Refresh tokens, and what else is known of them.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    /// The program whose file it is, if that can be told.
    pub program: Option<&'static str>,
    /// Its refresh tokens: one at least.
    pub candidates: Vec<Candidate>,
    /// What a configuration could be written from.
    pub facts: Facts,
}
