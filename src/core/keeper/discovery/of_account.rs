//! What an issuer's answer, or the lack of one, is to one account.

use alloc::sync::Arc;

use crate::http::{Answer, Lost};
use crate::keeper::Settings;
use crate::keeper::answers::{needs_attention, refresh_failed};
use crate::keeper::authorization::open_browser;
use crate::keeper::entry::Entry;
use crate::keeper::issuers::Nowhere;
use crate::keeper::outbox::Outbox;
use crate::keeper::pace::Failure;
use crate::keeper::reminders::reminder_of_start;
use crate::keeper::renewal::{Haste, Renewal};
use crate::keeper::sign_in_failure::{endpoint_of, sign_in_failed};
use crate::keeper::token_state::{StartsBy, TokenState};
use crate::moment::Now;
use crate::oauth::metadata::Metadata;
use crate::oauth::served::{Lacking, Served, has_none};

/// Takes the endpoints that an issuer has named. What has waited for them begins.
///
/// # Errors
/// They lack something that this account needs: they are not taken.
pub(super) fn take_metadata(
    entry: &mut Entry,
    metadata: &Arc<Metadata>,
    settings: &Settings,
    now: Now,
    outbox: &mut Outbox,
) -> Result<(), Lacking> {
    let is_first = entry.served().is_none();
    if let Err(lacking) = Served::new(&entry.account, Some(metadata)) {
        if is_first {
            // What it has said before is no better, and would be believed after a reload that needs less.
            entry.metadata = None;
        }
        return Err(lacking);
    }
    entry.metadata = Some(Arc::clone(metadata));
    if is_first {
        begin(entry, settings, now, outbox);
    }
    Ok(())
}

/// It is known for the first time whom to ask.
fn begin(entry: &mut Entry, settings: &Settings, now: Now, outbox: &mut Outbox) {
    if matches!(entry.state, TokenState::Empty) {
        entry.last_error = None;
    }
    if entry.state.renewal().is_some_and(Renewal::has_failed) {
        entry.hasten(Haste::Refresh, now.moment);
    }
    let TokenState::Starting(starting) = &entry.state else { return };
    let (method, issuer) = (starting.by.method(), entry.account.asks().cloned());
    match issuer.filter(|_| !entry.knows(method)) {
        Some(issuer) => sign_in_failed(entry, has_none(&issuer, endpoint_of(method)), now, outbox),
        None => go_on(entry, settings, now, outbox),
    }
}

/// Begins a sign-in with a browser that has waited for its endpoint. One on another device begins by a request, which
/// is due from now on.
fn go_on(entry: &mut Entry, settings: &Settings, now: Now, outbox: &mut Outbox) {
    let TokenState::Starting(starting) = &entry.state else { return };
    if starting.by == StartsBy::Browser {
        let reminder = reminder_of_start(entry, starting.is_known, now.moment);
        open_browser(entry, reminder, settings, now, outbox);
    }
}

/// The issuer was asked, and the account still lacks endpoints. What waits for them has failed, or waits on.
pub(super) fn stay(entry: &mut Entry, why: &Nowhere, settings: &Settings, now: Now, outbox: &mut Outbox) {
    match &entry.state {
        TokenState::Active(_) | TokenState::Fetching(_) => unreachable(entry, why, settings, now, outbox),
        TokenState::Starting(_) | TokenState::OnDevice(_) | TokenState::Exchanging(_) if why.needs_person => {
            sign_in_failed(entry, why.reason.clone(), now, outbox);
        }
        _ => entry.last_error = Some(why.reason.clone()),
    }
}

/// There is nobody to ask for a token. What is not due yet has not failed.
fn unreachable(entry: &mut Entry, why: &Nowhere, settings: &Settings, now: Now, outbox: &mut Outbox) {
    if entry.next_refresh(now.moment).is_none_or(|due| due > now.moment) {
        if entry.state.renewal().is_some_and(Renewal::has_failed) {
            entry.last_error = Some(why.reason.clone());
        }
        return;
    }
    let reason = why.reason.clone();
    if why.needs_person {
        return needs_attention(entry, reason, now, outbox);
    }
    let failure = Failure { reason, retry_after: None, reached: why.reached };
    refresh_failed(entry, failure, settings, now, outbox);
}

/// Whether it looks as if the endpoint had moved.
pub(super) fn is_nobody_there(result: &Result<Answer, Lost>) -> bool {
    match result {
        Ok(answer) => matches!(answer.status, 404 | 410),
        Err(lost) => lost.is_unresolved,
    }
}
