//! One request to the daemon, and what can go wrong with it: the same words and statuses for every command.

use std::time::Duration;

use pizauth_common::argv::Invocation;
use pizauth_common::exit::Exit;
use pizauth_common::ipc::call::{self, Call, CallError};
use pizauth_common::ipc::frame::Ask;
use pizauth_common::ipc::message::{
    AccountStatus, Answer, Refusal, Report, Request, Response, SavedState, StartupCmd,
};

use crate::unavailable;

/// The daemon's answer about an account.
///
/// # Errors
/// It could not be reached, or it refused; why has been printed.
pub(crate) fn ask(invocation: &Invocation, request: &dyn Ask) -> Result<Response, Exit> {
    answered(invocation, call::call(request))
}

fn answered(invocation: &Invocation, answer: Result<Response, CallError>) -> Result<Response, Exit> {
    match answer {
        Ok(Response::Refused { kind: Refusal::BadFormat, message, .. }) => {
            Err(invocation.usage_error(message))
        }
        Ok(Response::Refused { message, .. }) => Err(invocation.not_done(message)),
        Ok(response) => Ok(response),
        Err(error) => Err(unreached(invocation, &error)),
    }
}

/// As [`ask`], for what the daemon may answer after the time `wait`; the URL that it waits for is told meanwhile.
///
/// # Errors
/// As [`ask`].
pub(crate) fn ask_and_wait(
    invocation: &Invocation,
    request: &dyn Ask,
    wait: Duration,
    exclude_url: bool,
) -> Result<Response, Exit> {
    let mut meanwhile = |more: Response| {
        if let Response::Pending(pending) = more {
            invocation.complain(unavailable::pending(&pending, exclude_url));
        }
    };
    answered(invocation, call::call_waiting(request, wait, &mut meanwhile))
}

/// Says why there is no access token now, which this answer tells; the status of that.
pub(crate) fn no_access_token(
    invocation: &Invocation,
    account: &str,
    exclude_url: bool,
    answer: &Response,
) -> Exit {
    match unavailable::why(answer, account, exclude_url) {
        Some(why) => invocation.not_done(why),
        None => unexpected(invocation),
    }
}

/// The daemon's answer, whichever kind it is.
///
/// # Errors
/// As [`ask`].
pub(crate) fn ask_for_answer(invocation: &Invocation, request: &Request) -> Result<Answer, Exit> {
    unrefused(invocation, call::call(request))
}

/// The daemon's answer about itself and all accounts.
///
/// # Errors
/// As [`ask`].
pub(crate) fn ask_for_report(invocation: &Invocation, request: &Request) -> Result<Report, Exit> {
    report(invocation, call::call(request))
}

/// As [`ask_for_report`], with the call, which keeps the connection open.
///
/// # Errors
/// As [`ask`].
pub(crate) fn ask_and_keep(invocation: &Invocation, request: &Request) -> Result<(Report, Call), Exit> {
    let (answer, call) = call::call_keeping(request).map_err(|error| unreached(invocation, &error))?;
    Ok((report(invocation, Ok(answer))?, call))
}

/// What the daemon says of all accounts.
pub(crate) struct Status {
    pub(crate) accounts: Vec<AccountStatus>,
    pub(crate) startup_cmd: StartupCmd,
    pub(crate) saved_state: SavedState,
}

/// How all accounts are.
///
/// # Errors
/// As [`ask`].
pub(crate) fn ask_for_status(invocation: &Invocation) -> Result<Status, Exit> {
    match ask_for_report(invocation, &Request::Status {})? {
        Report::Status { accounts, startup_cmd, saved_state } => {
            Ok(Status { accounts, startup_cmd, saved_state })
        }
        _ => Err(unexpected(invocation)),
    }
}

/// As [`ask_for_report`], for what the daemon may answer after the time `wait`.
///
/// # Errors
/// As [`ask`].
pub(crate) fn ask_for_late_report(
    invocation: &Invocation,
    request: &Request,
    wait: Duration,
) -> Result<Report, Exit> {
    report(invocation, call::call_waiting(request, wait, &mut |_: Answer| ()))
}

fn report(invocation: &Invocation, answer: Result<Answer, CallError>) -> Result<Report, Exit> {
    match unrefused(invocation, answer)? {
        Answer::Report(report) => Ok(report),
        Answer::Response(_) => Err(unexpected(invocation)),
    }
}

fn unrefused(invocation: &Invocation, answer: Result<Answer, CallError>) -> Result<Answer, Exit> {
    match answer {
        Ok(Answer::Response(Response::Refused { message, .. })) => Err(invocation.not_done(message)),
        Ok(answer) => Ok(answer),
        Err(error) => Err(unreached(invocation, &error)),
    }
}

pub(crate) fn unreached(invocation: &Invocation, error: &CallError) -> Exit {
    invocation.complain(error);
    error.exit()
}

/// The daemon answered something else: it is of another version, or it is not pizauthd.
pub(crate) fn unexpected(invocation: &Invocation) -> Exit {
    invocation.not_done("pizauthd gave an answer that does not fit the request (restart it: it may be older)")
}
