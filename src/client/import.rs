//! `pizauth import`: takes a refresh token over from another program.

mod aerc;
mod facts;
mod found;
mod json;
mod msal;
mod programs;
mod recognise;
mod unreadable;

#[cfg(test)]
mod tests;

pub use facts::Facts;
pub use found::Found;
pub use recognise::{MAX_INPUT, recognise};
pub use unreadable::Unreadable;
