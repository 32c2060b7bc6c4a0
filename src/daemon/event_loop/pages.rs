//! Browsers that wait for the end of an exchange.

use std::collections::HashMap;
use std::sync::mpsc::Sender;
use std::time::Duration;

use pizauth_common::account_name::AccountName;
use pizauth_core::keeper::{AccountEvent, CONFIGURATION_CHANGED, Happened, REVOKED, RedirectVerdict};
use pizauth_core::oauth::outcome::Reason;

use crate::page::Page;

/// Who waits hears of a server that cannot be reached when the pauses have grown to this: a moment later it may work.
const NOTEWORTHY: Duration = Duration::from_secs(4);

/// Who waits for the exchange of which account. A browser that has gone is noticed when it is answered, and ignored.
#[derive(Debug, Default)]
pub(super) struct WaitingPages(HashMap<AccountName, Vec<Sender<Page>>>);

impl WaitingPages {
    /// Answers a browser, at once or when the exchange ends.
    pub(super) fn show(&mut self, verdict: RedirectVerdict, browser: Sender<Page>) {
        let page = match verdict {
            RedirectVerdict::Exchanging(account, None) => {
                return self.0.entry(account).or_default().push(browser);
            }
            RedirectVerdict::Exchanging(_, trouble) => Page::StillWorking(trouble),
            RedirectVerdict::NotFound => Page::NotFound,
            RedirectVerdict::BadRequest(rule) => Page::BadRequest(rule),
            RedirectVerdict::AlreadySignedIn(account) => Page::AlreadySignedIn(account),
            RedirectVerdict::Denied(account, reason) => Page::Failed(account, reason),
        };
        let _ = browser.send(page);
    }

    /// Something happened to an account: it may be the end of its exchange.
    pub(super) fn tell(&mut self, event: &AccountEvent) {
        let account = || event.account.clone();
        let failed = |why: &str| Page::Failed(account(), Reason::new(why));
        let page = match &event.what {
            Happened::OtherUser { user } => Page::SignedInAs(account(), user.clone()),
            Happened::TokenNew { .. } => Page::SignedIn(account()),
            Happened::AuthorizationFailed { reason, .. } => Page::Failed(account(), reason.clone()),
            Happened::ExchangeRetried { reason, pause } if *pause >= NOTEWORTHY => {
                Page::StillWorking(Some(reason.clone()))
            }
            Happened::TokenRevoked { .. } => failed(REVOKED),
            Happened::TokenInvalidated { .. } => failed(CONFIGURATION_CHANGED),
            _ => return,
        };
        for browser in self.0.remove(&event.account).into_iter().flatten() {
            let _ = browser.send(page.clone());
        }
    }
}
