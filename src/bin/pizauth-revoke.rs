//! `pizauth-revoke`: see `pizauth_client::revoke`.

use pizauth_client::revoke;
use pizauth_common::argv::Invocation;
use pizauth_common::exit::Exit;

fn main() -> Exit {
    revoke::main(&Invocation::of_this_process("pizauth-revoke"))
}
