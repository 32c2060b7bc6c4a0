//! From an authorization request to its response: the URL for the user, the redirect.

use core::mem;

use pizauth_common::account_name::AccountName;
use pizauth_common::config::{Grant, Scheme};
use pizauth_common::ipc::message::Method;
use pizauth_common::secret::Secret;

use super::entry::{Entry, StateDigest};
use super::event::Happened;
use super::invitation::Begun;
use super::outbox::Outbox;
use super::reminders::{first_reminder, known_reminder, remind};
use super::sign_in_failure::{authorization_failed, lose_endpoint};
use super::tickets::JobId;
use super::token_state::{
    ActiveToken, Exchange, ExchangeStage, Kept, PendingAuthorization, Reminder, StartsBy, TokenState,
};
use super::{Keeper, Settings, application, device};
use crate::moment::Now;
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
        Grant::DeviceCode { .. } => device::prepare(entry, StartsBy::Codes, now.moment),
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
            device::prepare(entry, StartsBy::Codes, now.moment);
        }
    }
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
        let begun = device::prepare(entry, StartsBy::Browser, now.moment);
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
    let Some((pending, tokens)) = entry.state.take_pending() else { return RedirectVerdict::NotFound };
    match origin {
        Origin::Fits => {}
        Origin::Unknown(iss) => outbox.tell(entry, Happened::OtherIssuer { iss }),
        Origin::Other(reason) => {
            authorization_failed(entry, tokens, reason.clone(), now, outbox);
            return RedirectVerdict::Denied(account, reason);
        }
    }
    match response {
        AuthorizationResponse::Code { state, code, .. } => {
            entry.remember_used(state.expose());
            entry.state = TokenState::Exchanging(exchange(pending, tokens, code, outbox.new_job(), now));
            outbox.tell(entry, Happened::RedirectAccepted);
            RedirectVerdict::Exchanging(account, None)
        }
        AuthorizationResponse::Error { reason, .. } => {
            authorization_failed(entry, tokens, reason.clone(), now, outbox);
            RedirectVerdict::Denied(account, reason)
        }
    }
}

fn exchange(
    pending: PendingAuthorization,
    tokens: Option<ActiveToken>,
    code: Secret,
    job: JobId,
    now: Now,
) -> Exchange {
    Exchange {
        kept: tokens.map(|token| Kept::of(token, now.moment)),
        job,
        code,
        code_verifier: pending.request.code_verifier,
        redirect_uri: pending.request.redirect_uri,
        tries: 0,
        stage: ExchangeStage::Waiting { due: now.moment },
    }
}
