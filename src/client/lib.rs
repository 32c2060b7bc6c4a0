//! The pizauth commands: one file each, and the table of them.
//!
//! A small executable names the `main` of its one command; only the multiplexer names the table, so that
//! the linker leaves the rest out.

pub mod applet;
pub mod applets;
mod ask;
pub mod check;
pub mod dump;
pub mod info;
mod install;
pub mod multiplexer;
pub mod refresh;
pub mod reload;
pub mod restore;
pub mod revoke;
mod roughly;
pub mod show;
pub mod shutdown;
pub mod status;
mod unavailable;
