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

/// Takes lines from standard input until one fits. At its end the redirect listener may still hear of the browser.
pub(super) fn read(invocation: &Invocation, account: &str, prompt: Prompt, news: Sender<News>) {
    let (invocation, account) = (invocation.clone(), account.to_owned());
    thread::spawn(move || {
        for _ in 0..MOST {
            let _ = io::stderr().write_all(PROMPT.as_bytes());
            prompt.store(true, Ordering::Relaxed);
            let line = line::read(&mut io::stdin().lock());
            let is_asked = prompt.swap(false, Ordering::Relaxed);
            let refused = match line {
                Ok(Pasted::Text(address)) => hand_over(&account, address),
                Ok(Pasted::NoText) => {
                    Some("that is longer than any address of a sign-in, or no text".to_owned())
                }
                Ok(Pasted::End) | Err(_) if is_asked => {
                    let _ = io::stderr().write_all(b"\n");
                    return;
                }
                Ok(Pasted::End) | Err(_) => return,
            };
            match refused {
                Some(why) => invocation.complain(why),
                None => return,
            }
        }
        let _ = news.send(News::NothingPasted);
    });
}

/// Why it was not taken. What has become of one that was, who follows the sign-in hears.
fn hand_over(account: &str, url: Secret) -> Option<String> {
    let request = Request::Redirect { account: account.to_owned(), url };
    match call::call(&request) {
        Ok(Answer::Response(Response::Refused { message, .. })) => Some(message),
        Ok(_) => None,
        Err(error) => Some(error.to_string()),
    }
}
