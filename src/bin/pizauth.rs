//! `pizauth`: every command in one executable, the daemon included.

use pizauth_client::{APPLETS, multiplexer};
use pizauth_common::exit::Exit;
use pizauth_daemon::server;

fn main() -> Exit {
    multiplexer::main(&[APPLETS, &[server::APPLET]].concat())
}
