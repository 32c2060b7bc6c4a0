//! What callers do, and what they must be answered.

use std::time::Duration;

use pizauth_common::config::Grant;

use super::coverage::Coverage;
use super::model::{Model, Phase};
use super::world::World;
use crate::keeper::{Happened, Invitation, Refreshed, Renewing, Shown};
use crate::moment::Now;
use crate::oauth::outcome::Reason;

impl World {
    pub(super) fn show_lasting(&mut self, name: &str, min_valid: Duration, coverage: &mut Coverage) {
        self.count(name, if self.is_stopping { "show, stopping" } else { "show" }, coverage);
        let (now, is_stopping, remind_at) = (self.now, self.is_stopping, self.remind_at());
        let (rest, codes_from) = (self.rest(name), self.asks_for_codes(name));
        let device_host = self.device_host(name);
        let shown = self.keeper.show_lasting(name, min_valid, now).expect("the account exists");
        let model = self.model(name);
        let valid = model.held().and_then(|session| session.lasting(min_valid, now.moment)).map(Into::into);
        let invitation = model.invitation();
        let expected = match &mut model.phase {
            _ if valid.is_some() => Shown::AccessToken(valid.expect("it was looked at")),
            _ if invitation.is_some() => Shown::Pending(invitation.expect("it was looked at")),
            Phase::Starting { .. } => Shown::Starting(host_at(name, &device_host)),
            Phase::Exchanging { .. } => Shown::Exchanging { last_error: model.exchange_error() },
            _ if is_stopping => Shown::Stopping,
            Phase::Fetching(session) => {
                session.hasten(false, now.moment);
                Shown::Fetching(model.renewing(now))
            }
            Phase::Active(session) if session.is_refreshable() => {
                session.hasten(false, now.moment);
                not_good_enough(model, now)
            }
            Phase::Active(session) if !session.has_expired(now.moment) => not_good_enough(model, now),
            _ if rest.is_some() => Shown::Resting {
                last_error: model.last_error.clone(),
                next_code_in: rest.unwrap_or_default(),
            },
            _ if codes_from.is_some() => {
                model.ask_for_codes(now);
                Shown::Starting(host_at(name, &codes_from))
            }
            Phase::Empty if model.by_itself => {
                model.fetch(now);
                Shown::Fetching(model.renewing(now))
            }
            _ => {
                let Shown::Pending(Invitation { url, code: None }) = &shown else {
                    panic!("{shown:?} without a token")
                };
                model.pending(url.clone(), remind_at, now);
                shown.clone()
            }
        };
        let expected = match self.fails_at_once(name, &shown) {
            Some(reason) => self.model(name).shown_without_secret(reason, now),
            None => expected,
        };
        assert_eq!(shown, expected, "{name}");
        self.absorb();
    }

    /// Why what `show` has begun has failed within the hour of a command's failure.
    fn fails_at_once(&self, name: &str, shown: &Shown) -> Option<Reason> {
        let (Shown::Expired(renewing)
        | Shown::Fetching(renewing)
        | Shown::TooShort { renewal: Some(renewing), .. }) = shown
        else {
            return None;
        };
        let is_new = renewing.needs_attention && !self.models[name].needs_attention();
        renewing.last_error.clone().filter(|_| is_new)
    }

    pub(super) fn refresh(&mut self, name: &str, coverage: &mut Coverage) {
        self.count(name, if self.is_stopping { "refresh, stopping" } else { "refresh" }, coverage);
        let (now, is_stopping, remind_at) = (self.now, self.is_stopping, self.remind_at());
        let (codes_from, device_host) = (self.asks_for_codes(name), self.device_host(name));
        self.retry_secret(name);
        let refreshed = self.keeper.refresh(name, now).expect("the account exists");
        let model = self.model(name);
        let old = model.sign_in().map(|sign_in| sign_in.url.clone());
        let expected = match &mut model.phase {
            _ if is_stopping => Refreshed::Stopping,
            Phase::Exchanging { .. } => Refreshed::Exchanging { last_error: model.exchange_error() },
            Phase::Starting { .. } => Refreshed::Starting(host_at(name, &device_host)),
            Phase::Fetching(session) => {
                session.hasten(true, now.moment);
                Refreshed::Scheduled { refresh_in: model.refresh_in(now) }
            }
            Phase::Active(session) if session.is_refreshable() && !session.offers_sign_in() => {
                session.hasten(true, now.moment);
                Refreshed::Scheduled { refresh_in: model.refresh_in(now) }
            }
            Phase::Active(session) if !session.is_refreshable() && !session.has_expired(now.moment) => {
                Refreshed::Impossible
            }
            _ if codes_from.is_some() => {
                model.ask_for_codes(now);
                Refreshed::Starting(host_at(name, &codes_from))
            }
            Phase::Empty if model.by_itself => {
                model.fetch(now);
                Refreshed::Scheduled { refresh_in: model.refresh_in(now) }
            }
            _ => {
                let Refreshed::Pending(Invitation { url, code: None }) = &refreshed else {
                    panic!("{refreshed:?} without a token")
                };
                assert_ne!(Some(url), old.as_ref(), "refresh makes a new URL");
                model.pending(url.clone(), remind_at, now);
                refreshed.clone()
            }
        };
        assert_eq!(refreshed, expected, "{name}");
        self.absorb();
    }

    /// Whom a new sign-in to this account begins by asking for codes.
    fn asks_for_codes(&self, name: &str) -> Option<String> {
        self.device_host(name).filter(|_| matches!(self.accounts[name].grant, Grant::DeviceCode { .. }))
    }

    /// Whom one on another device begins by asking for codes.
    pub(super) fn device_host(&self, name: &str) -> Option<String> {
        let device = self.accounts[name].grant.device()?;
        Some(device.device_auth_uri.anchor().host().to_owned())
    }

    pub(super) fn revoke(&mut self, name: &str, coverage: &mut Coverage) {
        self.count(name, "revoke", coverage);
        let model = self.model(name);
        let had_token = model.forget();
        model.expected.event(Happened::TokenRevoked { had_token });
        self.keeper.revoke(name, self.now).expect("the account exists");
        self.absorb();
    }

    /// The daemon stops: nothing is begun any more.
    pub(super) fn stop(&mut self) {
        self.is_stopping = true;
        self.disk.stop();
        self.keeper.stop();
        self.absorb();
    }
}

fn host_at(name: &str, host: &Option<String>) -> String {
    host.clone().unwrap_or_else(|| panic!("{name} asks nobody for codes"))
}

impl Model {
    fn shown_without_secret(&mut self, reason: Reason, now: Now) -> Shown {
        let wanted = self.wants_request_at();
        assert!(wanted.is_some_and(|at| at <= now.moment), "it has sent nothing");
        self.has_no_secret(reason, now);
        match self.phase {
            Phase::Fetching(_) => Shown::Fetching(self.renewing(now)),
            _ => not_good_enough(self, now),
        }
    }

    /// Where its renewal stands.
    fn renewing(&self, now: Now) -> Renewing {
        Renewing {
            last_error: self.last_error.clone(),
            needs_attention: self.needs_attention(),
            refresh_in: self.refresh_in(now),
        }
    }
}

/// What a caller hears of a token that has expired, or is valid for too short a time.
fn not_good_enough(model: &Model, now: Now) -> Shown {
    let Phase::Active(session) = &model.phase else { panic!("no session") };
    let renewal = session.is_refreshable().then(|| model.renewing(now));
    match renewal {
        Some(renewal) if session.has_expired(now.moment) => Shown::Expired(renewal),
        renewal => Shown::TooShort { valid_for: session.expires_at.since(now.moment), renewal },
    }
}
