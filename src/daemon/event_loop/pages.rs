//! Browsers that wait for the end of an exchange.

use std::collections::HashMap;
use std::sync::mpsc::Sender;

use pizauth_common::account_name::AccountName;

use crate::keeper::{JobId, RedirectVerdict};
use crate::oauth::outcome::Reason;
use crate::redirect_listener::page::Page;

/// Who waits for which exchange. A browser that has gone is noticed when it is answered, and ignored.
#[derive(Debug, Default)]
pub(super) struct WaitingPages(HashMap<JobId, Vec<Sender<Page>>>);

impl WaitingPages {
    /// Answers a browser, at once or when the exchange ends.
    pub(super) fn show(&mut self, verdict: RedirectVerdict, browser: Sender<Page>) {
        let page = match verdict {
            RedirectVerdict::Exchanging(job) => return self.0.entry(job).or_default().push(browser),
            RedirectVerdict::NotFound => Page::NotFound,
            RedirectVerdict::BadRequest(rule) => Page::BadRequest(rule),
            RedirectVerdict::AlreadySignedIn(account) => Page::AlreadySignedIn(account),
            RedirectVerdict::Denied(account, reason) => Page::Failed(account, reason),
        };
        let _ = browser.send(page);
    }

    /// The exchange has ended.
    pub(super) fn finished(&mut self, job: JobId, account: &AccountName, result: &Result<(), Reason>) {
        let page = match result {
            Ok(()) => Page::SignedIn(account.clone()),
            Err(reason) => Page::Failed(account.clone(), reason.clone()),
        };
        for browser in self.0.remove(&job).into_iter().flatten() {
            let _ = browser.send(page.clone());
        }
    }
}
