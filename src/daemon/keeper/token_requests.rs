//! Handing out token requests: one at a time for an account, eight in all, and never faster than the bucket.

use pizauth_common::account_name::AccountName;

use super::Keeper;
use super::agenda::Due;
use super::effect::{Effect, JobId};
use super::entry::Entry;
use super::token_state::{Exchange, ExchangeStage, Renewal, TokenState};
use crate::moment::Now;
use crate::oauth::token_request::TokenRequest;

impl Keeper {
    /// Starts what is due, as far as the limits allow.
    pub(super) fn start_due_requests(&mut self, now: Now) {
        while self.may_request() {
            let Some(name) = self.agenda.requests.due(now.moment) else { break };
            self.start_request(&name, now);
        }
    }

    fn start_request(&mut self, name: &AccountName, now: Now) {
        let job = self.new_job();
        let Some(entry) = self.entries.get_mut(name) else { return self.agenda.file(name, Due::default()) };
        if let Some((job, request)) = next_request(entry, job) {
            entry.bucket.take(now.moment);
            self.in_flight.insert(job, name.clone());
            self.effects.push_back(Effect::RequestToken { job, account: name.clone(), request });
        }
        let due = entry.due();
        self.agenda.file(name, due);
    }
}

/// Puts the account in flight, with `new_job` as the ticket of a refresh; an exchange keeps its own.
fn next_request(entry: &mut Entry, new_job: JobId) -> Option<(JobId, TokenRequest)> {
    match &mut entry.state {
        TokenState::Exchanging(exchange) if exchange.stage != ExchangeStage::InFlight => {
            exchange.stage = ExchangeStage::InFlight;
            exchange.tries += 1;
            let Exchange { job, code, code_verifier, redirect_uri, .. } = exchange;
            Some((*job, TokenRequest::exchange(&entry.account, code, code_verifier, redirect_uri)))
        }
        TokenState::Active(token) => {
            let request = TokenRequest::refresh(&entry.account, &token.renewal.grant()?.refresh_token);
            begin(&mut token.renewal, new_job).then_some((new_job, request))
        }
        _ => None,
    }
}

/// Idle → in flight. Tells whether it was idle.
fn begin(renewal: &mut Renewal, job: JobId) -> bool {
    *renewal = match std::mem::replace(renewal, Renewal::Impossible) {
        Renewal::Idle { grant, .. } => Renewal::InFlight { grant, job },
        other => {
            *renewal = other;
            return false;
        }
    };
    true
}
