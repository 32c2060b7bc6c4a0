//! `pizauthd`: see `pizauth_daemon::server`.

use pizauth_common::exit::Exit;
use pizauth_daemon::server;

fn main() -> Exit {
    server::APPLET.main()
}
