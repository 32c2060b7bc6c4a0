//! What is heard while somebody signs in: of the daemon, which is asked again and again, and of everything else.

use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

use pizauth_common::ipc::call::{self, CallError};
use pizauth_common::ipc::message::{Answer, Await, Refusal, Request, Response, State};

/// The daemon is asked anew after this time, so that one that is stuck is noticed.
const WAIT: Duration = Duration::from_secs(300);

/// Something has happened.
pub(super) enum News {
    /// The daemon says how far the sign-in is now.
    At(Answer),
    /// The daemon cannot be reached any more.
    Lost(CallError),
    /// The daemon refuses to go on with the sign-in: why.
    Refused(String),
    /// Ctrl-C.
    Interrupted,
    /// Why no browser was opened.
    NoBrowser(String),
    /// Of all that was pasted nothing was the address.
    NothingFits,
}

/// The question what comes after this answer; none where the sign-in is over with it.
pub(super) fn seen(account: &str, answer: &Answer) -> Option<Await> {
    let Answer::Response(response) = answer else { return None };
    let at = |state| Await {
        account: account.to_owned(),
        wait: WAIT.as_secs(),
        state,
        url: None,
        user_code: None,
        last_error: None,
    };
    match response {
        Response::Pending(pending) => Some(Await {
            url: Some(pending.url.clone()),
            user_code: pending.user_code.clone(),
            ..at(State::Pending)
        }),
        Response::Starting { .. } => Some(at(State::Starting)),
        Response::Exchanging { last_error } => {
            Some(Await { last_error: last_error.clone(), ..at(State::Exchanging) })
        }
        _ => None,
    }
}

/// Tells of every change until the sign-in is over.
pub(super) fn follow(seen: Await, news: Sender<News>) {
    thread::spawn(move || {
        let mut question = Some(seen);
        while let Some(asked) = question {
            question = ask_once(asked, &news);
        }
    });
}

/// Tells what the daemon answers. What is to be asked next; none where the sign-in is over, or nobody hears of it.
fn ask_once(asked: Await, news: &Sender<News>) -> Option<Await> {
    let answer = call::call_waiting(&Request::Await(asked.clone()), WAIT, &mut |_: Answer| ());
    let (told, next) = match answer {
        Ok(Answer::Response(Response::Refused { kind: Refusal::TimedOut, .. })) => return Some(asked),
        Ok(Answer::Response(Response::Refused { message, .. })) => (News::Refused(message), None),
        Ok(answer) => {
            let next = seen(&asked.account, &answer);
            (News::At(answer), next)
        }
        Err(error) => (News::Lost(error), None),
    };
    news.send(told).ok()?;
    next
}
