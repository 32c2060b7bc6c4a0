//! What callers and the operator do.

use super::coverage::Coverage;
use super::model::{Phase, Session};
use super::world::World;
use crate::keeper::tests::bench::{PORTS, config, seconds};
use crate::keeper::{Refreshed, Shown, TokenEvent};

impl World {
    pub(super) fn show(&mut self, name: &str, coverage: &mut Coverage) {
        self.count(name, "show", coverage);
        let now = self.now;
        let shown = self.keeper.show(name, now).expect("the account exists");
        let model = self.model(name);
        match (&model.phase, shown) {
            (Phase::Active(session), Shown::AccessToken(token)) => {
                assert_eq!(token.expose(), session.access_token, "not the latest token");
                assert!(session.expires_at > now.moment, "an expired token was shown");
            }
            (Phase::Active(session), Shown::Expired { .. }) => {
                assert!(session.expires_at <= now.moment, "a valid token was not shown");
                assert!(session.refresh_token.is_some());
            }
            (Phase::Pending { url }, Shown::Pending(shown)) => assert_eq!(*url, shown),
            (Phase::Exchanging { .. }, Shown::Exchanging) => {}
            (Phase::Empty, Shown::Pending(url)) => model.phase = Phase::Pending { url },
            (Phase::Active(session), Shown::Pending(url)) => {
                assert!(session.refresh_token.is_none(), "a refresh token was given up");
                assert!(session.expires_at <= now.moment, "a valid token was given up");
                model.phase = Phase::Pending { url };
            }
            (phase, shown) => panic!("{shown:?} while {phase:?}"),
        }
        self.absorb();
    }

    pub(super) fn refresh(&mut self, name: &str, coverage: &mut Coverage) {
        self.count(name, "refresh", coverage);
        let now = self.now;
        let refreshed = self.keeper.refresh(name, now).expect("the account exists");
        let model = self.model(name);
        match (&model.phase, refreshed) {
            (Phase::Active(session), Refreshed::Scheduled) => assert!(session.refresh_token.is_some()),
            (Phase::Active(session), Refreshed::Impossible) => {
                assert!(session.refresh_token.is_none() && session.expires_at > now.moment);
            }
            (Phase::Active(session), Refreshed::Pending(url)) => {
                assert!(session.refresh_token.is_none() && session.expires_at <= now.moment);
                model.phase = Phase::Pending { url };
            }
            (Phase::Exchanging { .. }, Refreshed::Exchanging) => {}
            (Phase::Pending { url: old }, Refreshed::Pending(url)) => {
                assert_ne!(*old, url, "refresh makes a new URL");
                model.phase = Phase::Pending { url };
            }
            (Phase::Empty, Refreshed::Pending(url)) => model.phase = Phase::Pending { url },
            (phase, refreshed) => panic!("{refreshed:?} while {phase:?}"),
        }
        self.absorb();
    }

    pub(super) fn revoke(&mut self, name: &str, coverage: &mut Coverage) {
        self.count(name, "revoke", coverage);
        self.keeper.revoke(name, self.now).expect("the account exists");
        let model = self.model(name);
        model.used_url = None;
        if model.end() {
            model.expected.push(TokenEvent::Revoked);
        }
        self.absorb();
    }

    pub(super) fn reload(&mut self, name: &str, coverage: &mut Coverage) {
        let mut changed = self.accounts[name].clone();
        let security_relevant = self.dice.chance(60);
        let serial = self.serial();
        if security_relevant {
            changed.client_id = format!("client-{serial}").into();
        } else {
            changed.client_secret = Some(format!("secret-{serial}").as_str().into());
            changed.refresh_retry = seconds(self.dice.pick(&[1, 40, 4000]));
        }
        match security_relevant {
            true => self.count(name, "changed reload", coverage),
            false => self.count_for_all("same reload", coverage),
        }
        self.accounts.insert(name.to_owned(), changed);
        self.keeper.reload(config(self.accounts.values().cloned().collect()), PORTS, self.now);
        let model = self.model(name);
        if security_relevant {
            model.used_url = None;
            if model.end() {
                model.expected.push(TokenEvent::Invalidated);
            }
        }
        self.absorb();
    }

    pub(super) fn dump(&mut self, coverage: &mut Coverage) {
        self.count_for_all("dump", coverage);
        if self.snapshots.len() > 20 {
            self.snapshots.remove(1);
        }
        self.snapshots.push(self.keeper.dump(self.now));
    }

    pub(super) fn restore(&mut self, coverage: &mut Coverage) {
        self.count_for_all("restore", coverage);
        let which = self.dice.below(self.snapshots.len());
        let snapshot = self.snapshots[which].clone();
        let done = self.keeper.restore(snapshot.clone(), self.now);
        for restored in &done.restored {
            let now = self.now;
            let saved =
                snapshot.accounts.iter().find(|saved| saved.account == *restored).expect("it was in there");
            let model = self.model(restored.as_str());
            assert!(!matches!(model.phase, Phase::Exchanging { .. }), "an exchange was interrupted");
            let lifetime = saved.expires.0.saturating_sub(saved.obtained.0).min(315_360_000);
            let longest = if saved.access_token.is_some() { lifetime } else { 0 };
            let expires_at = now.moment_at(saved.expires).min(now.moment.plus(seconds(longest)));
            if let Some(session) = model.session().filter(|session| !session.is_spent(now.moment)) {
                session.assert_may_give_way(expires_at, saved.lineage);
            }
            model.used_url = None;
            model.request = None;
            model.phase = Phase::Active(Session {
                access_token: saved
                    .access_token
                    .as_ref()
                    .map_or_else(String::new, |token| token.expose().to_owned()),
                refresh_token: saved.refresh_token.as_ref().map(|token| token.expose().to_owned()),
                expires_at,
                failures: 0,
                question: None,
                lineage: saved.lineage,
            });
        }
        self.absorb();
    }
}
