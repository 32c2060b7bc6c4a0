//! What the answers to outside work change: to token requests, and of `transient_error_if_cmd`.

use core::mem;
use core::time::Duration;

use super::entry::Entry;
use super::event::Happened;
use super::outbox::Outbox;
use super::pace::{self, Failure};
use super::places::Errand;
use super::purpose::Meaning;
use super::renewal::{Pause, RenewedBy};
use super::sign_in_failure::sign_in_failed;
use super::tickets::JobId;
use super::token_state::{ActiveToken, ExchangeStage, TokenState};
use super::{Keeper, Settings, device, revocation};
use crate::http;
use crate::moment::Now;
use crate::oauth::outcome::{Issued, Outcome, Reason};
use crate::oauth::provider_hints::{SUSPECT_GRANT, hint_for_age};
use crate::prelude::*;
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

impl Keeper {
    /// What came of a request. It counts only while an account holds the ticket.
    pub fn answered(&mut self, job: JobId, result: Result<http::Answer, http::Lost>, now: Now) {
        let Some(flight) = self.places.give_back(job, result.is_ok()) else { return };
        let (account, purpose) = match flight.errand {
            Errand::OfIssuer(issuer) => return self.issuer_answered(&issuer, job, result, now),
            Errand::OfAccount { account, purpose } => (account, purpose),
        };
        self.doubt(&account, &purpose, &result, now);
        let meaning = purpose.judge(result);
        self.take_or_doubt(&account, job, purpose.client_secret(), meaning, now);
    }

    /// The verdict of a `transient_error_if_cmd`. It counts only while a session holds the ticket.
    pub fn command_finished(&mut self, job: JobId, verdict: HookVerdict, now: Now) {
        let Some(name) = self.outbox.take_question(job) else { return };
        // An account that is gone has nothing to end.
        let _ = self.change(name.as_str(), now, |entry, outbox| {
            let streak = entry.streak_mut().filter(|streak| streak.question == Some(job));
            let Some(streak) = streak else { return };
            streak.question = None;
            if verdict == HookVerdict::GiveUp {
                give_up(entry, now, outbox);
            }
        });
    }
}

/// Changes the account as the answer to its request wants it.
pub(super) fn act_on(
    entry: &mut Entry,
    meaning: Meaning,
    settings: &Settings,
    now: Now,
    outbox: &mut Outbox,
) {
    match meaning {
        Meaning::Token(outcome) => token_answered(entry, outcome, settings, now, outbox),
        Meaning::Codes(answer) => device::codes_answered(entry, answer, settings, now, outbox),
        Meaning::Poll(polled) => {
            if let Some(issued) = device::poll_answered(entry, polled, now, outbox) {
                take_issued(entry, issued, now, outbox);
            }
        }
        Meaning::Revocation(revoked) => revocation::answered(entry, revoked, outbox),
    }
}

fn token_answered(entry: &mut Entry, outcome: Outcome, settings: &Settings, now: Now, outbox: &mut Outbox) {
    match entry.state {
        TokenState::Exchanging(_) => exchange_answered(entry, outcome, now, outbox),
        TokenState::Active(_) | TokenState::Fetching(_) => {
            refresh_answered(entry, outcome, settings, now, outbox);
        }
        TokenState::Empty | TokenState::Starting(_) | TokenState::Pending(_) | TokenState::OnDevice(_) => {}
    }
}

fn exchange_answered(entry: &mut Entry, outcome: Outcome, now: Now, outbox: &mut Outbox) {
    let TokenState::Exchanging(exchange) = &mut entry.state else { return };
    match outcome {
        Outcome::Issued(issued) => take_issued(entry, issued, now, outbox),
        Outcome::Transient { reason, reached: false, .. } if exchange.tries < pace::EXCHANGE_TRIES => {
            let pause = pace::exchange_pause(exchange.tries);
            exchange.stage = ExchangeStage::Waiting { due: now.moment.plus(pause) };
            entry.failed(&reason, now.moment);
            outbox.tell(entry, Happened::ExchangeRetried { reason, pause });
        }
        Outcome::Ended(reason)
        | Outcome::NeedsAttention(reason)
        | Outcome::RefusedVaguely(reason)
        | Outcome::RefusedSilently(reason)
        | Outcome::Transient { reason, .. } => sign_in_failed(entry, reason, now, outbox),
    }
}

fn refresh_answered(entry: &mut Entry, outcome: Outcome, settings: &Settings, now: Now, outbox: &mut Outbox) {
    let refused_for_good = entry.renewer_mut().is_some_and(|renewer| {
        renewer.heard(&outcome);
        renewer.is_refused_for_good()
    });
    match outcome {
        Outcome::Issued(issued) => take_issued(entry, issued, now, outbox),
        Outcome::Ended(reason) => {
            let reason = with_age_hint(entry, reason, now);
            end_session(entry, reason, now, outbox);
        }
        Outcome::NeedsAttention(reason) | Outcome::RefusedVaguely(reason) => {
            needs_attention(entry, reason, now, outbox);
        }
        Outcome::RefusedSilently(reason) if refused_for_good => needs_attention(entry, reason, now, outbox),
        Outcome::RefusedSilently(reason) => {
            let failure = Failure { reason, retry_after: None, reached: true };
            refresh_failed(entry, failure, settings, now, outbox);
        }
        Outcome::Transient { reason, retry_after, reached } => {
            if !reached {
                entry.not_reached();
            }
            let failure = Failure { reason, retry_after, reached };
            refresh_failed(entry, failure, settings, now, outbox);
        }
    }
}

/// A token for an authorization or a refresh.
fn take_issued(entry: &mut Entry, issued: Issued, now: Now, outbox: &mut Outbox) {
    let Issued { access_token, refresh_token, lifetime, narrowed_scope, users } = issued;
    entry.remember_pending();
    // A refresh token for a client that signs in by itself is of no use (RFC 6749 §4.4.3).
    let by = match entry.signs_in_by_itself() {
        true => Some(RenewedBy::Credentials),
        false => refresh_token.map(RenewedBy::RefreshToken),
    };
    let (life, account) = (now.moment..now.moment.plus(lifetime), &entry.account);
    let state = mem::replace(&mut entry.state, TokenState::Empty);
    let is_first = !matches!(&state, TokenState::Active(old) if !old.is_untried);
    let token = match state {
        TokenState::Active(old) => old.followed_by(access_token, by, life, account),
        _ => {
            let lineage = Lineage::new(outbox.random(), now.wall);
            ActiveToken::new(Some(access_token), by, life, lineage, account)
        }
    };
    let (lineage, is_rotated) = (token.lineage, token.has_rotated());
    entry.state = TokenState::Active(token);
    entry.succeeded(now.moment);
    if let Some(granted) = narrowed_scope.and_then(|granted| entry.told.news_of_scope(granted, lineage)) {
        outbox.tell(entry, Happened::ScopeNarrowed { granted });
    }
    if is_first {
        tell_of_sign_in(entry, &users, lifetime, outbox);
    } else {
        outbox.tell(entry, Happened::TokenRefreshed { lifetime, rotated: is_rotated });
    }
}

fn tell_of_sign_in(entry: &mut Entry, users: &[String], lifetime: Duration, outbox: &mut Outbox) {
    entry.somebody_else = entry.somebody_else_of(users);
    if let Some(user) = entry.somebody_else.clone() {
        outbox.tell(entry, Happened::OtherUser { user });
    }
    outbox.tell(entry, Happened::TokenNew { lifetime });
    if entry.active().is_some_and(|token| !token.renewal.is_possible() && !token.is_endless()) {
        outbox.tell(entry, Happened::NoRefreshToken);
    }
}

/// Some servers end sessions at a certain age without saying so.
fn with_age_hint(entry: &Entry, reason: Reason, now: Now) -> Reason {
    let age = entry.active().map(|token| now.wall.since(token.lineage.authorized));
    match age.and_then(hint_for_age) {
        Some(hint) => {
            let text = format!("{reason} ({hint})");
            reason.with_text(&text)
        }
        None => reason,
    }
}

/// Adds, where the refresh token must be at fault and not the settings, what helps. That is other advice than before,
/// and so another cause, which the user is told of anew.
fn with_suspicion(entry: &mut Entry, reason: Reason) -> Reason {
    if !entry.renewer_mut().is_some_and(|renewer| renewer.is_suspect()) {
        return reason;
    }
    Reason::with_cause(&format!("{}, suspect", reason.cause()), &format!("{reason} ({SUSPECT_GRANT})"))
}

/// There is nothing left to refresh with: back to empty, or to the authorization that is pending already. What a client
/// signs in with by itself is never used up.
fn end_session(entry: &mut Entry, reason: Reason, now: Now, outbox: &mut Outbox) {
    if entry.signs_in_by_itself() {
        return needs_attention(entry, reason, now, outbox);
    }
    entry.failed(&reason, now.moment);
    if let TokenState::Active(token) = mem::replace(&mut entry.state, TokenState::Empty) {
        entry.state = token.end();
    }
    let is_news = entry.told.is_news(&reason);
    outbox.tell(entry, Happened::SessionEnded { reason, is_news });
}

/// `transient_error_if_cmd` takes the last failure for a permanent one.
fn give_up(entry: &mut Entry, now: Now, outbox: &mut Outbox) {
    if entry.signs_in_by_itself() && entry.is_in_flight() {
        // There is no session to end, and the try under way tells more.
        return;
    }
    let why = entry.last_error.as_ref().map_or("no error is known", Reason::as_str);
    let text = format!("transient_error_if_cmd gave up: {why}");
    end_session(entry, Reason::with_cause("transient_error_if_cmd", &text), now, outbox);
}

pub(super) fn needs_attention(entry: &mut Entry, reason: Reason, now: Now, outbox: &mut Outbox) {
    let reason = with_suspicion(entry, reason);
    needs_attention_as_told(entry, reason, now, outbox);
}

/// The same, where `reason` says all that there is to mend.
pub(super) fn needs_attention_as_told(entry: &mut Entry, reason: Reason, now: Now, outbox: &mut Outbox) {
    entry.failed(&reason, now.moment);
    if let Some(renewal) = entry.state.renewal_mut() {
        renewal.rest(now.moment.plus(pace::ATTENTION_RETRY), Pause::Attention);
        if let Some(renewer) = renewal.renewer_mut() {
            renewer.end_streak();
        }
    }
    let is_news = entry.told.is_news(&reason);
    outbox.tell(entry, Happened::NeedsAttention { reason, is_news });
}

pub(super) fn refresh_failed(
    entry: &mut Entry,
    failure: Failure,
    settings: &Settings,
    now: Now,
    outbox: &mut Outbox,
) {
    let Failure { reason, retry_after, reached } = failure;
    entry.failed(&reason, now.moment);
    let Some(renewal) = entry.state.renewal_mut() else { return };
    let Some(renewer) = renewal.renewer_mut() else { return };
    let streak = renewer.streak.get_or_insert_default();
    let counted = streak.add(reached, pace::shortest_pause(&entry.account), now.moment);
    let failures = streak.failures;
    let (first, is_awaited) = (entry.account.refresh_retry, !entry.waiters.is_empty());
    let pause = pace::pause(first, streak.answered, is_awaited, outbox.random());
    let (due, not_before) = pace::after_pause(now.moment, pause, retry_after);
    renewal.rest(due, Pause::Retry { not_before });
    outbox.tell(entry, Happened::RefreshFailed { reason, failures, pause: due.since(now.moment) });
    if counted.is_some_and(|count| count % FAILURES_PER_QUESTION == 0) && settings.asks_about_transient_errors
    {
        ask_if_transient(entry, outbox);
    }
}

fn ask_if_transient(entry: &mut Entry, outbox: &mut Outbox) {
    let account = entry.account.name.clone();
    let Some(streak) = entry.streak_mut().filter(|streak| streak.question.is_none()) else { return };
    streak.question = Some(outbox.ask_if_transient(account));
}
