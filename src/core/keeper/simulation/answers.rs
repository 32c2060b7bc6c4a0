//! What the answer to a token request must change and tell.

use std::time::Duration;

use pizauth_common::config::Account;

use super::model::{Model, Phase};
use super::session::Session;
use super::transfer::TEN_YEARS;
use crate::keeper::purpose::Meaning;
use crate::keeper::tests::bench::seconds;
use crate::keeper::{Happened, HookVerdict, JobId};
use crate::moment::{Moment, Now};
use crate::oauth::device_poll::Polled;
use crate::oauth::outcome::{Issued, Outcome, Reason};
use crate::oauth::provider_hints::{SUSPECT_GRANT, hint_for_age};

/// An exchange that does not reach the server is tried so often.
const MOST_TRIES: u32 = 10;
/// `transient_error_if_cmd` is asked after so many failures in a row.
const FAILURES_PER_QUESTION: u32 = 6;

impl Model {
    /// The answer to the request with this ticket, which may be nobody's any more: whether it counts.
    pub(super) fn hears(&mut self, job: JobId, meaning: &Meaning) -> bool {
        let is_awaited = self.awaits(job);
        self.expected.event(Happened::RequestEnded { outcome: meaning.as_str(), is_awaited });
        is_awaited
    }

    /// What that changes.
    pub(super) fn take(&mut self, meaning: Meaning, account: &Account, next_reminder: Moment, now: Now) {
        if let Meaning::Revocation(revoked) = meaning {
            return self.revocation_answered(revoked);
        }
        self.request = None;
        match meaning {
            Meaning::Revocation(_) => {}
            Meaning::Token(outcome) => self.token_answered(outcome, account, now),
            Meaning::Codes(answer) => self.codes_answered(answer, next_reminder, now),
            Meaning::Poll(Polled::Issued(issued)) => self.issued(issued, account, now),
            Meaning::Poll(polled) => self.not_yet(polled, account, now),
        }
    }

    fn token_answered(&mut self, outcome: Outcome, account: &Account, now: Now) {
        match (outcome, &self.phase) {
            (Outcome::Issued(issued), _) => self.issued(issued, account, now),
            (outcome, Phase::Exchanging { tries, .. }) => self.exchange_failed(*tries, outcome, now),
            (outcome, _) => self.refresh_failed(outcome, account, now),
        }
    }

    fn issued(&mut self, issued: Issued, account: &Account, now: Now) {
        let Issued { access_token, refresh_token, lifetime, narrowed_scope, users: _ } = issued;
        let refresh_token = refresh_token.filter(|_| !self.by_itself);
        let rotated = refresh_token.is_some();
        let old = self.session().cloned().filter(|_| !matches!(self.phase, Phase::Fetching(_)));
        self.sign_in_is_used();
        let mut session = Session {
            access_token: access_token.expose().to_owned(),
            refresh_token: refresh_token.map(|token| token.expose().to_owned()),
            expires_at: now.moment.plus(lifetime),
            by_itself: self.by_itself,
            ..Session::beginning(now)
        };
        (self.heard_at, self.last_error) = (Some(now.moment), None);
        self.last_was_sign_in = old.is_none() && !self.by_itself;
        self.expected.forget_reported();
        self.code_made_at = None;
        if let Some(granted) = narrowed_scope {
            self.expected.event(Happened::ScopeNarrowed { granted });
        }
        let is_first = old.as_ref().is_none_or(|old| old.is_untried);
        if let Some(old) = old {
            session.continues(old);
        }
        if !is_first {
            self.expected.event(Happened::TokenRefreshed { lifetime, rotated });
        } else {
            self.expected.event(Happened::TokenNew { lifetime });
            if !session.is_refreshable() && lifetime < seconds(TEN_YEARS) {
                self.expected.event(Happened::NoRefreshToken);
            }
        }
        session.wait_fresh(account);
        self.phase = Phase::Active(session);
    }

    fn exchange_failed(&mut self, tries: u32, outcome: Outcome, now: Now) {
        match outcome {
            Outcome::Transient { reason, reached: false, .. } if tries < MOST_TRIES => {
                let pause = seconds((1..tries).fold(1, |pause, _| pause * 2).min(60));
                self.failed(&reason, now);
                self.expected.event(Happened::ExchangeRetried { reason, pause });
                if let Phase::Exchanging { due, .. } = &mut self.phase {
                    *due = now.moment.plus(pause);
                }
            }
            outcome => self.authorization_failed(reason_of(outcome), now),
        }
    }

    fn refresh_failed(&mut self, outcome: Outcome, account: &Account, now: Now) {
        let reached = !matches!(outcome, Outcome::Transient { reached: false, .. });
        if !reached {
            self.not_reached();
        }
        let longest = self.longest_pause(reached);
        let Some(session) = self.session() else { panic!("a refresh without a session") };
        match session.loud(outcome) {
            Outcome::Transient { reason, retry_after, reached } => {
                let counted_before = session.counted.0;
                let pauses = session.failed(account, reached, retry_after, now.moment);
                let pauses = *pauses.start().min(&longest)..=*pauses.end().min(&longest);
                let failures = session.failures;
                let is_asked = session.question.is_some();
                let count = session.counted.0;
                self.must_ask =
                    count > counted_before && count.is_multiple_of(FAILURES_PER_QUESTION) && !is_asked;
                self.failed(&reason, now);
                self.expected.refresh_failed(reason, failures, pauses);
            }
            Outcome::NeedsAttention(reason) => {
                let reason = if session.is_suspect() { suspected(&reason) } else { reason };
                self.attention_needed(reason, now);
            }
            outcome => {
                let age = now.wall.since(session.lineage.authorized);
                let reason = reason_of(outcome);
                let hinted = |hint| Reason::with_cause(reason.cause(), &format!("{reason} ({hint})"));
                self.session_ended(hint_for_age(age).map_or(reason.clone(), hinted), now);
            }
        }
    }

    /// The pause that the keeper has rolled after a failure of a refresh.
    pub(super) fn paused(&mut self, pause: Duration, now: Moment) {
        // A revocation that was waited for may have had nothing to revoke, and ended it in the same step.
        if let Some(session) = self.session() {
            session.due = now.plus(pause);
        }
    }

    /// The verdict of the `transient_error_if_cmd` with this ticket.
    pub(super) fn hook_answered(&mut self, job: JobId, verdict: HookVerdict, now: Now) {
        let Some(session) = self.session().filter(|session| session.question == Some(job)) else { return };
        session.question = None;
        let is_being_tried = self.by_itself && self.request.is_some();
        if verdict == HookVerdict::GiveUp && !is_being_tried {
            let last = self.last_error.as_ref().map_or("no error is known", Reason::as_str);
            let text = format!("transient_error_if_cmd gave up: {last}");
            self.session_ended(Reason::with_cause("transient_error_if_cmd", &text), now);
        }
    }
}

/// What was refused before, and nothing else can be wrong: the user hears what helps.
fn suspected(reason: &Reason) -> Reason {
    Reason::with_cause(&format!("{}, suspect", reason.cause()), &format!("{reason} ({SUSPECT_GRANT})"))
}

fn reason_of(outcome: Outcome) -> Reason {
    match outcome {
        Outcome::Ended(reason)
        | Outcome::NeedsAttention(reason)
        | Outcome::RefusedVaguely(reason)
        | Outcome::RefusedSilently(reason)
        | Outcome::Transient { reason, .. } => reason,
        Outcome::Issued(_) => panic!("a success has no reason"),
    }
}
