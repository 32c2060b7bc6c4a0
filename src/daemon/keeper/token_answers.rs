//! What the answers to outside work change: of token requests, and of `transient_error_if_cmd`.

use std::time::Duration;

use pizauth_common::account_name::{AccountName, as_argument};
use pizauth_common::secret::Secret;

use super::Keeper;
use super::effect::{Hook, JobId, TokenEvent};
use super::notice::NoticeKind;
use super::pace;
use super::token_state::{ActiveToken, ExchangeStage, Pause, RefreshGrant, Renewal, TokenState};
use crate::moment::{Moment, Now};
use crate::oauth::outcome::{Issued, Outcome, Reason};
use crate::oauth::provider_hints::hint_for_age;
use crate::snapshot::Lineage;

/// `transient_error_if_cmd` is asked after so many consecutive failures, again and again.
const FAILURES_PER_QUESTION: u32 = 6;

/// What `transient_error_if_cmd` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookVerdict {
    /// The failure is transient: go on.
    KeepTrying,
    /// The failure is permanent.
    GiveUp,
    /// It could not be asked, or was ended by our own shutdown.
    NoVerdict,
}

/// A transient failure of a refresh.
struct Failure {
    reason: Reason,
    retry_after: Option<Duration>,
    reached: bool,
}

impl Keeper {
    /// The outcome of a token request. It counts only while an account holds the ticket.
    pub fn token_answer(&mut self, job: JobId, outcome: Outcome, now: Now) {
        let Some(name) = self.in_flight.remove(&job) else { return };
        let is_awaited = self.entries.get(&name).is_some_and(|entry| entry.awaits(job));
        self.log(&name, NoticeKind::RequestEnded { outcome: outcome.as_str(), is_awaited });
        match self.entries.get(&name).filter(|_| is_awaited).map(|entry| &entry.state) {
            Some(TokenState::Exchanging(_)) => self.exchange_answered(&name, outcome, now),
            Some(TokenState::Active(_)) => self.refresh_answered(&name, outcome, now),
            _ => {}
        }
        self.settle(&name, now);
    }

    /// The verdict of a `transient_error_if_cmd`. It counts only while a session holds the ticket.
    pub fn hook_finished(&mut self, job: JobId, verdict: HookVerdict, now: Now) {
        let Some(name) = self.questions.remove(&job) else { return };
        let Some(entry) = self.entries.get_mut(&name) else { return };
        let TokenState::Active(token) = &mut entry.state else { return };
        let Some(grant) = token.renewal.grant_mut().filter(|grant| grant.question == Some(job)) else {
            return;
        };
        grant.question = None;
        if verdict == HookVerdict::GiveUp {
            let why = entry.last_error.as_ref().map_or("no error is known", Reason::as_str);
            let reason = Reason::with_cause(
                "transient_error_if_cmd",
                &format!("transient_error_if_cmd gave up: {why}"),
            );
            self.end_session(&name, reason, now);
        }
        self.settle(&name, now);
    }

    fn exchange_answered(&mut self, name: &AccountName, outcome: Outcome, now: Now) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        let TokenState::Exchanging(exchange) = &mut entry.state else { return };
        let (job, tries) = (exchange.job, exchange.tries);
        match outcome {
            Outcome::Issued(issued) => {
                self.issued(name, issued, now);
                self.exchange_finished(job, name, Ok(()));
            }
            Outcome::Transient { reason, reached: false, .. } if tries < pace::EXCHANGE_TRIES => {
                let pause = pace::exchange_pause(tries);
                exchange.stage = ExchangeStage::Waiting { due: now.moment.plus(pause) };
                entry.failed(&reason, now.moment);
                self.log(name, NoticeKind::ExchangeRetry { reason, pause });
            }
            Outcome::Ended(reason) | Outcome::NeedsAttention(reason) | Outcome::Transient { reason, .. } => {
                entry.state = TokenState::Empty;
                self.authorization_failed(name, &reason, now);
                self.exchange_finished(job, name, Err(reason));
            }
        }
    }

    /// An authorization came to nothing; the account is empty already.
    pub(super) fn authorization_failed(&mut self, name: &AccountName, reason: &Reason, now: Now) {
        if let Some(entry) = self.entries.get_mut(name) {
            entry.failed(reason, now.moment);
        }
        self.log(name, NoticeKind::AuthorizationFailed { reason: reason.clone() });
        self.report(name, reason, format!("authorization failed: {reason}"));
    }

    fn refresh_answered(&mut self, name: &AccountName, outcome: Outcome, now: Now) {
        match outcome {
            Outcome::Issued(issued) => self.issued(name, issued, now),
            Outcome::Ended(reason) => {
                let reason = self.with_age_hint(name, reason, now);
                self.end_session(name, reason, now);
            }
            Outcome::NeedsAttention(reason) => self.needs_attention(name, reason, now),
            Outcome::Transient { reason, retry_after, reached } => {
                self.refresh_failed(name, Failure { reason, retry_after, reached }, now);
            }
        }
    }

    /// A token for an authorization or a refresh. A new refresh token replaces the old one; else that stays.
    fn issued(&mut self, name: &AccountName, issued: Issued, now: Now) {
        let new_session = self.random();
        let Some(entry) = self.entries.get_mut(name) else { return };
        let Issued { access_token, refresh_token, lifetime, narrowed_scope } = issued;
        let rotated = refresh_token.is_some();
        let (lineage, old_refresh_token) = match std::mem::replace(&mut entry.state, TokenState::Empty) {
            TokenState::Active(old) => (next_generation(old.lineage), take_refresh_token(old.renewal)),
            _ => (Lineage { session: new_session, generation: 0, authorized: now.wall }, None),
        };
        let (obtained_at, expires_at) = (now.moment, now.moment.plus(lifetime));
        let renewal =
            Renewal::of(refresh_token.or(old_refresh_token), &entry.account, obtained_at, expires_at);
        let refreshable = renewal.grant().is_some();
        let access_token = Some(access_token);
        entry.state =
            TokenState::Active(ActiveToken { access_token, obtained_at, expires_at, lineage, renewal });
        entry.succeeded(now.moment);
        if let Some(granted) = narrowed_scope {
            self.log(name, NoticeKind::ScopeNarrowed { granted });
        }
        if lineage.generation == 0 {
            self.log(name, NoticeKind::TokenNew { lifetime, refreshable });
            self.emit(name, TokenEvent::New);
        } else {
            self.log(name, NoticeKind::TokenRefreshed { lifetime, rotated });
            self.emit(name, TokenEvent::Refreshed);
        }
    }

    /// Some servers end sessions at a certain age without saying so.
    fn with_age_hint(&self, name: &AccountName, reason: Reason, now: Now) -> Reason {
        let Some(TokenState::Active(token)) = self.entries.get(name).map(|entry| &entry.state) else {
            return reason;
        };
        match hint_for_age(now.wall.since(token.lineage.authorized)) {
            Some(hint) => Reason::with_cause(reason.cause(), &format!("{reason} ({hint})")),
            None => reason,
        }
    }

    /// Back to empty because there is nothing left to refresh with.
    fn end_session(&mut self, name: &AccountName, reason: Reason, now: Now) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        entry.state = TokenState::Empty;
        entry.failed(&reason, now.moment);
        self.emit(name, TokenEvent::Invalidated);
        let account = as_argument(name.as_str());
        let message =
            format!("the session has ended: {reason}; sign in again with: pizauth refresh {account}");
        self.report(name, &reason, message);
        self.log(name, NoticeKind::SessionEnded { reason });
    }

    fn needs_attention(&mut self, name: &AccountName, reason: Reason, now: Now) {
        let due = now.moment.plus(pace::ATTENTION_RETRY);
        let Some(entry) = self.entries.get_mut(name) else { return };
        entry.failed(&reason, now.moment);
        if let Some(grant) = self.rest(name, due, Pause::Attention) {
            (grant.failures, grant.answered) = (0, 0);
            // What is being asked about transient failures is answered already: there is an error of another kind.
            grant.question = None;
        }
        let account = as_argument(name.as_str());
        let message =
            format!("refresh needs attention: {reason}; when that is mended: pizauth refresh {account}");
        self.report(name, &reason, message);
        self.log(name, NoticeKind::NeedsAttention { reason });
    }

    fn refresh_failed(&mut self, name: &AccountName, failure: Failure, now: Now) {
        let dice = self.random();
        let Some(entry) = self.entries.get_mut(name) else { return };
        let TokenState::Active(token) = &entry.state else { return };
        let (failures, answered) =
            token.renewal.grant().map_or((0, 0), |grant| (grant.failures, grant.answered));
        let failures = failures.saturating_add(1);
        let answered = if failure.reached { answered.saturating_add(1) } else { 0 };
        let pause = pace::refresh_pause(&entry.account, answered, dice);
        let not_before =
            failure.retry_after.map_or(now.moment, |asked| now.moment.plus(pace::retry_after(asked)));
        let due = not_before.max(now.moment.plus(pause));
        entry.failed(&failure.reason, now.moment);
        if let Some(grant) = self.rest(name, due, Pause::Retry { not_before }) {
            (grant.failures, grant.answered) = (failures, answered);
        }
        let pause = due.since(now.moment);
        self.log(name, NoticeKind::RefreshFailed { reason: failure.reason, failures, pause });
        if failures % FAILURES_PER_QUESTION == 0 {
            self.ask_whether_transient(name);
        }
    }

    fn ask_whether_transient(&mut self, name: &AccountName) {
        if !self.settings.asks_about_transient_errors {
            return;
        }
        let job = self.new_job();
        let Some(entry) = self.entries.get_mut(name) else { return };
        let TokenState::Active(token) = &mut entry.state else { return };
        let Some(grant) = token.renewal.grant_mut().filter(|grant| grant.question.is_none()) else { return };
        grant.question = Some(job);
        self.questions.insert(job, name.clone());
        self.run_hook(Hook::TransientErrorIf { job, account: name.clone() });
    }

    /// In flight → idle until `due`.
    fn rest(&mut self, name: &AccountName, due: Moment, pause: Pause) -> Option<&mut RefreshGrant> {
        let TokenState::Active(token) = &mut self.entries.get_mut(name)?.state else { return None };
        token.renewal = match std::mem::replace(&mut token.renewal, Renewal::Impossible) {
            Renewal::InFlight { grant, .. } | Renewal::Idle { grant, .. } => {
                Renewal::Idle { grant, due, pause }
            }
            Renewal::Impossible => Renewal::Impossible,
        };
        token.renewal.grant_mut()
    }
}

fn next_generation(lineage: Lineage) -> Lineage {
    Lineage { generation: lineage.generation.saturating_add(1), ..lineage }
}

fn take_refresh_token(renewal: Renewal) -> Option<Secret> {
    match renewal {
        Renewal::Impossible => None,
        Renewal::Idle { grant, .. } | Renewal::InFlight { grant, .. } => Some(grant.refresh_token),
    }
}
