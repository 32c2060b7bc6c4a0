//! What dumps must hold, and what restores must take from them.

use super::coverage::Coverage;
use super::model::{Model, Phase};
use super::session::Session;
use super::world::World;
use crate::keeper::tests::bench::seconds;
use crate::keeper::{Happened, Restored};
use crate::moment::{Moment, Now};
use crate::snapshot::{AccountSnapshot, Fingerprint, Lineage, Snapshot};

pub(super) const TEN_YEARS: u64 = 315_360_000;

impl World {
    pub(super) fn dump(&mut self, coverage: &mut Coverage) {
        self.count_for_all("dump", coverage);
        if self.snapshots.len() > 20 {
            self.snapshots.remove(1);
        }
        let mut snapshot = self.keeper.dump(self.now);
        assert_eq!(snapshot, self.expected_dump());
        if self.dice.chance(10) {
            // As from another program, which knows no lineage.
            snapshot.accounts.iter_mut().for_each(|saved| saved.lineage = None);
        }
        self.snapshots.push(snapshot);
    }

    pub(super) fn expected_dump(&self) -> Snapshot {
        let accounts = self.models.iter().filter_map(|(name, model)| self.saved(name, model));
        Snapshot { accounts: accounts.collect() }
    }

    fn saved(&self, name: &str, model: &Model) -> Option<AccountSnapshot> {
        let now = self.now;
        let session = model.held()?;
        (!session.is_not_worth_saving(now.moment)).then(|| AccountSnapshot {
            account: name.into(),
            fingerprint: Fingerprint::of_account(&self.accounts[name]),
            access_token: session.valid_token(now.moment).map(Into::into),
            refresh_token: session.refresh_token.as_deref().map(Into::into),
            obtained: now.wall_at(session.obtained_at),
            expires: now.wall_at(session.expires_at),
            lineage: Some(session.lineage),
        })
    }

    pub(super) fn restore(&mut self, coverage: &mut Coverage) {
        self.count_for_all("restore", coverage);
        let which = self.dice.below(self.snapshots.len());
        let snapshot = self.snapshots[which].clone();
        let expected = self.expect_restored(&snapshot);
        for saved in snapshot.accounts.iter().filter(|saved| expected.restored.contains(&saved.account)) {
            self.disk.restored(saved.account.as_str());
            let refresh_token = saved.refresh_token.as_ref().map(|token| token.expose());
            if let Some(older) = refresh_token.filter(|token| self.grants.is_used(token)) {
                self.grants.excuse(older);
            }
        }
        assert_eq!(self.keeper.restore(snapshot, self.now), expected);
        self.absorb();
    }

    /// What becomes of each of these accounts, in the keeper and from now on in the models.
    pub(super) fn expect_restored(&mut self, snapshot: &Snapshot) -> Restored {
        let mut expected = Restored::default();
        for saved in &snapshot.accounts {
            let name = saved.account.clone();
            if self.accounts.get(name.as_str()).map(Fingerprint::of_account) != Some(saved.fingerprint) {
                expected.skipped.push((name, "the configuration of the account differs from the dump's"));
                continue;
            }
            let session = self.restored_session(saved);
            if session.is_not_worth_saving(self.now.moment) {
                expected.skipped.push((name, "its access token has expired and it has no refresh token"));
            } else if self.gives_way(saved, &session) {
                expected.restored.push(name);
                self.take(saved, session);
            } else {
                expected.kept.push(name);
            }
        }
        expected
    }

    /// An exchange that is under way is newer than any dump, and where there is nothing there is nothing to lose.
    fn gives_way(&mut self, saved: &AccountSnapshot, session: &Session) -> bool {
        let now = self.now.moment;
        let model = self.model(saved.account.as_str());
        if model.revocation.is_some() {
            return false;
        }
        match (&model.phase, model.held()) {
            (Phase::Exchanging { .. }, _) => false,
            (_, None) => true,
            (_, Some(present)) => present.gives_way_to(session, saved.lineage, now),
        }
    }

    fn take(&mut self, saved: &AccountSnapshot, session: Session) {
        let model = self.model(saved.account.as_str());
        let needless = model.sign_in().map(|sign_in| (sign_in.url.clone(), true));
        model.forget();
        model.used_url = needless.or(model.used_url.take());
        model.phase = Phase::Active(session);
        model.expected.event(Happened::Restored);
    }

    fn restored_session(&self, saved: &AccountSnapshot) -> Session {
        let now = self.now;
        let unknown = Lineage { session: 0, generation: 0, authorized: saved.obtained };
        let mut session = Session {
            access_token: saved.access_token.as_ref().map_or("", |token| token.expose()).to_owned(),
            refresh_token: saved.refresh_token.as_ref().map(|token| token.expose().to_owned()),
            obtained_at: now.moment_at(saved.obtained.min(now.wall)),
            lineage: saved.lineage.unwrap_or(unknown),
            is_numbered: saved.lineage.is_some(),
            by_itself: self.accounts[saved.account.as_str()].grant.application().is_some(),
            ..Session::beginning(now)
        };
        if saved.access_token.is_some() {
            session.expires_at = lives_until(saved, now);
        } else {
            session.expires_at = now.moment_at(saved.expires).min(now.moment);
        }
        session.restored();
        session.wait_fresh(&self.accounts[saved.account.as_str()]);
        if saved.obtained > now.wall {
            // Our clock lags, and nobody knows how old the token is.
            session.due = now.moment;
        }
        session
    }
}

/// No longer than it was given, counted from now, and never longer than ten years.
fn lives_until(saved: &AccountSnapshot, now: Now) -> Moment {
    let lifetime = saved.expires.0.saturating_sub(saved.obtained.0).min(TEN_YEARS);
    now.moment_at(saved.expires).min(now.moment.plus(seconds(lifetime)))
}
