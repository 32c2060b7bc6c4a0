//! Callers that lead their user through a sign-in.

use pizauth_common::account_name::as_argument;
use pizauth_common::ipc::message::{Answer, Await, Login, Method, Refusal, Report, Response, SignedIn};
use pizauth_common::secret::Secret;
use pizauth_core::keeper::{self, Demand, RedirectVerdict, SignInStage, UnknownAccount};
use pizauth_core::moment::Now;

use super::answers::{Refused, restoring, stopping};
use super::tokens::words::{exchanging, expired, failed};
use super::tokens::{Asked, Work};
use super::{EventLoop, Rooms};
use crate::ipc_listener::CallerId;

impl EventLoop {
    pub(super) fn login(&mut self, caller: CallerId, login: Login, now: Now) -> Result<Answer, Refused> {
        let Login { account, method } = login;
        if self.comes_too_early(caller, &account, now) {
            return Err(restoring("what it brings back need not be signed in to"));
        }
        self.rooms.listen_again(now);
        let found = self.rooms.keeper.login(&account, method, now);
        match found.map_err(|UnknownAccount| self.rooms.unknown(&account))? {
            keeper::Login::At(stage) => Ok(self.rooms.stage_as(stage, &account, now)),
            keeper::Login::ByItself => {
                let why = format!("{} signs in by itself", as_argument(&account));
                Err(Refused(Refusal::NoMethod, why))
            }
            keeper::Login::NoWay { method, issuer } => Err(no_way(method, issuer, &account)),
            keeper::Login::Stopping => Err(stopping()),
        }
    }

    /// Nothing yet, where the account is still where the caller has seen it.
    pub(super) fn await_stage(
        &mut self,
        caller: CallerId,
        seen: Await,
        now: Now,
    ) -> Result<Option<Answer>, Refused> {
        let asked = Asked::from(seen);
        let account = &asked.account;
        let stage = self.rooms.keeper.stage(account, now);
        let stage = stage.map_err(|UnknownAccount| self.rooms.unknown(account))?;
        if Demand::OtherStage(stage.mark()) != asked.demand {
            return Ok(Some(self.rooms.stage_as(stage, account, now)));
        }
        self.let_own_wait(caller, asked, Work::UnderWay, now)
    }
}

impl Rooms {
    /// What a caller hears of where an account stands now.
    pub(super) fn sign_in_stage(&self, account: &str, now: Now) -> Result<Answer, Refused> {
        let stage = self.keeper.stage(account, now).map_err(|UnknownAccount| self.unknown(account))?;
        Ok(self.stage_as(stage, account, now))
    }

    fn stage_as(&self, stage: SignInStage, account: &str, now: Now) -> Answer {
        match stage {
            SignInStage::Starting(host) => Response::Starting { host }.into(),
            SignInStage::Pending(invitation) => self.pending(account, invitation, false, now).into(),
            SignInStage::Exchanging { last_error } => exchanging(last_error).into(),
            SignInStage::Expired(renewing) => expired(renewing).into(),
            SignInStage::SignedIn { refreshable, attention, signed_in_as } => {
                let expires = self.expiry(account, now);
                let attention = attention.map(|reason| reason.to_string());
                Report::SignedIn(SignedIn { expires, refreshable, attention, signed_in_as }).into()
            }
            SignInStage::Failed(reason) => failed(format!("authorization failed: {reason}")),
            SignInStage::SignedOut(why) => {
                failed(why.unwrap_or("no sign-in is under way any more").to_owned())
            }
        }
    }

    /// The user has brought the address that their browser ended at.
    pub(super) fn redirect(&mut self, account: &str, url: &Secret, now: Now) -> Result<Answer, Refused> {
        let pasted = self.keeper.paste(account, url, now);
        let pasted = pasted.map_err(|UnknownAccount| self.unknown(account))?;
        let bad = |why: String| Err(Refused(Refusal::BadRedirect, why));
        match pasted {
            Err(fault) => bad(fault.to_string()),
            Ok(RedirectVerdict::BadRequest(rule)) => bad(rule.to_owned()),
            Ok(RedirectVerdict::NotFound) => bad(
                "that address belongs to another sign-in, or to one that is over: open the URL of this one, and \
                 paste where that ends"
                    .to_owned(),
            ),
            Ok(RedirectVerdict::Exchanging(_, last_error)) => Ok(exchanging(last_error).into()),
            Ok(RedirectVerdict::Denied(_, reason)) => Ok(failed(format!("authorization failed: {reason}"))),
            Ok(RedirectVerdict::AlreadySignedIn(_)) => self.sign_in_stage(account, now),
        }
    }
}

fn no_way(method: Method, issuer: Option<String>, account: &str) -> Refused {
    let (option, endpoint, need, otherwise) = match method {
        Method::Browser => ("auth_uri", "authorization_endpoint", "signing in with a browser", "--device"),
        Method::Device => (
            "device_auth_uri",
            "device_authorization_endpoint",
            "signing in on another device",
            "--browser or --paste",
        ),
    };
    let account_argument = as_argument(account);
    let lacks = match issuer {
        Some(issuer) => format!("{issuer} has no {endpoint}"),
        None => format!("account {account:?} has no {option}"),
    };
    let message = format!("{lacks}, which {need} needs (try: pizauth login {otherwise} {account_argument})");
    Refused(Refusal::NoMethod, message)
}
