//! `pizauth-revoke`: see `pizauth_client::revoke`.

use pizauth_client::revoke::APPLET;
use pizauth_common::exit::Exit;

fn main() -> Exit {
    APPLET.main()
}
