//! `pizauth`: every command in one executable, the daemon included.

use pizauth_client::applet::Applet;
use pizauth_client::{applets, multiplexer};
use pizauth_common::exit::Exit;
use pizauth_daemon::server;

const SERVER: Applet = Applet {
    name: "server",
    program: "pizauthd",
    summary: "run the daemon",
    run: |invocation| Ok(server::main(invocation)),
};

fn main() -> Exit {
    let mut table = applets::APPLETS.to_vec();
    table.push(SERVER);
    multiplexer::main(&table)
}
