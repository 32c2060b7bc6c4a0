//! Handing out token requests: one at a time for an account, a few in all, and never faster than the buckets.

use pizauth_common::account_name::AccountName;

use super::Keeper;
use super::answers::Purpose;
use super::effect::{Effect, JobId};
use super::entry::Entry;
use super::event::Happened;
use super::places::{Flight, Host, MAX_IN_FLIGHT};
use super::renewal::RenewedBy;
use super::token_state::{Exchange, ExchangeStage, TokenState};
use crate::moment::Now;
use crate::oauth::token_request::TokenRequest;

impl Keeper {
    pub(super) fn may_request(&self) -> bool {
        !self.is_stopping && self.places.in_flight() < MAX_IN_FLIGHT
    }

    /// Starts what is due, as far as the limits allow.
    pub(super) fn start_due_requests(&mut self, now: Now) {
        while self.may_request() {
            let waited = self.places.next_waiting();
            let Some(name) = waited.or_else(|| self.agenda.requests.take_due(now.moment)) else { break };
            self.start_or_wait(&name, now);
        }
    }

    fn start_or_wait(&mut self, name: &AccountName, now: Now) {
        let Some(entry) = self.entries.get(name) else { return };
        if entry.due().request.is_none_or(|due| due > now.moment) {
            return;
        }
        let host = Host::of(&entry.account.token_uri);
        // A person waits for an exchange, and the code may be good for seconds only.
        let is_urgent = matches!(entry.state, TokenState::Exchanging(_));
        if is_urgent || self.places.is_free_or_wait(&host, name) {
            self.start_request(name, host, now);
        }
    }

    fn start_request(&mut self, name: &AccountName, host: Host, now: Now) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        let new_job = self.outbox.new_job();
        if let Some((job, request)) = next_request(entry, new_job) {
            entry.spend(now.moment);
            self.outbox.tell(entry, Happened::RequestStarted { grant: request.grant.as_str() });
            self.outbox.put(Effect::Http { job, request: request.http() });
            let purpose = Purpose::Token(request);
            self.places.take(job, Flight { account: name.clone(), purpose, host });
        }
        self.agenda.file(name, entry.due());
    }
}

/// Puts an account whose request is due in flight, with `new_job` as the ticket of a refresh; an exchange keeps its own.
fn next_request(entry: &mut Entry, new_job: JobId) -> Option<(JobId, TokenRequest)> {
    match &mut entry.state {
        TokenState::Exchanging(exchange) => {
            exchange.stage = ExchangeStage::InFlight;
            exchange.tries += 1;
            let Exchange { job, code, code_verifier, redirect_uri, .. } = exchange;
            Some((*job, TokenRequest::exchange(&entry.account, code, code_verifier, redirect_uri)))
        }
        TokenState::Active(token) => {
            let RenewedBy::RefreshToken(refresh_token) = &token.renewal.renewer()?.by;
            let request = TokenRequest::refresh(&entry.account, refresh_token);
            token.renewal.begin(new_job);
            Some((new_job, request))
        }
        TokenState::Empty | TokenState::Pending(_) => None,
    }
}
