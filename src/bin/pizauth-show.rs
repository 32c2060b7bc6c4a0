//! `pizauth-show`: see `pizauth_client::show`.

use pizauth_client::show::APPLET;
use pizauth_common::exit::Exit;

fn main() -> Exit {
    APPLET.main()
}
