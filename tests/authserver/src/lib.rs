#![forbid(unsafe_code)]
//! An authorization server with programmable faults, for tests and the demonstration.
//!
//! It listens on 127.0.0.1 only, knows every account that asks, and remembers every request, so that a
//! test can wait for what it expects instead of sleeping.

mod authorization;
pub mod browser;
mod device;
pub mod fault;
mod html;
mod https;
pub mod log;
mod metadata;
pub mod policy;
mod registration;
mod server;
mod store;
pub mod sync;
#[cfg(test)]
mod tests;
mod token;
pub mod wire;

pub use fault::{Fault, Gate};
pub use https::Https;
pub use log::{Endpoint, Entry};
pub use policy::{Policy, RefreshTokens, SecretIs};
pub use server::AuthServer;
