//! Users who are led through a sign-in, as the rules tell it.

use pizauth_common::config::{Account, Grant};
use pizauth_common::ipc::message::Method;

use super::coverage::Coverage;
use super::model::{Model, Phase};
use super::world::World;
use crate::keeper::{Happened, Invitation, Login, Renewing, SignInStage};
use crate::moment::{Moment, Now};

impl World {
    pub(super) fn login(&mut self, name: &str, coverage: &mut Coverage) {
        self.count(name, if self.is_stopping { "login, stopping" } else { "login" }, coverage);
        let method = self.dice.pick(&[None, Some(Method::Browser), Some(Method::Device)]);
        let (now, is_stopping, remind_at) = (self.now, self.is_stopping, self.remind_at());
        let account = self.accounts[name].clone();
        self.retry_secret(name);
        let login = self.keeper.login(name, method, now).expect("the account exists");
        let expected = match method {
            _ if is_stopping => Login::Stopping,
            _ if account.grant.application().is_some() => Login::ByItself,
            Some(Method::Device) if account.grant.device().is_none() => {
                Login::NoWay { method: Method::Device, issuer: None }
            }
            _ => {
                let url = match &login {
                    Login::At(SignInStage::Pending(Invitation { url, code: None })) => url.clone(),
                    _ => String::new(),
                };
                self.model(name).log_in(&account, method, url, remind_at, now);
                Login::At(self.stage_now(name))
            }
        };
        assert_eq!(login, expected, "{name}");
        self.absorb();
    }

    /// Where the account stands, whatever has come of an earlier sign-in.
    fn stage_now(&self, name: &str) -> SignInStage {
        let model = &self.models[name];
        self.under_way(name).unwrap_or_else(|| model.stage_of_session(self.now))
    }

    /// Where the account stands.
    pub(super) fn stage(&self, name: &str) -> SignInStage {
        let model = &self.models[name];
        let failed = model.last_error.clone().filter(|_| model.last_was_sign_in).map(SignInStage::Failed);
        self.under_way(name).or(failed).unwrap_or_else(|| model.stage_of_session(self.now))
    }

    fn under_way(&self, name: &str) -> Option<SignInStage> {
        let model = &self.models[name];
        match &model.phase {
            Phase::Starting { .. } => {
                Some(SignInStage::Starting(self.device_host(name).expect("somebody was asked for codes")))
            }
            Phase::Exchanging { .. } => Some(SignInStage::Exchanging { last_error: model.exchange_error() }),
            _ => model.invitation().map(SignInStage::Pending),
        }
    }
}

impl Model {
    fn log_in(
        &mut self,
        account: &Account,
        method: Option<Method>,
        url: String,
        remind_at: Moment,
        now: Now,
    ) {
        if self.needs_sign_in(method, now) {
            let own = match &account.grant {
                Grant::DeviceCode { .. } => Method::Device,
                Grant::AuthorizationCode { .. } => Method::Browser,
                Grant::Application(_) => panic!("there is nobody to log in"),
            };
            match method.unwrap_or(own) {
                Method::Device => self.ask_for_codes(now),
                Method::Browser => self.invite(url, now),
            }
        } else if let Phase::Active(session) = &mut self.phase {
            session.hasten(false, now.moment);
        }
        if let Phase::Starting { is_known, .. } = &mut self.phase {
            *is_known = true;
        }
        self.accompany(remind_at);
    }

    fn needs_sign_in(&self, method: Option<Method>, now: Now) -> bool {
        match &self.phase {
            Phase::Empty => true,
            Phase::Exchanging { .. } | Phase::Fetching(_) => false,
            Phase::Starting { .. } | Phase::OnDevice { .. } => method == Some(Method::Browser),
            Phase::Pending(_) => method == Some(Method::Device),
            Phase::Active(session) if session.sign_in.is_some() => method == Some(Method::Device),
            Phase::Active(session) => session.is_spent(now.moment) || session.is_suspect(),
        }
    }

    /// To a browser, in place of codes that were asked for or given.
    pub(super) fn invite(&mut self, url: String, now: Now) {
        if let Phase::Starting { kept, .. } | Phase::OnDevice { kept, .. } = &self.phase {
            self.phase = kept.clone().map_or(Phase::Empty, Phase::Active);
            self.request = None;
        }
        let sign_in = self.new_sign_in(url, None, now);
        match &mut self.phase {
            Phase::Active(session) if !session.is_spent(now.moment) => session.sign_in = Some(sign_in),
            phase => *phase = Phase::Pending(sign_in),
        }
    }

    /// The user knows: told once for the log, and not reminded for a while.
    pub(super) fn accompany(&mut self, next_reminder: Moment) {
        let Some(sign_in) = self.waits_mut() else { return };
        sign_in.remind_at = next_reminder;
        if !std::mem::replace(&mut sign_in.is_told, true) {
            let (url, user_code) = (sign_in.url.clone(), sign_in.user_code.clone());
            self.expected.event(Happened::AuthorizationPending { url, user_code, is_known: true });
        }
    }

    fn stage_of_session(&self, now: Now) -> SignInStage {
        let Phase::Active(session) = &self.phase else { return SignInStage::SignedOut(None) };
        let needs_attention = self.needs_attention();
        match session.has_expired(now.moment) {
            true if !session.is_refreshable() => SignInStage::SignedOut(None),
            true => SignInStage::Expired(Renewing {
                last_error: self.last_error.clone(),
                needs_attention,
                refresh_in: self.refresh_in(now),
            }),
            false => SignInStage::SignedIn {
                refreshable: session.is_refreshable(),
                attention: self.last_error.clone().filter(|_| needs_attention),
                signed_in_as: None,
            },
        }
    }
}
