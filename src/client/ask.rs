//! One request to the daemon, and what can go wrong with it: the same words and statuses for every command.

use pizauth_common::argv::Invocation;
use pizauth_common::exit::Exit;
use pizauth_common::ipc::call::{self, Connection};
use pizauth_common::ipc::message::Request;
use pizauth_common::ipc::plain_answer::Answer;
use pizauth_common::terminal::printable_lines;

/// The daemon's answer.
///
/// # Errors
/// It could not be reached, or it refused; why has been printed.
pub(crate) fn ask<A: Answer>(invocation: &Invocation, request: &Request) -> Result<A, Exit> {
    ask_keeping(invocation, request).map(|(answer, _)| answer)
}

/// As [`ask`], and keeps the connection.
pub(crate) fn ask_keeping<A: Answer>(
    invocation: &Invocation,
    request: &Request,
) -> Result<(A, Connection), Exit> {
    let (answer, connection) = call::call_keeping::<A>(request).map_err(|error| {
        invocation.complain(&error);
        error.exit()
    })?;
    match answer.refusal() {
        Some(message) => Err(invocation.not_done(printable_lines(message))),
        None => Ok((answer, connection)),
    }
}

/// The daemon answered something else: it is of another version, or it is not pizauthd.
pub(crate) fn unexpected(invocation: &Invocation) -> Exit {
    invocation.not_done("pizauthd gave an answer that does not fit the request (restart it: it may be older)")
}
