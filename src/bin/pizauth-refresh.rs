//! `pizauth-refresh`: see `pizauth_client::refresh`.

use pizauth_client::refresh::APPLET;
use pizauth_common::exit::Exit;

fn main() -> Exit {
    APPLET.main()
}
