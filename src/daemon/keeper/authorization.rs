//! From an authorization request to its response: the URL for the user, reminders, the redirect.

use pizauth_common::account_name::AccountName;

use super::Keeper;
use super::agenda::Due;
use super::effect::{Hook, JobId};
use super::entry::{Entry, StateDigest};
use super::notice::NoticeKind;
use super::token_state::{Exchange, ExchangeStage, PendingAuthorization, TokenState};
use crate::moment::Now;
use crate::oauth::authorization_request::AuthorizationRequest;
use crate::oauth::outcome::Reason;
use crate::oauth::redirect::{self, AuthorizationResponse, RedirectRequest};

/// What to tell a browser that came to a redirect listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedirectVerdict {
    /// Nothing here waits for this request.
    NotFound,
    /// The request is no authorization response: the rule it breaks.
    BadRequest(&'static str),
    /// A reload of the page after success.
    AlreadySignedIn(AccountName),
    /// The exchange has begun; [`super::Effect::ExchangeFinished`] tells how it ends.
    Exchanging(JobId),
    /// The authorization server said no (RFC 6749 §4.1.2.1).
    Denied(AccountName, Reason),
}

impl Keeper {
    /// A browser came back from the authorization endpoint. The `state` is good once, and only with the scheme,
    /// host, port, path and query of its account's redirect URI.
    pub fn redirect(&mut self, request: &RedirectRequest, now: Now) -> RedirectVerdict {
        let redirect_uris = self.entries.values().map(|entry| &*entry.account.redirect_uri);
        if !redirect::host_is_known(request, redirect_uris) {
            return RedirectVerdict::NotFound;
        }
        let response = match AuthorizationResponse::parse(request.query.expose()) {
            Ok(response) => response,
            Err(fault) => return RedirectVerdict::BadRequest(fault.as_str()),
        };
        let state = response.state().expose();
        let digest = StateDigest::of(state);
        let found = self.account_where(|entry| entry.is_pending_with(state) || entry.has_used(&digest));
        let Some(name) = found else { return RedirectVerdict::NotFound };
        let Some(entry) = self.entries.get(&name) else { return RedirectVerdict::NotFound };
        if !redirect::answers(request, &entry.account.redirect_uri) {
            return RedirectVerdict::NotFound;
        }
        match &entry.state {
            TokenState::Pending(_) if entry.is_pending_with(state) => self.respond(&name, response, now),
            TokenState::Exchanging(exchange) => RedirectVerdict::Exchanging(exchange.job),
            TokenState::Active(_) => RedirectVerdict::AlreadySignedIn(name),
            TokenState::Pending(_) | TokenState::Empty => RedirectVerdict::NotFound,
        }
    }

    /// A new authorization request: it replaces an older one and the user hears of it at once.
    pub(super) fn authorize(&mut self, name: &AccountName, now: Now) -> String {
        let Some(entry) = self.entries.get_mut(name) else { return String::new() };
        let port = self.settings.ports.of(&entry.account);
        let request = AuthorizationRequest::new(&entry.account, port, &mut *self.entropy);
        let url = request.url.clone();
        entry.state = TokenState::Pending(PendingAuthorization { request, remind_at: now.moment });
        self.log(name, NoticeKind::AuthorizationRequested);
        self.remind(name, now);
        self.settle(name, now);
        url
    }

    /// Tells the user of a pending authorization, and files the next reminder.
    pub(super) fn remind(&mut self, name: &AccountName, now: Now) {
        let Some(entry) = self.entries.get_mut(name) else { return self.agenda.file(name, Due::default()) };
        if let TokenState::Pending(pending) = &mut entry.state {
            pending.remind_at = now.moment.plus(self.settings.remind_every);
            let url = pending.request.url.clone();
            self.effects.push_back(super::Effect::RunHook(Hook::AuthNotify { account: name.clone(), url }));
        }
        let due = entry.due();
        self.agenda.file(name, due);
    }

    /// The account that `matches`. Every account is asked, so that the time taken tells nothing.
    fn account_where(&self, matches: impl Fn(&Entry) -> bool) -> Option<AccountName> {
        let found = self.entries.iter().filter(|(_, entry)| matches(entry)).last();
        found.map(|(name, _)| name.clone())
    }

    /// Uses up the pending authorization request.
    fn respond(&mut self, name: &AccountName, response: AuthorizationResponse, now: Now) -> RedirectVerdict {
        let job = self.new_job();
        let Some(entry) = self.entries.get_mut(name) else { return RedirectVerdict::NotFound };
        let TokenState::Pending(pending) = std::mem::replace(&mut entry.state, TokenState::Empty) else {
            return RedirectVerdict::NotFound;
        };
        entry.remember_used(response.state().expose());
        let verdict = match response {
            AuthorizationResponse::Code { code, .. } => {
                entry.state = TokenState::Exchanging(Exchange {
                    job,
                    code,
                    code_verifier: pending.request.code_verifier,
                    redirect_uri: pending.request.redirect_uri,
                    tries: 0,
                    stage: ExchangeStage::Waiting { due: now.moment },
                });
                self.log(name, NoticeKind::ExchangeStarted);
                RedirectVerdict::Exchanging(job)
            }
            AuthorizationResponse::Error { reason, .. } => {
                self.authorization_failed(name, &reason, now);
                RedirectVerdict::Denied(name.clone(), reason)
            }
        };
        self.settle(name, now);
        verdict
    }
}
