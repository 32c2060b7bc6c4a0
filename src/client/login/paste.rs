//! The address that a browser elsewhere has ended at, brought by its user.

use std::io::{self, Write};
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;
use std::thread;

use pizauth_common::argv::Invocation;
use pizauth_common::ipc::call;
use pizauth_common::ipc::message::{Answer, Request, Response};
use pizauth_common::secret::Secret;

use super::conversation::News;
use super::line::{self, Pasted};
use super::progress::Prompt;

/// So many lines are taken in all.
const MOST: usize = 5;

const PROMPT: &str = "Paste the address that the browser ends at (it may show an error): ";

/// Takes lines from standard input until one fits. That this ends without one is no error: the browser may still come
/// back to the redirect listener.
pub(super) fn read(invocation: &Invocation, account: &str, prompt: Prompt, news: Sender<News>) {
    let (invocation, account) = (invocation.clone(), account.to_owned());
    thread::spawn(move || {
        for _ in 0..MOST {
            let refused = match ask(&prompt) {
                Pasted::Text(address) => hand_over(&account, address),
                Pasted::NoText => Some("that is longer than any address of a sign-in, or no text".to_owned()),
                Pasted::End => return,
            };
            match refused {
                Some(why) => invocation.complain(why),
                None => return,
            }
        }
        let _ = news.send(News::NothingFits);
    });
}

/// Asks for one line. Where none can be read, that is the end.
fn ask(prompt: &Prompt) -> Pasted {
    let _ = io::stderr().write_all(PROMPT.as_bytes());
    prompt.store(true, Ordering::Relaxed);
    let line = line::read(&mut io::stdin().lock()).unwrap_or(Pasted::End);
    let is_open = prompt.swap(false, Ordering::Relaxed);
    if is_open && line == Pasted::End {
        let _ = io::stderr().write_all(b"\n");
    }
    line
}

/// Gives the address to the daemon. Why it was not taken; what becomes of one that was is told by [`follow`].
///
/// [`follow`]: super::conversation::follow
fn hand_over(account: &str, url: Secret) -> Option<String> {
    let request = Request::Redirect { account: account.to_owned(), url };
    match call::call(&request) {
        Ok(Answer::Response(Response::Refused { message, .. })) => Some(message),
        Ok(_) => None,
        Err(error) => Some(error.to_string()),
    }
}
