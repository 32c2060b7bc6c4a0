//! A sign-in that its user is led through: begun where there is none, and where it stands.

use pizauth_common::config::Grant;
use pizauth_common::ipc::message::{Method, State};
use pizauth_common::secret::Secret;
use sha2::{Digest, Sha256};

use super::authorization::{accompany, authorize_by};
use super::discovery::hasten_discovery;
use super::entry::Entry;
use super::invitation::Invitation;
use super::renewal::{Haste, Renewing};
use super::token_state::TokenState;
use super::{Keeper, RedirectVerdict, UnknownAccount, device};
use crate::moment::{Moment, Now};
use crate::oauth::outcome::Reason;
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

/// Where an account stands, for whoever leads its user through a sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInStage {
    /// This host has been asked for a code for the user, and has not answered.
    Starting(String),
    /// The user has to do something.
    Pending(Invitation),
    /// The authorization is being completed.
    Exchanging {
        /// Why the last try to do so failed, if one did.
        last_error: Option<Reason>,
    },
    /// There is a valid access token.
    SignedIn {
        /// Whether it can be refreshed.
        refreshable: bool,
        /// What a person has to mend before that.
        attention: Option<Reason>,
        /// Who has signed in in place of the one that `login_hint` names.
        signed_in_as: Option<String>,
    },
    /// The access token has expired and can be refreshed.
    Expired(Renewing),
    /// The last sign-in has failed, and none is under way.
    Failed(Reason),
    /// No sign-in is under way, and there is no access token; who has seen to that, where it was not the server.
    SignedOut(Option<&'static str>),
}

/// Tells the stages apart that a caller may have seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StageMark([u8; 32]);

impl StageMark {
    /// Of an account in this state, and of what was said of it: URL and code count where it is pending, an error where
    /// its authorization is being completed.
    pub fn of(state: State, url: Option<&str>, user_code: Option<&str>, last_error: Option<&str>) -> Self {
        let said = match state {
            State::Pending => [url, user_code],
            State::Exchanging => [last_error, None],
            State::Empty | State::Starting | State::Active | State::Fetching => [None, None],
        };
        let mut digest = Sha256::new_with_prefix(state.as_str());
        for text in said {
            // No text has such a byte.
            digest.update([0xff, u8::from(text.is_some())]);
            digest.update(text.unwrap_or_default());
        }
        Self(digest.finalize().into())
    }
}

impl SignInStage {
    /// What it differs by from others.
    pub fn mark(&self) -> StageMark {
        let plain = |state| StageMark::of(state, None, None, None);
        match self {
            Self::Starting(_) => plain(State::Starting),
            Self::Pending(Invitation { url, code }) => {
                let code = code.as_ref().map(|code| code.user_code.as_str());
                StageMark::of(State::Pending, Some(url), code, None)
            }
            Self::Exchanging { last_error } => {
                let error = last_error.as_ref().map(Reason::as_str);
                StageMark::of(State::Exchanging, None, None, error)
            }
            Self::SignedIn { .. } | Self::Expired(_) => plain(State::Active),
            Self::Failed(_) | Self::SignedOut(_) => plain(State::Empty),
        }
    }
}

impl Keeper {
    /// Leads a user through a sign-in, by this method or whichever is under way or the account's own. One is begun where
    /// there is none, nor a token that can be kept fresh. The user is there, and is not told of it by hooks for a while.
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
        hasten_discovery(entry, &mut self.issuers, Haste::Refresh, now.moment);
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
            Login::At(under_way(entry).unwrap_or_else(|| of_session(entry, now.moment)))
        })
    }

    /// Where an account stands.
    ///
    /// # Errors
    /// There is no such account.
    pub fn stage(&self, account: &str, now: Now) -> Result<SignInStage, UnknownAccount> {
        self.entries.get(account).map(|entry| stage(entry, now.moment)).ok_or(UnknownAccount)
    }

    /// The user brings by hand the address that their browser ended at. It is as good as if the browser had come, for this
    /// account only.
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
        TokenState::Starting(starting) => is_another(starting.method),
        TokenState::OnDevice(_) => is_another(Method::Device),
        TokenState::Pending(_) => is_another(Method::Browser),
        TokenState::Active(token) if token.sign_in.is_some() => is_another(Method::Browser),
        TokenState::Active(token) => token.is_spent(now) || token.offers_sign_in(),
    }
}

/// Also what has come of the last sign-in, where it has failed.
pub(super) fn stage(entry: &Entry, now: Moment) -> SignInStage {
    let failed = || entry.last_error.clone().filter(|_| entry.last_was_sign_in).map(SignInStage::Failed);
    under_way(entry).or_else(failed).unwrap_or_else(|| of_session(entry, now))
}

fn under_way(entry: &Entry) -> Option<SignInStage> {
    let invited = entry.state.invitation().map(SignInStage::Pending);
    invited.or_else(|| match &entry.state {
        TokenState::Starting(_) => Some(SignInStage::Starting(device::host(entry))),
        TokenState::Exchanging(_) => Some(SignInStage::Exchanging { last_error: entry.exchange_error() }),
        _ => None,
    })
}

fn of_session(entry: &Entry, now: Moment) -> SignInStage {
    match entry.active() {
        Some(token) if token.is_spent(now) => SignInStage::SignedOut(None),
        Some(token) if token.has_expired(now) => SignInStage::Expired(entry.renewing(now)),
        Some(token) => SignInStage::SignedIn {
            refreshable: token.renewal.is_possible(),
            attention: entry.last_error.clone().filter(|_| entry.needs_attention()),
            signed_in_as: entry.somebody_else.clone(),
        },
        None => SignInStage::SignedOut(entry.forgotten),
    }
}
