//! `pizauth-show`: see `pizauth_client::show`.

use pizauth_client::show;
use pizauth_common::argv::Invocation;
use pizauth_common::exit::Exit;

fn main() -> Exit {
    show::main(&Invocation::of_this_process("pizauth-show"))
}
