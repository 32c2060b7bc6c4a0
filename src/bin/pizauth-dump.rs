//! `pizauth-dump`: see `pizauth_client::dump`.

use pizauth_client::dump::APPLET;
use pizauth_common::exit::Exit;

fn main() -> Exit {
    APPLET.main()
}
