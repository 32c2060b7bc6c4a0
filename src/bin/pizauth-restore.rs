//! `pizauth-restore`: see `pizauth_client::restore`.

use pizauth_client::restore::APPLET;
use pizauth_common::exit::Exit;

fn main() -> Exit {
    APPLET.main()
}
