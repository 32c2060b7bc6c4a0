//! What the authorization servers and the hook that is asked do.

use super::coverage::Coverage;
use super::hosts::Host;
use super::world::World;
use crate::http::{Answer, Lost};
use crate::keeper::purpose::{Meaning, Purpose};
use crate::keeper::tests::bench::seconds;
use crate::keeper::{HookVerdict, JobId};
use crate::oauth::device_poll::Polled;
use crate::oauth::outcome::{Issued, Outcome, Reason};
use crate::oauth::token_request::GrantType;
use crate::testing::answer_for;

/// A token request that has not been answered.
pub(super) struct Request {
    pub(super) account: String,
    pub(super) host: Host,
    pub(super) code: Option<String>,
    /// Of a refresh.
    pub(super) refresh_token: Option<String>,
    pub(super) purpose: Purpose,
}

impl World {
    /// A server answers one of its requests, in any order, or the answer is lost.
    pub(super) fn answer(&mut self, coverage: &mut Coverage) {
        // Some requests stay unanswered for long, so that their answer finds another state than they left.
        let with_slow_ones = self.dice.chance(8);
        let is_ready = |(job, request): &(&JobId, &Request)| {
            with_slow_ones || (!job.0.is_multiple_of(6) && self.mute != Some(request.host))
        };
        let waiting: Vec<JobId> = self.requests.iter().filter(is_ready).map(|(job, _)| *job).collect();
        if waiting.is_empty() {
            return;
        }
        let job = self.dice.pick(&waiting);
        let Some(request) = self.requests.remove(&job) else { return };
        let result = self.random_result(&request);
        let meaning = request.purpose.judge(result.clone());
        if let (Some(code), false) = (&request.code, is_unreached(&meaning)) {
            self.spent.spend(code);
        }
        self.heard_of(request.host, result.is_ok());
        self.note_grant(job, &request, &result, &meaning);
        if !self.model(&request.account).awaits(job) {
            self.count(&request.account, "late answer", coverage);
        }
        let (account, now, remind_at) = (self.accounts[&request.account].clone(), self.now, self.remind_at());
        if self.model(&request.account).hears(job, &meaning) {
            let meaning = self.doubted(&request.account, job, request.purpose.client_secret(), meaning);
            let model = self.model(&request.account);
            meaning.into_iter().for_each(|meaning| model.take(meaning, &account, remind_at, now));
        }
        self.keeper.answered(job, result, now);
        self.absorb();
    }

    /// What the server knows from now on. It may have replaced a refresh token though its answer was lost.
    fn note_grant(&mut self, job: JobId, sent: &Request, result: &Result<Answer, Lost>, meaning: &Meaning) {
        let issued = match meaning {
            Meaning::Token(Outcome::Issued(issued)) | Meaning::Poll(Polled::Issued(issued)) => {
                issued.refresh_token.as_ref()
            }
            _ => None,
        };
        let new = issued.map(|token| token.expose());
        let is_awaited = self.models[&sent.account].request == Some(job);
        match &sent.refresh_token {
            None => new.into_iter().for_each(|new| self.grants.begin(new)),
            // What nobody waits for was answered before.
            Some(old) if !is_awaited && self.grants.is_used(old) => {}
            Some(old) => {
                let is_lost = matches!(result, Err(Lost { sent: true, .. })) && self.dice.chance(50);
                if new.is_some() || is_lost {
                    self.grants.rotate(old, new);
                }
            }
        }
    }

    fn random_result(&mut self, request: &Request) -> Result<Answer, Lost> {
        let is_mute = self.mute == Some(request.host);
        if is_mute || self.dice.chance(10) {
            let why = self.dice.pick(&["no route", "it took too long"]).to_owned();
            return Err(Lost { sent: self.dice.chance(40), why, needs_person: false, is_unresolved: false });
        }
        let is_proven = self.model(&request.account).session().is_some_and(|session| session.is_proven);
        let is_refresh = matches!(&request.purpose, Purpose::Token(_));
        if self.is_vague && is_refresh && is_proven && self.dice.chance(70) {
            let reason = Reason::with_cause("invalid_request", "gone, perhaps");
            return answer_for(&Outcome::RefusedVaguely(reason));
        }
        match &request.purpose {
            Purpose::Token(request) => answer_for(&self.random_outcome(request.grant)),
            Purpose::Poll(_) if self.dice.chance(20) => answer_for(&self.random_issue(65)),
            Purpose::Poll(_) => Ok(self.random_poll_answer()),
            Purpose::Codes(_) => Ok(self.random_codes()),
            Purpose::Revocation(_) => Ok(self.random_revocation_answer()),
        }
    }

    fn random_outcome(&mut self, grant: GrantType) -> Outcome {
        let reason = Reason::with_cause(self.dice.pick(&["x", "y"]), "as the dice fell");
        let refreshable = if grant == GrantType::AuthorizationCode { 65 } else { 40 };
        match self.dice.below(100) {
            0..53 => self.random_issue(refreshable),
            53..57 => Outcome::Ended(reason),
            57..60 => Outcome::NeedsAttention(Reason::with_cause("invalid_client", "no")),
            60..67 => Outcome::RefusedVaguely(reason),
            67..72 => Outcome::Transient { reason, retry_after: None, reached: false },
            72..82 => Outcome::RefusedSilently(reason),
            _ => {
                let retry_after = self.dice.pick(&[None, Some(1), Some(120), Some(u64::MAX)]).map(seconds);
                Outcome::Transient { reason, retry_after, reached: true }
            }
        }
    }

    /// Tokens, with a refresh token in so many of a hundred cases.
    fn random_issue(&mut self, refreshable: usize) -> Outcome {
        let serial = self.serial();
        let comes_with_refresh_token = self.dice.chance(refreshable);
        Outcome::Issued(Issued {
            access_token: format!("at-{serial}").as_str().into(),
            refresh_token: comes_with_refresh_token.then(|| format!("rt-{serial}").as_str().into()),
            lifetime: seconds(self.dice.pick(&[0, 1, 5, 30, 120, 600, 3600, 3600, 86_400, 315_360_000])),
            narrowed_scope: None,
            users: Vec::new(),
        })
    }

    pub(super) fn hook_answers(&mut self) {
        let waiting: Vec<JobId> = self.questions.keys().copied().collect();
        if waiting.is_empty() {
            return;
        }
        let job = self.dice.pick(&waiting);
        let Some(name) = self.questions.remove(&job) else { return };
        let verdict = self.dice.pick(&[HookVerdict::KeepTrying, HookVerdict::GiveUp, HookVerdict::NoVerdict]);
        let now = self.now;
        self.model(&name).hook_answered(job, verdict, now);
        self.keeper.command_finished(job, verdict, now);
        self.absorb();
    }
}

fn is_unreached(meaning: &Meaning) -> bool {
    matches!(meaning, Meaning::Token(Outcome::Transient { reached: false, .. }))
}
