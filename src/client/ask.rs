//! One request to the daemon, and what can go wrong with it: the same words and statuses for every command.

use pizauth_common::argv::Invocation;
use pizauth_common::exit::Exit;
use pizauth_common::ipc::call::{self, Call, CallError};
use pizauth_common::ipc::message::{Answer, Report, Request, Response};

/// The daemon's answer about an account.
///
/// # Errors
/// It could not be reached, or it refused; why has been printed.
pub(crate) fn ask(invocation: &Invocation, request: &Request) -> Result<Response, Exit> {
    match call::call(request) {
        Ok(Response::Refused { message, .. }) => Err(invocation.not_done(message)),
        Ok(response) => Ok(response),
        Err(error) => Err(unreached(invocation, &error)),
    }
}

/// The daemon's answer about itself and all accounts, and the call, which keeps the connection open.
///
/// # Errors
/// As [`ask`].
pub(crate) fn ask_for_report(invocation: &Invocation, request: &Request) -> Result<(Report, Call), Exit> {
    match call::call_keeping(request) {
        Ok((Answer::Report(report), call)) => Ok((report, call)),
        Ok((Answer::Response(Response::Refused { message, .. }), _)) => Err(invocation.not_done(message)),
        Ok((Answer::Response(_), _)) => Err(unexpected(invocation)),
        Err(error) => Err(unreached(invocation, &error)),
    }
}

fn unreached(invocation: &Invocation, error: &CallError) -> Exit {
    invocation.complain(error);
    error.exit()
}

/// The daemon answered something else: it is of another version, or it is not pizauthd.
pub(crate) fn unexpected(invocation: &Invocation) -> Exit {
    invocation.not_done("pizauthd gave an answer that does not fit the request (restart it: it may be older)")
}
