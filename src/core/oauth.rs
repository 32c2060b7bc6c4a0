//! The RFC messages as types: authorization request, redirect, token request, token answer.
//!
//! Pure: bytes in, verdicts out. No thread, clock, file, socket or randomness of its own.

pub mod authorization_request;
pub mod outcome;
pub mod provider_hints;
mod redaction;
pub mod redirect;
#[cfg(test)]
mod testing;
pub mod token_answer;
pub mod token_request;
