//! What pizauthd knows and decides. Bytes, configurations and times go in; verdicts and effects come out.
//!
//! Without `std` there is no thread, clock, socket, file, process, environment or random source in here: the compiler
//! refuses them, and Cargo.toml names no crate that would bring them back. Tests have `std`.

#![cfg_attr(not(test), no_std)]

extern crate alloc;

pub mod http;
pub mod keeper;
pub mod moment;
pub mod oauth;
mod prelude;
pub mod snapshot;
#[cfg(test)]
mod testing;
