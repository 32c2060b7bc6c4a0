//! A sign-in that its user is led through: begun where there is none, and where it stands.

use pizauth_common::config::Grant;
use pizauth_common::ipc::message::Method;
use pizauth_common::secret::Secret;

use super::authorization::authorize_by;
use super::entry::Entry;
use super::reminders::accompany;
use super::renewal::Haste;
use super::stage::SignInStage;
use super::token_state::TokenState;
use super::{Keeper, RedirectVerdict, UnknownAccount};
use crate::moment::{Moment, Now};
use crate::oauth::pasted::{PasteFault, pasted};
use crate::oauth::redirect::{AuthorizationResponse, RedirectRequest};
use crate::prelude::*;

/// What `login` comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// This is where the account stands.
    At(SignInStage),
    /// The client signs in by itself.
    ByItself,
    /// The account has no such way to sign in: no endpoint for it is configured, or the issuer names none.
    NoWay {
        /// The way that was asked for.
        method: Method,
        /// The issuer, where the account asks one for its endpoints.
        issuer: Option<String>,
    },
    /// The daemon stops: nothing is begun.
    Stopping,
}

impl Keeper {
    /// Leads a user through a sign-in, by this method or whichever is under way or the account's own. One is begun
    /// where there is none, nor a token that can be kept fresh. The user is there, and is not told of it by hooks for a
    /// while.
    ///
    /// # Errors
    /// There is no such account.
    pub fn login(
        &mut self,
        account: &str,
        method: Option<Method>,
        now: Now,
    ) -> Result<Login, UnknownAccount> {
        let (settings, is_stopping) = (self.settings, self.is_stopping);
        let entry = self.entries.get(account).ok_or(UnknownAccount)?;
        self.secrets.retry(&entry.account);
        self.issuers.hasten(entry, Haste::Refresh, now.moment);
        self.change(account, now, |entry, outbox| {
            if is_stopping {
                return Login::Stopping;
            }
            let Some(own_method) = own_method(&entry.account.grant) else { return Login::ByItself };
            if let Some(method) = method.filter(|method| !entry.knows(*method)) {
                let issuer = entry.account.asks().map(|issuer| issuer.written().to_owned());
                return Login::NoWay { method, issuer };
            }
            if needs_sign_in(entry, method, now.moment) {
                authorize_by(entry, method.unwrap_or(own_method), &settings, now, outbox);
            } else if entry.active().is_some() {
                entry.hasten(Haste::Show, now.moment);
            }
            accompany(entry, &settings, now, outbox);
            Login::At(entry.stage_of_sign_in().unwrap_or_else(|| entry.stage_of_session(now.moment)))
        })
    }

    /// Where an account stands.
    ///
    /// # Errors
    /// There is no such account.
    pub fn stage(&self, account: &str, now: Now) -> Result<SignInStage, UnknownAccount> {
        self.entries.get(account).map(|entry| entry.stage(now.moment)).ok_or(UnknownAccount)
    }

    /// The user brings by hand the address that their browser ended at. It is as good as if the browser had come, for
    /// this account only.
    ///
    /// # Errors
    /// There is no such account.
    pub fn paste(
        &mut self,
        account: &str,
        address: &Secret,
        now: Now,
    ) -> Result<Result<RedirectVerdict, PasteFault>, UnknownAccount> {
        let entry = self.entries.get(account).ok_or(UnknownAccount)?;
        let request = match entry.account.grant.redirect_uri() {
            None => Err(PasteFault::NoBrowser),
            Some(uri) => pasted(address.expose(), uri, self.settings.ports.of(uri)),
        };
        Ok(request.map(|request| self.redirect_of(account, &request, now)))
    }

    fn redirect_of(&mut self, account: &str, request: &RedirectRequest, now: Now) -> RedirectVerdict {
        let response = AuthorizationResponse::parse(request.query.expose());
        let whose = response.ok().and_then(|response| self.account_of(&response));
        match whose {
            Some(other) if other.as_str() != account => RedirectVerdict::NotFound,
            _ => self.redirect(request, now),
        }
    }
}

/// How its user signs in, where it has one.
fn own_method(grant: &Grant) -> Option<Method> {
    match grant {
        Grant::AuthorizationCode { .. } => Some(Method::Browser),
        Grant::DeviceCode { .. } => Some(Method::Device),
        Grant::Application(_) => None,
    }
}

/// Whether a sign-in is to be begun: there is none by this method, and no token that can be kept fresh.
fn needs_sign_in(entry: &Entry, method: Option<Method>, now: Moment) -> bool {
    let is_another = |under_way| method.is_some_and(|method| method != under_way);
    match &entry.state {
        TokenState::Empty => true,
        TokenState::Exchanging(_) | TokenState::Fetching(_) => false,
        TokenState::Starting(starting) => is_another(starting.by.method()),
        TokenState::OnDevice(_) => is_another(Method::Device),
        TokenState::Pending(_) => is_another(Method::Browser),
        TokenState::Active(token) if token.sign_in.is_some() => is_another(Method::Browser),
        TokenState::Active(token) => token.is_spent(now) || token.offers_sign_in(),
    }
}
