//! How it stands with an access token or a sign-in, as callers are told it, and why there is none, in words.

use std::time::Duration;

use pizauth_common::ipc::message::{Answer, Expired, Refusal, Report, Response};
use pizauth_common::roughly::{exactly, roughly};
use pizauth_core::keeper::{Demand, Renewing, Shown};
use pizauth_core::oauth::outcome::Reason;

/// A sign-in has come to nothing.
pub(in crate::event_loop) fn failed(message: String) -> Answer {
    Report::Failed { message }.into()
}

pub(in crate::event_loop) fn exchanging(last_error: Option<Reason>) -> Response {
    Response::Exchanging { last_error: last_error.map(|reason| reason.to_string()) }
}

pub(in crate::event_loop) fn expired(renewing: Renewing) -> Response {
    Response::Expired(told(renewing))
}

pub(super) fn fetching(renewing: Renewing) -> Response {
    Response::Fetching(told(renewing))
}

/// Where a renewal stands.
fn told(Renewing { last_error, needs_attention, refresh_in }: Renewing) -> Expired {
    Expired {
        last_error: last_error.map(|reason| reason.to_string()),
        needs_attention,
        refresh_in: whole_seconds(refresh_in),
    }
}

/// In seconds, rounded up: after so many the time is over.
pub(super) fn whole_seconds(time: Duration) -> u64 {
    time.as_millis().div_ceil(1000) as u64
}

/// Why a caller has waited in vain, for people.
pub(super) fn unavailable(shown: Shown, demand: Demand) -> String {
    match (shown, demand) {
        (Shown::Pending(_), _) => "it waits for you to sign in".to_owned(),
        (Shown::Starting(host), _) => {
            format!("{host} has not answered yet, and tells what a sign-in begins with")
        }
        (Shown::Exchanging { last_error: None }, _) => "the sign-in is being completed".to_owned(),
        (Shown::Exchanging { last_error: Some(error) }, _) => {
            format!("the sign-in is being completed; the last try failed: {error}")
        }
        (Shown::TooShort { valid_for, renewal }, Demand::Token { min_valid }) => {
            format!("{}; {}", valid_for_only(valid_for, min_valid), refresh_of(renewal))
        }
        (Shown::Expired(renewing), _) => refresh_of(Some(renewing)),
        (Shown::Fetching(Renewing { last_error: Some(error), .. }), _) => error.to_string(),
        (Shown::Unserved { reason, .. }, _) => reason.to_string(),
        (Shown::Fetching(_), _) => "the first one is being fetched".to_owned(),
        (Shown::TooShort { renewal, .. }, Demand::NewToken | Demand::FirstTry | Demand::OtherStage(_)) => {
            refresh_of(renewal)
        }
        (Shown::AccessToken(_) | Shown::Resting { .. } | Shown::Stopping, _) => "it is not there".to_owned(),
    }
}

fn refresh_of(renewal: Option<Renewing>) -> String {
    match renewal {
        None => "it came without a refresh token".to_owned(),
        Some(Renewing { last_error: Some(error), .. }) => format!("the last refresh failed: {error}"),
        Some(Renewing { refresh_in: Duration::ZERO, .. }) => "its refresh is under way".to_owned(),
        Some(Renewing { refresh_in, .. }) => {
            format!("its refresh begins in {}: not sooner, to spare the server", roughly(refresh_in))
        }
    }
}

/// The answer to who has asked for one that is valid for longer.
pub(super) fn too_short(valid_for: Duration, min_valid: Duration, renewal: Option<Renewing>) -> Response {
    let what = valid_for_only(valid_for, min_valid);
    let next = match renewal {
        Some(Renewing { needs_attention: true, last_error, .. }) => {
            let why = last_error.map(|error| format!(": {error}")).unwrap_or_default();
            format!("to refresh it needs your attention{why}")
        }
        Some(Renewing { refresh_in: Duration::ZERO, .. }) => "a refresh has been started".to_owned(),
        renewal => refresh_of(renewal),
    };
    let (kind, message) = (Refusal::NotValidLongEnough, format!("{what}; {next}"));
    Response::Refused { kind, message, valid_for: Some(valid_for.as_secs()) }
}

fn valid_for_only(valid_for: Duration, min_valid: Duration) -> String {
    let asked_for = exactly(min_valid.as_secs());
    format!("the access token is valid for {} more, {asked_for} were asked for", roughly(valid_for))
}
