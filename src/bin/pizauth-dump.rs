//! `pizauth-dump`: see `pizauth_client::dump`.

use pizauth_client::dump;
use pizauth_common::argv::Invocation;
use pizauth_common::exit::Exit;

fn main() -> Exit {
    dump::main(&Invocation::of_this_process("pizauth-dump"))
}
