//! `pizauth-restore`: see `pizauth_client::restore`.

use pizauth_client::restore;
use pizauth_common::argv::Invocation;
use pizauth_common::exit::Exit;

fn main() -> Exit {
    restore::main(&Invocation::of_this_process("pizauth-restore"))
}
