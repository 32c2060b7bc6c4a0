//! What a new configuration does.

use std::time::Duration;

use pizauth_common::config::{Account, ClientAuth, Config};

use super::coverage::Coverage;
use super::device::{with_any_grant, with_random_grant};
use super::dice::Dice;
use super::hosts::{HOSTS, at_host};
use super::model::{Model, Phase};
use super::revocation::with_revocation_at;
use super::secrets::with_any_secret;
use super::session::Session;
use super::world::World;
use crate::keeper::Happened;
use crate::keeper::tests::bench::{PORTS, account, config, seconds};
use crate::moment::Moment;
use crate::testing::key;

impl World {
    /// One account changes, or none; the others are looked at again.
    pub(super) fn reload(&mut self, name: &str, coverage: &mut Coverage) {
        let security_relevant = self.dice.chance(60);
        match security_relevant {
            true => self.count(name, "changed reload", coverage),
            false => self.count_for_all("same reload", coverage),
        }
        self.configured_every = seconds(self.dice.pick(&[0, 60, 900, 900]));
        let changed = self.changed(name, security_relevant);
        let begins_elsewhere = changed.grant != self.accounts[name].grant;
        let before = self.accounts.clone();
        let has_changed = changed != before[name];
        self.accounts.insert(name.to_owned(), changed);
        self.forget_secrets(&before);
        self.forget_idle_hosts();
        let (now, remind_at) = (self.now.moment, self.remind_at());
        for (model_name, model) in &mut self.models {
            if security_relevant && model_name == name {
                invalidate(model);
                model.by_itself = self.accounts[model_name].grant.application().is_some();
                if model.by_itself && self.fetches && !self.is_stopping {
                    model.fetch(self.now);
                }
            } else {
                if begins_elsewhere && model_name == name {
                    drop_sign_in(model);
                }
                if let Some(session) = model.held_mut().filter(|_| has_changed && model_name == name) {
                    session.settings_changed();
                }
                look_again(model, &self.accounts[model_name], remind_at, now);
            }
        }
        self.keeper.reload(self.config(), PORTS, self.now);
        self.absorb();
    }

    fn changed(&mut self, name: &str, security_relevant: bool) -> Account {
        let changed = self.accounts[name].clone();
        let serial = self.serial();
        if security_relevant {
            let changes_grant = self.dice.chance(20);
            let changed =
                if changes_grant { with_any_grant(changed, HOSTS.len(), &mut self.dice) } else { changed };
            let host = if self.dice.chance(50) { self.dice.pick(&HOSTS) } else { HOSTS[0] };
            return at_host(Account { client_id: format!("client-{serial}").into(), ..changed }, host);
        }
        let changes_grant = changed.grant.application().is_none() && self.dice.chance(20);
        let changed =
            if changes_grant { with_random_grant(changed, HOSTS.len(), &mut self.dice) } else { changed };
        let host = self.dice.pick(&[None, Some(HOSTS[0]), Some(HOSTS[1]), Some(HOSTS[2])]);
        let changed = if self.dice.chance(30) { with_revocation_at(changed, host) } else { changed };
        if self.dice.chance(30) {
            return with_any_secret(changed, &mut self.dice);
        }
        let client_auth = match self.dice.chance(80) {
            true => ClientAuth::Post(format!("secret-{serial}").as_str().into()),
            false => ClientAuth::PrivateKeyJwt(key(None)),
        };
        Account { client_auth, refresh_retry: seconds(self.dice.pick(&[1, 40, 4000])), ..changed }
    }

    pub(super) fn config(&self) -> Config {
        let accounts = self.accounts.values().cloned().collect();
        Config { auth_notify_interval: self.configured_every, ..config(accounts) }
    }

    /// When a user who is told of a URL now is told again.
    pub(super) fn remind_at(&self) -> Moment {
        self.now.moment.plus(self.configured_every.max(Duration::from_secs(1)))
    }
}

fn invalidate(model: &mut Model) {
    let had_any = !matches!(model.phase, Phase::Empty);
    let had_token = model.forget();
    if had_any {
        model.expected.event(Happened::TokenInvalidated { had_token });
    }
}

/// A sign-in that waits is void: it would begin elsewhere now.
fn drop_sign_in(model: &mut Model) {
    let is_on_device = matches!(model.phase, Phase::Starting { .. } | Phase::OnDevice { .. });
    if !is_on_device && model.sign_in().is_none() {
        return;
    }
    match model.held().cloned() {
        None => invalidate(model),
        Some(held) => {
            if is_on_device {
                model.request = None;
            }
            model.code_made_at = None;
            model.phase = Phase::Active(Session { sign_in: None, ..held });
            model.expected.event(Happened::TokenInvalidated { had_token: false });
        }
    }
}

/// Times may have changed, and what needed a person may have been mended.
fn look_again(model: &mut Model, account: &Account, new_remind_at: Moment, now: Moment) {
    if let Some(sign_in) = model.waits_mut() {
        sign_in.remind_at = new_remind_at.min(sign_in.remind_at);
    }
    let is_idle = model.request.is_none();
    if let Some(session) = model.session().filter(|_| is_idle) {
        session.reloaded(account, now);
    }
}

/// An account with times and a host as the dice fall.
pub(super) fn random_account(name: &str, hosts: usize, dice: &mut Dice) -> Account {
    let account = Account {
        refresh_at_least: seconds(dice.pick(&[1, 60, 5400])),
        refresh_before_expiry: seconds(dice.pick(&[0, 5, 90, 10_000])),
        refresh_retry: seconds(dice.pick(&[1, 40, 4000])),
        ..account(name)
    };
    let account = with_any_grant(account, hosts, dice);
    let account = with_any_secret(account, dice);
    let host = dice.chance(80).then(|| HOSTS[dice.below(hosts)]);
    let account = with_revocation_at(account, host);
    at_host(account, HOSTS[dice.below(hosts)])
}
