//! From an authorization request to its response: the URL for the user, reminders, the redirect.

use core::mem;

use pizauth_common::account_name::AccountName;
use pizauth_common::config::{Grant, Scheme};
use pizauth_common::ipc::message::Method;
use pizauth_common::secret::Secret;

use super::discovery::lose_endpoint;
use super::entry::{Entry, StateDigest};
use super::event::Happened;
use super::invitation::{Begun, Invitation};
use super::outbox::Outbox;
use super::tickets::JobId;
use super::token_state::{ActiveToken, Exchange, ExchangeStage, PendingAuthorization, Reminder, TokenState};
use super::{Keeper, SHORTEST_REMINDER, Settings, application, device};
use crate::moment::{Moment, Now};
use crate::oauth::authorization_request::AuthorizationRequest;
use crate::oauth::issuer::{self, Origin};
use crate::oauth::outcome::Reason;
use crate::oauth::redirect::{self, AuthorizationResponse, RedirectRequest};
use crate::prelude::*;

/// What to tell a browser that came to a redirect listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedirectVerdict {
    /// Nothing here waits for this request.
    NotFound,
    /// The request is no authorization response: the rule it breaks.
    BadRequest(&'static str),
    /// A reload of the page after success.
    AlreadySignedIn(AccountName),
    /// The exchange has begun; the events of the account tell how it ends. Why its last try failed, if one did.
    Exchanging(AccountName, Option<Reason>),
    /// The authorization server said no (RFC 6749 §4.1.2.1).
    Denied(AccountName, Reason),
}

impl Keeper {
    /// A browser came back from the authorization endpoint. The `state` is good once, and only with the scheme,
    /// host, port, path and query of its account's redirect URI.
    pub fn redirect(&mut self, request: &RedirectRequest, now: Now) -> RedirectVerdict {
        let redirect_uris = self.entries.values().filter_map(|entry| entry.account.grant.redirect_uri());
        if !redirect::host_is_known(request, redirect_uris) {
            return RedirectVerdict::NotFound;
        }
        let response = match AuthorizationResponse::parse(request.query.expose()) {
            Ok(response) => response,
            Err(fault) => return RedirectVerdict::BadRequest(fault.as_str()),
        };
        let Some(account) = self.account_of(&response) else { return RedirectVerdict::NotFound };
        let entry = self.entries.get(&account);
        if let Some(entry) = entry.filter(|entry| entry.is_pending_with(response.state().expose())) {
            self.secrets.retry(&entry.account);
        }
        let verdict = self.change(account.as_str(), now, |entry, outbox| {
            let redirect_uri = entry.account.grant.redirect_uri();
            if redirect_uri.is_some_and(|uri| redirect::answers(request, uri)) {
                respond(entry, response, now, outbox)
            } else {
                RedirectVerdict::NotFound
            }
        });
        verdict.unwrap_or(RedirectVerdict::NotFound)
    }

    /// Accounts whose redirect URIs have these schemes get new URLs where one is pending: whoever has held the port
    /// meanwhile may know their `state`.
    pub fn renew_pending(&mut self, schemes: &[Scheme], now: Now) {
        if schemes.is_empty() || self.is_stopping {
            return;
        }
        let settings = self.settings;
        let is_one = |entry: &Entry| {
            let scheme = entry.account.grant.redirect_uri().map(|uri| uri.scheme());
            entry.state.pending().is_some() && scheme.is_some_and(|it| schemes.contains(&it))
        };
        self.step_each(is_one, now, |entry, outbox| {
            let reminder = first_reminder(entry, now.moment);
            open_browser(entry, reminder, &settings, now, outbox);
        });
    }

    /// The scheme of an account's redirect URI.
    pub fn redirect_scheme(&self, account: &str) -> Option<Scheme> {
        self.entries.get(account)?.account.grant.redirect_uri().map(|uri| uri.scheme())
    }

    /// The account whose present or last authorization request has the `state` of this response. Every account is
    /// asked, so that the time taken tells nothing.
    pub(super) fn account_of(&self, response: &AuthorizationResponse) -> Option<AccountName> {
        let state = response.state().expose();
        let digest = StateDigest::of(state);
        let has_it = |entry: &Entry| entry.is_pending_with(state) || entry.has_used(&digest);
        let found =
            self.entries.values().fold(None, |found, entry| if has_it(entry) { Some(entry) } else { found });
        found.map(|entry| entry.account.name.clone())
    }
}

/// A new authorization: it replaces an older one. Tokens that are still good for something stay until it has succeeded.
pub(super) fn authorize(entry: &mut Entry, settings: &Settings, now: Now, outbox: &mut Outbox) -> Begun {
    match &entry.account.grant {
        Grant::AuthorizationCode { .. } => {
            open_browser(entry, first_reminder(entry, now.moment), settings, now, outbox)
        }
        Grant::DeviceCode { .. } => device::prepare(entry, Method::Device, now.moment, outbox),
        Grant::Application(_) => application::fetch(entry, now.moment),
    }
}

/// The same by this method, which the account knows, for a user who sits there.
pub(super) fn authorize_by(
    entry: &mut Entry,
    method: Method,
    settings: &Settings,
    now: Now,
    outbox: &mut Outbox,
) {
    match method {
        Method::Browser => {
            open_browser(entry, known_reminder(now.moment), settings, now, outbox);
        }
        Method::Device => {
            device::prepare(entry, Method::Device, now.moment, outbox);
        }
    }
}

/// The user sees what there is to do: hooks need not tell them, and remind them as late as if they had just been told.
pub(super) fn accompany(entry: &mut Entry, settings: &Settings, now: Now, outbox: &mut Outbox) {
    if let TokenState::Starting(starting) = &mut entry.state {
        starting.is_known = true;
    }
    match entry.state.reminder_mut() {
        Some(reminder) if reminder.is_told => reminder.at = now.moment.plus(settings.remind_every),
        Some(reminder) => {
            *reminder = Reminder { is_late: reminder.is_late, ..known_reminder(now.moment) };
            remind(entry, settings, now, outbox);
        }
        None => {}
    }
}

/// When the user hears of a new authorization: at once, or as soon as what they were told last has had its second.
pub(super) fn first_reminder(entry: &Entry, now: Moment) -> Reminder {
    let at = entry.told_at.map_or(now, |told| now.max(told.plus(SHORTEST_REMINDER)));
    Reminder { at, is_told: false, is_known: false, is_late: false }
}

/// For a user who sees it without being told.
pub(super) fn known_reminder(now: Moment) -> Reminder {
    Reminder { at: now, is_told: false, is_known: true, is_late: false }
}

/// A new authorization request for the user's browser, as soon as it is known where that begins.
pub(super) fn open_browser(
    entry: &mut Entry,
    reminder: Reminder,
    settings: &Settings,
    now: Now,
    outbox: &mut Outbox,
) -> Begun {
    let request = entry.served().and_then(|served| {
        let port = settings.ports.of(entry.account.grant.redirect_uri()?);
        AuthorizationRequest::new(&served, port, outbox.entropy())
    });
    let Some(request) = request else {
        let begun = device::prepare(entry, Method::Browser, now.moment, outbox);
        // An issuer that has answered is not waited for.
        if entry.served().is_some() {
            lose_endpoint(entry, now, outbox);
        }
        return begun;
    };
    let pending = PendingAuthorization { request, reminder };
    let invitation = pending.invitation();
    entry.state = mem::replace(&mut entry.state, TokenState::Empty).without_sign_in();
    match &mut entry.state {
        TokenState::Active(token) if !token.is_spent(now.moment) => token.sign_in = Some(Box::new(pending)),
        state => *state = TokenState::Pending(pending),
    }
    remind(entry, settings, now, outbox);
    Begun::Pending(invitation)
}

/// Tells the user of an authorization that is pending, for the first time or again, if it is time to.
pub(super) fn remind(entry: &mut Entry, settings: &Settings, now: Now, outbox: &mut Outbox) {
    let Some(reminder) = entry.state.reminder_mut().filter(|reminder| reminder.at <= now.moment) else {
        return;
    };
    let at = now.moment.plus(settings.remind_every);
    let told = Reminder { at, is_told: true, is_known: false, is_late: false };
    let Reminder { is_told, is_known, is_late, .. } = mem::replace(reminder, told);
    if !is_known {
        entry.told_at = Some(now.moment);
    }
    let Some(Invitation { url, code }) = entry.state.invitation() else { return };
    let user_code = code.map(|code| code.user_code);
    let what = match is_told {
        true => Happened::AuthorizationReminded { url, user_code },
        false => Happened::AuthorizationPending { url, user_code, is_known, is_late },
    };
    outbox.tell(entry, what);
}

/// An authorization came to nothing: back to the tokens that it would have taken the place of, if there are any.
fn authorization_failed(
    entry: &mut Entry,
    kept: Option<Box<ActiveToken>>,
    reason: Reason,
    now: Now,
    outbox: &mut Outbox,
) {
    entry.state = TokenState::Empty;
    entry.failed(&reason, now.moment);
    if let Some(token) = kept {
        entry.state = TokenState::Active(*token);
    }
    let is_news = entry.told.is_news(&reason);
    outbox.tell(entry, Happened::AuthorizationFailed { reason, is_news });
}

/// The same of whatever stage a sign-in is at.
pub(super) fn sign_in_failed(entry: &mut Entry, reason: Reason, now: Now, outbox: &mut Outbox) {
    let kept = match &mut entry.state {
        TokenState::Exchanging(exchange) => exchange.kept.take(),
        _ => device::tokens_beside(entry),
    };
    authorization_failed(entry, kept, reason, now, outbox);
}

/// The response to the account's authorization request, or its page loaded once more.
fn respond(
    entry: &mut Entry,
    response: AuthorizationResponse,
    now: Now,
    outbox: &mut Outbox,
) -> RedirectVerdict {
    let account = entry.account.name.clone();
    match &entry.state {
        _ if entry.is_pending_with(response.state().expose()) => {}
        TokenState::Exchanging(_) => return RedirectVerdict::Exchanging(account, entry.exchange_error()),
        TokenState::Active(_) => return RedirectVerdict::AlreadySignedIn(account),
        TokenState::Starting(_)
        | TokenState::Pending(_)
        | TokenState::OnDevice(_)
        | TokenState::Fetching(_)
        | TokenState::Empty => return RedirectVerdict::NotFound,
    }
    // An account without endpoints has made no authorization request.
    let Some(origin) = entry.served().map(|served| issuer::origin(&response, &served)) else {
        return RedirectVerdict::NotFound;
    };
    let Some((pending, kept)) = entry.state.take_pending() else { return RedirectVerdict::NotFound };
    entry.remember_used(response.state().expose());
    match origin {
        Origin::Fits => {}
        Origin::Unknown(iss) => outbox.tell(entry, Happened::OtherIssuer { iss }),
        Origin::Other(reason) => {
            authorization_failed(entry, kept, reason.clone(), now, outbox);
            return RedirectVerdict::Denied(account, reason);
        }
    }
    match response {
        AuthorizationResponse::Code { code, .. } => {
            entry.state = TokenState::Exchanging(exchange(pending, kept, code, outbox.new_job(), now));
            outbox.tell(entry, Happened::RedirectAccepted);
            RedirectVerdict::Exchanging(account, None)
        }
        AuthorizationResponse::Error { reason, .. } => {
            authorization_failed(entry, kept, reason.clone(), now, outbox);
            RedirectVerdict::Denied(account, reason)
        }
    }
}

fn exchange(
    pending: PendingAuthorization,
    mut kept: Option<Box<ActiveToken>>,
    code: Secret,
    job: JobId,
    now: Now,
) -> Exchange {
    if let Some(token) = &mut kept {
        token.renewal.abandon(now.moment);
    }
    Exchange {
        kept,
        job,
        code,
        code_verifier: pending.request.code_verifier,
        redirect_uri: pending.request.redirect_uri,
        tries: 0,
        stage: ExchangeStage::Waiting { due: now.moment },
    }
}
