//! `pizauthd`: see `pizauth_daemon::server`.

use pizauth_common::argv::Invocation;
use pizauth_common::exit::Exit;
use pizauth_daemon::server;

fn main() -> Exit {
    server::main(&Invocation::of_this_process("pizauthd"))
}
