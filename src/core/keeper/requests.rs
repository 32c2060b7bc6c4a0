//! Handing out token requests: one at a time for an account, a few in all, and never faster than the buckets.

use pizauth_common::account_name::AccountName;
use pizauth_common::secret::Secret;

use super::agenda::Due;
use super::client_secrets::{ClientSecrets, go_without};
use super::entry::Entry;
use super::event::Happened;
use super::outbox::Outbox;
use super::places::{Errand, Flight, Host, MAX_IN_FLIGHT, Requester, Turn};
use super::purpose::Purpose;
use super::renewal::RenewedBy;
use super::sign_in_failure::lose_endpoint;
use super::tickets::JobId;
use super::token_state::{ActiveToken, Exchange, ExchangeStage, TokenState};
use super::{Keeper, device, revocation, step_of};
use crate::moment::{Moment, Now};
use crate::oauth::client_auth::Client;
use crate::oauth::served::Served;
use crate::oauth::token_request::TokenRequest;
use crate::prelude::*;

impl Keeper {
    pub(super) fn may_request(&self) -> bool {
        !self.is_stopping && self.places.in_flight() < MAX_IN_FLIGHT
    }

    /// Starts what is due, as far as the limits allow.
    pub(super) fn start_due_requests(&mut self, now: Now) {
        while self.may_request() {
            let Some(requester) = self.next_due(Turn::First, now).or_else(|| self.next_due(Turn::Last, now))
            else {
                break;
            };
            self.start_or_wait(&requester, now);
        }
    }

    /// Whose turn it is, among those that have waited for a place and those whose time has come.
    fn next_due(&mut self, turn: Turn, now: Now) -> Option<Requester> {
        let (issuers, schedule) = match turn {
            Turn::First => (Some(&mut self.issuers), &mut self.agenda.requests),
            Turn::Last => (None, &mut self.agenda.polls),
        };
        let issuer = || issuers?.take_due(now.moment).map(Requester::Issuer);
        let account = || schedule.take_due(now.moment).map(Requester::Account);
        self.places.next_waiting(turn).or_else(issuer).or_else(account)
    }

    fn start_or_wait(&mut self, requester: &Requester, now: Now) {
        match requester {
            Requester::Issuer(issuer) => self.ask_or_wait(issuer, now),
            Requester::Account(name) => self.start_request_or_wait(name, now),
        }
    }

    fn start_request_or_wait(&mut self, name: &AccountName, now: Now) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        let before = entry.due();
        let Some(turn) = turn_of(entry, before, now.moment) else { return };
        let (saving, agenda, outbox) = (&mut self.saving, &mut self.agenda, &mut self.outbox);
        if let Some(why) = self.secrets.lack(&entry.account, now.moment) {
            step_of(entry, saving, agenda, outbox, now, |entry, outbox| go_without(entry, why, now, outbox));
            if !entry.secret_wait.is_over() {
                self.wait_for_secret(name.clone());
            }
            return;
        }
        let Some(host) = entry.endpoint().map(Host::of) else {
            let lose = |entry: &mut Entry, outbox: &mut Outbox| lose_endpoint(entry, now, outbox);
            return step_of(entry, saving, agenda, outbox, now, lose);
        };
        // A person waits for an exchange, and the code may be good for seconds only.
        let is_urgent = matches!(entry.state, TokenState::Exchanging(_)) && entry.revocation.is_none();
        if !is_urgent && !self.places.is_free_or_wait(&host, &Requester::Account(name.clone()), turn) {
            return;
        }
        if let Some((job, purpose)) = start(entry, &self.secrets, now, outbox) {
            let errand = Errand::OfAccount { account: name.clone(), purpose: Box::new(purpose) };
            self.places.take(job, Flight { errand, host });
            agenda.file(name, before, entry.due());
        }
    }
}

/// Which turn the account has, where one of the requests that it waits for is due.
fn turn_of(entry: &Entry, Due { request, poll, .. }: Due, now: Moment) -> Option<Turn> {
    let (due, turn) = match poll {
        // Codes that have had their time are over as soon as their turn comes.
        Some(_) if entry.state.has_dead_codes(now) => return None,
        Some(poll) => (poll, Turn::Last),
        None => (request?, Turn::First),
    };
    (due <= now).then_some(turn)
}

/// Hands out the request of an account whose turn it is. If that cannot begin, it is not filed again: it would be due
/// at once, and for ever. The step that brings what it lacks files it.
fn start(
    entry: &mut Entry,
    secrets: &ClientSecrets,
    now: Now,
    outbox: &mut Outbox,
) -> Option<(JobId, Purpose)> {
    let (new_job, told) = (outbox.new_job(), secrets.get(&entry.account));
    let (job, purpose) = next_request(entry, told, new_job)?;
    entry.spend(now.moment);
    outbox.tell(entry, Happened::RequestStarted { grant: purpose.logged_as() });
    let effect = purpose.effect(job, || outbox.stamp(now));
    outbox.put(effect);
    Some((job, purpose))
}

/// Puts an account whose request is due in flight, with `new_job` as its ticket; an exchange has its own. `told` is the
/// client's secret, where a command has told it.
fn next_request(entry: &mut Entry, told: Option<&Secret>, new_job: JobId) -> Option<(JobId, Purpose)> {
    if entry.revocation.is_some() {
        return revocation::begin(entry, told, new_job)
            .map(|request| (new_job, Purpose::Revocation(request)));
    }
    match &entry.state {
        TokenState::Starting(_) => {
            device::begin(entry, told, new_job).map(|request| (new_job, Purpose::Codes(request)))
        }
        TokenState::OnDevice(_) => {
            device::begin_poll(entry, told, new_job).map(|poll| (new_job, Purpose::Poll(poll)))
        }
        TokenState::Exchanging(_) | TokenState::Active(_) | TokenState::Fetching(_) => {
            token_request(entry, told, new_job).map(|(job, request)| (job, Purpose::Token(request)))
        }
        TokenState::Empty | TokenState::Pending(_) => None,
    }
}

fn token_request(entry: &mut Entry, told: Option<&Secret>, new_job: JobId) -> Option<(JobId, TokenRequest)> {
    // A request is not due before its endpoints are known.
    let served = Served::new(&entry.account, entry.metadata.as_deref()).ok()?;
    let client = Client::of(served, told)?;
    match &mut entry.state {
        TokenState::Exchanging(exchange) => {
            exchange.stage = ExchangeStage::InFlight;
            exchange.tries += 1;
            let Exchange { job, code, code_verifier, redirect_uri, .. } = exchange;
            Some((*job, TokenRequest::exchange(client, code, code_verifier, redirect_uri)))
        }
        TokenState::Active(ActiveToken { renewal, .. }) | TokenState::Fetching(renewal) => {
            let request = match &renewal.renewer()?.by {
                RenewedBy::RefreshToken(refresh_token) => TokenRequest::refresh(client, refresh_token),
                RenewedBy::Credentials => TokenRequest::by_itself(client, entry.account.grant.application()?),
            };
            renewal.begin(new_job);
            Some((new_job, request))
        }
        _ => None,
    }
}
