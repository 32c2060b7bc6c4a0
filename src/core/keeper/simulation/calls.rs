//! What callers do, and what they must be answered.

use std::time::Duration;

use super::coverage::Coverage;
use super::model::{Model, Phase};
use super::world::World;
use crate::keeper::{Happened, Refreshed, Renewing, Shown};
use crate::moment::Now;

impl World {
    pub(super) fn show_lasting(&mut self, name: &str, min_valid: Duration, coverage: &mut Coverage) {
        self.count(name, if self.is_stopping { "show, stopping" } else { "show" }, coverage);
        let (now, is_stopping, remind_at) = (self.now, self.is_stopping, self.remind_at());
        let shown = self.keeper.show_lasting(name, min_valid, now).expect("the account exists");
        let model = self.model(name);
        let valid = model.held().and_then(|session| session.lasting(min_valid, now.moment)).map(Into::into);
        let url = model.sign_in().map(|sign_in| sign_in.url.clone());
        let expected = match &mut model.phase {
            _ if valid.is_some() => Shown::AccessToken(valid.expect("it was looked at")),
            _ if url.is_some() => Shown::Pending(url.expect("it was looked at")),
            Phase::Exchanging { .. } => Shown::Exchanging { last_error: model.exchange_error() },
            _ if is_stopping => Shown::Stopping,
            Phase::Active(session) if session.is_refreshable() => {
                session.hasten(false, now.moment);
                not_good_enough(model, now)
            }
            Phase::Active(session) if !session.has_expired(now.moment) => not_good_enough(model, now),
            Phase::Active(_) | Phase::Empty | Phase::Pending(_) => {
                let Shown::Pending(url) = &shown else { panic!("{shown:?} without a token") };
                model.pending(url.clone(), remind_at, now);
                shown.clone()
            }
        };
        assert_eq!(shown, expected, "{name}");
        self.absorb();
    }

    pub(super) fn refresh(&mut self, name: &str, coverage: &mut Coverage) {
        self.count(name, if self.is_stopping { "refresh, stopping" } else { "refresh" }, coverage);
        let (now, is_stopping, remind_at) = (self.now, self.is_stopping, self.remind_at());
        let refreshed = self.keeper.refresh(name, now).expect("the account exists");
        let model = self.model(name);
        let old = model.sign_in().map(|sign_in| sign_in.url.clone());
        let expected = match &mut model.phase {
            _ if is_stopping => Refreshed::Stopping,
            Phase::Exchanging { .. } => Refreshed::Exchanging { last_error: model.exchange_error() },
            Phase::Active(session) if session.is_refreshable() && !session.offers_sign_in() => {
                session.hasten(true, now.moment);
                Refreshed::Scheduled { refresh_in: model.refresh_in(now) }
            }
            Phase::Active(session) if !session.is_refreshable() && !session.has_expired(now.moment) => {
                Refreshed::Impossible
            }
            _ => {
                let Refreshed::Pending(url) = &refreshed else { panic!("{refreshed:?} without a token") };
                assert_ne!(Some(url), old.as_ref(), "refresh makes a new URL");
                model.pending(url.clone(), remind_at, now);
                refreshed.clone()
            }
        };
        assert_eq!(refreshed, expected, "{name}");
        self.absorb();
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
        self.keeper.stop();
        self.absorb();
    }
}

/// What a caller hears of a token that has expired, or is valid for too short a time.
fn not_good_enough(model: &Model, now: Now) -> Shown {
    let Phase::Active(session) = &model.phase else { panic!("no session") };
    let renewal = session.is_refreshable().then(|| Renewing {
        last_error: model.last_error.clone(),
        needs_attention: model.needs_attention(),
        refresh_in: model.refresh_in(now),
    });
    match renewal {
        Some(renewal) if session.has_expired(now.moment) => Shown::Expired(renewal),
        renewal => Shown::TooShort { valid_for: session.expires_at.since(now.moment), renewal },
    }
}
