//! `pizauth-refresh`: see `pizauth_client::refresh`.

use pizauth_client::refresh;
use pizauth_common::argv::Invocation;
use pizauth_common::exit::Exit;

fn main() -> Exit {
    refresh::main(&Invocation::of_this_process("pizauth-refresh"))
}
