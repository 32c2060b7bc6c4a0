//! What must hold between any two steps.

use pizauth_common::account_name::AccountName;
use pizauth_common::ipc::message::AccountStatus;

use super::coverage::Coverage;
use super::model::Model;
use super::world::World;
use crate::moment::Moment;

impl World {
    pub(super) fn check(&mut self, coverage: &mut Coverage) {
        self.check_tokens();
        self.check_status();
        self.check_waiting(coverage);
        self.check_waiters();
        self.check_secrets();
        self.models.values().for_each(|model| model.check_outage(self.now.moment));
        assert_eq!(self.keeper.poll_timeout(), self.next_wakeup(), "the next wake-up");
        assert_eq!(self.keeper.awaits_a_save(), self.disk.awaits_a_save());
        self.disk.check(&self.models, self.now.moment);
        assert_eq!(self.keeper.is_busy(), !self.requests.is_empty());
    }

    /// The keeper holds the tokens that the model knows, and no others.
    fn check_tokens(&self) {
        let now = self.now.moment;
        for (name, entry) in &self.keeper.entries {
            let (token, session) = match (entry.state.token(), self.models[name.as_str()].held()) {
                (Some(token), Some(session)) => (token, session),
                (Some(_), None) => panic!("a token of {name} outlived its session"),
                (_, Some(_)) => panic!("the tokens of {name} are gone"),
                (_, None) => continue,
            };
            let refresh_token = token.renewal.renewer().and_then(|renewer| renewer.by.refresh_token());
            let held = refresh_token.map(|token| token.expose());
            assert_eq!(held, session.refresh_token.as_deref(), "the refresh token of {name}");
            let held = token.access_token.as_ref().map(|token| token.expose());
            assert_eq!(held, session.valid_token(now), "the access token of {name}, wiped when it expires");
            assert_eq!(token.lineage, session.lineage, "the lineage of {name}");
        }
    }

    /// Takes the numbers that the keeper has rolled for new sessions.
    pub(super) fn number_sessions(&mut self) {
        for (name, model) in &mut self.models {
            let token = self.keeper.entries[name.as_str()].state.token();
            if let (Some(token), Some(session)) = (token, model.held_mut().filter(|it| !it.is_numbered)) {
                session.is_numbered = true;
                session.lineage.session = token.lineage.session;
                assert!(self.sessions.insert(token.lineage.session), "two sessions with one number");
            }
        }
    }

    fn check_status(&self) {
        let expected = self.models.iter().map(|(name, model)| AccountStatus {
            waits_for_secret: self.waits_for_secret(name),
            ..model.status(name, self.now)
        });
        for (row, expected) in self.keeper.status(self.now).into_iter().zip(expected) {
            assert_eq!(row, expected);
        }
    }

    /// Nobody whose request is due waits while a place for it is free.
    fn check_waiting(&self, coverage: &mut Coverage) {
        for (name, model) in &self.models {
            let wants = model.wants_request_at().is_some_and(|at| at <= self.now.moment);
            if !wants || self.is_stopping {
                continue;
            }
            assert!(!self.has_place_for(name), "{name} waits in vain: {:?}", model.phase);
            let what = if self.has_place() { "no place at its host" } else { "no place at all" };
            coverage.count(model.state(self.now), what);
        }
    }

    /// Who waits for a place causes no wake-up.
    fn next_wakeup(&self) -> Option<Moment> {
        let now = self.now.moment;
        let may_request = self.has_place() && !self.is_stopping;
        let of_model = |model: &Model| {
            let request = model.wants_request_at().filter(|at| may_request && *at > now);
            let reminder = model.waits().map(|sign_in| sign_in.remind_at);
            let held = model.held().filter(|session| session.valid_token(now).is_some());
            let codes = model.codes().filter(|_| model.request.is_none());
            let ends = [held.map(|session| session.expires_at), codes.map(|codes| codes.expires_at)];
            [request, reminder, ends[0], ends[1]]
        };
        self.models
            .values()
            .flat_map(of_model)
            .flatten()
            .chain(self.next_wait_ends())
            .chain(self.disk.next_save())
            .min()
    }

    /// Everything that had to be told of a step was.
    pub(super) fn check_all_told(&self) {
        for (name, model) in &self.models {
            model.expected.assert_all_told(&AccountName::from(name.as_str()));
            assert!(!model.must_ask, "transient_error_if_cmd was not asked about {name}");
        }
    }
}
