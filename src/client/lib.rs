//! The pizauth commands: one file each, and the table of them.
//!
//! A small executable names the one applet that it is; only the multiplexer names the table, so that the linker leaves
//! the rest out.

use pizauth_common::applet::Applet;

mod advice;
mod ask;
mod check;
pub mod dump;
mod git_credential;
pub mod import;
mod info;
mod install;
mod interrupt;
mod json;
mod local_time;
mod login;
pub mod multiplexer;
pub mod refresh;
mod reload;
pub mod restore;
pub mod revoke;
mod setup;
pub mod show;
mod shutdown;
mod status;
mod unavailable;
mod watch;

/// Every command of this crate, in the order of the list and of the help.
pub const APPLETS: &[Applet] = &[
    login::APPLET,
    show::APPLET,
    refresh::APPLET,
    status::APPLET,
    revoke::APPLET,
    dump::APPLET,
    restore::APPLET,
    import::APPLET,
    git_credential::APPLET,
    reload::APPLET,
    info::APPLET,
    check::APPLET,
    setup::APPLET,
    shutdown::APPLET,
];
