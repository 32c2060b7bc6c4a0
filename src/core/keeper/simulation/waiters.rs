//! Callers that wait: each is answered once, rightly, and in time.

use std::time::Duration;

use super::coverage::Coverage;
use super::model::{Model, Phase};
use super::session::Session;
use super::world::World;
use crate::keeper::tests::bench::seconds;
use crate::keeper::{Demand, Dismissal, RevocationEnd, Waited, WaiterId};
use crate::moment::Moment;
use crate::snapshot::Lineage;

/// Who waits for what.
pub(super) struct Waiting {
    name: String,
    /// None: that the server revokes what there is.
    demand: Option<Demand>,
    asked_at: Moment,
    /// Of the token that there was then.
    old: Option<Lineage>,
    until: Moment,
}

impl Waiting {
    fn is_for_token(&self) -> bool {
        !matches!(self.demand, None | Some(Demand::OtherStage(_)))
    }

    pub(super) fn of(
        name: &str,
        demand: Option<Demand>,
        asked_at: Moment,
        old: Option<Lineage>,
        until: Moment,
    ) -> Self {
        Self { name: name.to_owned(), demand, asked_at, old, until }
    }
}

impl World {
    /// Somebody asks for a token and waits where there is none.
    pub(super) fn wait(&mut self, name: &str, coverage: &mut Coverage) {
        let demand = match self.dice.below(3) {
            0 => {
                let min_valid = self.min_valid();
                self.show_lasting(name, min_valid, coverage);
                Demand::Token { min_valid }
            }
            1 => {
                self.refresh(name, coverage);
                self.dice.pick(&[Demand::NewToken, Demand::FirstTry])
            }
            _ => {
                self.login(name, coverage);
                Demand::OtherStage(self.stage(name).mark())
            }
        };
        let until = self.now.moment.plus(seconds(self.dice.pick(&[1, 20, 600, 4_000])));
        let old = self.lineage_of(name);
        let waiting = Waiting::of(name, Some(demand), self.now.moment, old, until);
        let rests = waiting.is_for_token() && matches!(self.model(name).phase, Phase::Empty);
        // What has ended all hope in this step was told already.
        let is_over = waiting.is_for_token() && self.is_over(name);
        if self.is_stopping || rests || is_over || self.is_satisfied(&waiting) {
            return;
        }
        self.count(name, "wait", coverage);
        let id = WaiterId(self.serial());
        self.keeper.wait(name, id, demand, until, self.now).expect("the account exists");
        self.model(name).waiters += 1;
        self.waiting.insert(id, waiting);
        self.absorb();
    }

    /// Somebody who waits has enough of it.
    pub(super) fn leave(&mut self, coverage: &mut Coverage) {
        let ids: Vec<_> = self.waiting.keys().copied().collect();
        if ids.is_empty() {
            return;
        }
        let id = self.dice.pick(&ids);
        let name = self.take_waiting(id).name;
        self.count(&name, "leave", coverage);
        self.keeper.stop_waiting(&name, id, self.now);
        self.absorb();
    }

    pub(super) fn min_valid(&mut self) -> Duration {
        seconds(self.dice.pick(&[0, 0, 10, 300, 100_000]))
    }

    /// The keeper has answered one of them.
    pub(super) fn waited(&mut self, id: WaiterId, how: Waited) {
        let (waiting, now) = (self.take_waiting(id), self.now.moment);
        let is_satisfied = self.is_satisfied(&waiting);
        match how {
            Waited::Token(token) => {
                assert!(is_satisfied, "{token:?} is not what {} waits for", waiting.name);
                let session = self.model(&waiting.name).held().expect("a token is of a session");
                assert_eq!(session.valid_token(now), Some(token.expose()));
            }
            Waited::OtherStage => {
                assert!(!waiting.is_for_token() && is_satisfied && !self.is_over(&waiting.name));
            }
            Waited::Failed(why) => {
                assert!(self.is_in_vain(&waiting), "{}: {why}", waiting.name);
                assert_eq!(is_satisfied, !waiting.is_for_token(), "{}: {why}", waiting.name);
            }
            Waited::Dismissed(Dismissal::TimeIsUp) => {
                assert!(waiting.until <= now && !is_satisfied, "{}", waiting.name);
            }
            Waited::Dismissed(Dismissal::Stopping) => assert!(self.is_stopping),
            Waited::Dismissed(Dismissal::UnknownAccount) => panic!("{} is known", waiting.name),
        }
    }

    /// The same of one who wanted tokens revoked.
    pub(super) fn revoker_waited(&mut self, id: WaiterId, how: RevocationEnd) {
        let name = self.waiting.get(&id).expect("who waits is answered once").name.clone();
        self.answered_without_secret(&name, &how);
        let waiting = self.take_waiting(id);
        assert_eq!(waiting.demand, None);
        self.revoker_answered(&name, waiting.until, how);
    }

    /// Nobody waits who could be told something.
    pub(super) fn check_waiters(&self) {
        for waiting in self.waiting.values() {
            let name = &waiting.name;
            assert!(waiting.until > self.now.moment, "somebody waits for {name} longer than for its time");
            assert!(!self.is_satisfied(waiting), "nobody was told that {name} has what they wait for");
            let revokes = self.models[name].revocation.is_some();
            assert!(revokes || waiting.demand.is_some(), "somebody waits for nothing at {name}");
            let is_in_vain = waiting.is_for_token() && self.is_in_vain(waiting);
            assert!(!self.is_stopping && !is_in_vain, "somebody waits for {name} in vain");
        }
    }

    pub(super) fn next_wait_ends(&self) -> Option<Moment> {
        self.waiting.values().map(|waiting| waiting.until).min()
    }

    fn take_waiting(&mut self, id: WaiterId) -> Waiting {
        let waiting = self.waiting.remove(&id).expect("who waits is answered once");
        let model = self.model(&waiting.name);
        model.waiters -= 1;
        if let Some(revocation) = model.revocation.as_mut().filter(|_| waiting.demand.is_none()) {
            revocation.waiters -= 1;
        }
        self.settle();
        waiting
    }

    /// Whether this step has ended all hope; a sign-in that is under way is some.
    fn is_over(&self, name: &str) -> bool {
        let model = &self.models[name];
        let awaits_sign_in = match &model.phase {
            Phase::Starting { .. } | Phase::OnDevice { .. } | Phase::Exchanging { .. } => true,
            _ => model.sign_in().is_some(),
        };
        self.hopeless.contains(name) && !awaits_sign_in
    }

    /// The same, for one who waits: there are some for whom a failure that is tried again is one.
    fn is_in_vain(&self, waiting: &Waiting) -> bool {
        let has_failed =
            waiting.demand == Some(Demand::FirstTry) && self.failed_tries.contains(&waiting.name);
        self.is_over(&waiting.name) || has_failed
    }

    fn lineage_of(&self, name: &str) -> Option<Lineage> {
        self.keeper.entries[name].state.token().map(|token| token.lineage)
    }

    fn is_satisfied(&self, waiting: &Waiting) -> bool {
        let (now, session) = (self.now.moment, self.models[&waiting.name].held());
        match waiting.demand {
            None => false,
            Some(Demand::Token { min_valid }) => {
                session.is_some_and(|it| it.lasting(min_valid, now).is_some())
            }
            Some(Demand::NewToken | Demand::FirstTry) => session.is_some_and(|session| {
                let is_other = self.lineage_of(&waiting.name) != waiting.old;
                is_other && session.obtained_at >= waiting.asked_at && session.valid_token(now).is_some()
            }),
            Some(Demand::OtherStage(seen)) => self.stage(&waiting.name).mark() != seen,
        }
    }
}

impl Session {
    /// Its access token, if it is valid for so long, or none of the server's is.
    pub(super) fn lasting(&self, min_valid: Duration, now: Moment) -> Option<&str> {
        let lifetime = self.expires_at.since(self.obtained_at);
        let is_long = self.expires_at.since(now) >= min_valid || lifetime <= min_valid + seconds(5);
        self.valid_token(now).filter(|_| is_long)
    }
}

impl Model {
    /// What a pause may be at most, where the server was not `reached`.
    pub(super) fn longest_pause(&self, reached: bool) -> Duration {
        if self.waiters > 0 && !reached { seconds(2) } else { Duration::MAX }
    }
}
