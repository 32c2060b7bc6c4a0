//! What the authorization server and the hook that is asked do.

use super::coverage::Coverage;
use super::model::{Phase, Session};
use super::world::{Request, World};
use crate::keeper::tests::bench::seconds;
use crate::keeper::{HookVerdict, JobId, TokenEvent};
use crate::oauth::outcome::{Issued, Outcome, Reason};
use crate::oauth::token_request::GrantType;
use crate::testing::answer_for;

impl World {
    /// The server answers one of its requests, in any order, or the answer is lost.
    pub(super) fn answer(&mut self, coverage: &mut Coverage) {
        // Some requests stay unanswered for long, so that their answer finds another state than they left.
        let with_slow_ones = self.dice.chance(8);
        let answered = |job: &JobId| with_slow_ones || !job.0.is_multiple_of(6);
        let waiting: Vec<JobId> = self.requests.keys().copied().filter(answered).collect();
        if waiting.is_empty() {
            return;
        }
        let job = self.dice.pick(&waiting);
        let Some(request) = self.requests.remove(&job) else { return };
        let outcome = self.random_outcome(request.grant);
        if let (Some(code), false) = (&request.code, is_unreached(&outcome)) {
            self.spent.spend(code);
        }
        if self.model(&request.account).request == Some(job) {
            self.model(&request.account).request = None;
            self.expect_outcome(&request, &outcome);
        } else {
            self.count(&request.account, "late answer", coverage);
        }
        self.keeper.answered(job, answer_for(&outcome), self.now);
        self.absorb();
    }

    fn expect_outcome(&mut self, request: &Request, outcome: &Outcome) {
        let now = self.now;
        let model = self.model(&request.account);
        match outcome {
            Outcome::Issued(issued) => {
                let old = model.session().and_then(|session| session.refresh_token.take());
                let new = issued.refresh_token.as_ref().map(|token| token.expose().to_owned());
                let refreshed = request.grant == GrantType::RefreshToken;
                model.expected.push(if refreshed { TokenEvent::Refreshed } else { TokenEvent::New });
                model.phase = Phase::Active(Session {
                    access_token: issued.access_token.expose().to_owned(),
                    refresh_token: new.or(old),
                    expires_at: now.moment.plus(issued.lifetime),
                    failures: 0,
                    question: None,
                    lineage: None,
                });
            }
            Outcome::Ended(_) => {
                if model.end() {
                    model.expected.push(TokenEvent::Invalidated);
                }
            }
            Outcome::NeedsAttention(_) => match model.session() {
                Some(session) => (session.failures, session.question) = (0, None),
                None => model.phase = Phase::Empty,
            },
            Outcome::Transient { reached, .. } => match model.session() {
                Some(session) => session.failures += 1,
                // Whether a further try follows is seen by the requests that come.
                None if *reached => model.phase = Phase::Empty,
                None => {}
            },
        }
    }

    fn random_outcome(&mut self, grant: GrantType) -> Outcome {
        let serial = self.serial();
        let reason = Reason::with_cause(self.dice.pick(&["x", "y"]), "as the dice fell");
        let comes_with_refresh_token =
            self.dice.chance(if grant == GrantType::AuthorizationCode { 65 } else { 40 });
        match self.dice.below(100) {
            0..50 => Outcome::Issued(Issued {
                access_token: format!("at-{serial}").as_str().into(),
                refresh_token: comes_with_refresh_token.then(|| format!("rt-{serial}").as_str().into()),
                lifetime: seconds(self.dice.pick(&[0, 1, 5, 30, 120, 600, 3600, 3600, 86_400, 315_360_000])),
                narrowed_scope: None,
            }),
            50..54 => Outcome::Ended(reason),
            54..60 => Outcome::NeedsAttention(reason),
            60..75 => Outcome::Transient { reason, retry_after: None, reached: false },
            _ => {
                let retry_after = self.dice.pick(&[None, Some(1), Some(120), Some(u64::MAX)]).map(seconds);
                Outcome::Transient { reason, retry_after, reached: true }
            }
        }
    }

    pub(super) fn hook_answers(&mut self) {
        let waiting: Vec<JobId> = self.questions.keys().copied().collect();
        if waiting.is_empty() {
            return;
        }
        let job = self.dice.pick(&waiting);
        let Some(name) = self.questions.remove(&job) else { return };
        let verdict = self.dice.pick(&[HookVerdict::KeepTrying, HookVerdict::GiveUp, HookVerdict::NoVerdict]);
        let model = self.model(&name);
        if let Some(session) = model.session().filter(|session| session.question == Some(job)) {
            session.question = None;
            if verdict == HookVerdict::GiveUp {
                model.end();
                model.expected.push(TokenEvent::Invalidated);
            }
        }
        self.keeper.command_finished(job, verdict, self.now);
        self.absorb();
    }
}

fn is_unreached(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Transient { reached: false, .. })
}
