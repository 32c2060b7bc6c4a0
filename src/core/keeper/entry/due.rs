//! What an account waits for: a moment, or the answer to a request.

use super::Entry;
use crate::keeper::agenda::Due;
use crate::keeper::renewal::Renewal;
use crate::keeper::tickets::JobId;
use crate::keeper::token_state::{ActiveToken, ExchangeStage, Poll, Starting, StartsBy, TokenState};
use crate::moment::Moment;

impl Entry {
    /// What this account waits for.
    pub(in crate::keeper) fn due(&self) -> Due {
        let (request, poll) = if self.secret_wait.is_over() { self.to_send() } else { (None, None) };
        let held = self.state.token().filter(|token| token.access_token.is_some());
        let ends = [held.map(|token| token.expires_at), end_of_codes(&self.state)];
        let is_stranded = self.state.renewal().is_some() && self.served().is_none();
        Due {
            request,
            stranded: self.due_request().filter(|_| is_stranded && self.revocation.is_none()),
            poll,
            reminder: self.state.reminder().map(|reminder| reminder.at),
            expiry: ends.into_iter().flatten().min(),
            wait: self.waiters.next_deadline(),
        }
    }

    /// Whether there is a request that it will send.
    pub(in crate::keeper) fn has_something_to_send(&self) -> bool {
        self.to_send() != (None, None)
    }

    /// When its next request may start, and when its next poll.
    fn to_send(&self) -> (Option<Moment>, Option<Moment>) {
        match &self.revocation {
            // Nobody knows yet where to send it. It is filed again when that is known.
            _ if self.served().is_none() => (None, None),
            Some(revocation) if revocation.is_waiting() && !self.is_in_flight() => {
                (Some(Moment::LONG_AGO), None)
            }
            Some(_) => (None, None),
            None => (self.due_request(), due_poll(&self.state)),
        }
    }

    /// When a request for a token may start.
    pub(super) fn due_request(&self) -> Option<Moment> {
        match &self.state {
            TokenState::Starting(Starting { by: StartsBy::Codes, .. }) => Some(self.exchanges.next_allowed()),
            TokenState::Empty
            | TokenState::Starting(_)
            | TokenState::Pending(_)
            | TokenState::OnDevice(_) => None,
            TokenState::Exchanging(exchange) => match exchange.stage {
                ExchangeStage::Waiting { due } => Some(due.max(self.exchanges.next_allowed())),
                ExchangeStage::InFlight => None,
            },
            TokenState::Active(ActiveToken { renewal, .. }) | TokenState::Fetching(renewal) => match *renewal
            {
                Renewal::Idle { due, .. } => {
                    Some(due.max(self.refreshes.next_allowed())).max(self.hold_until)
                }
                Renewal::InFlight { .. } | Renewal::Impossible => None,
            },
        }
    }

    /// Whether a request for a token, or for a sign-in, is under way.
    pub(in crate::keeper) fn is_in_flight(&self) -> bool {
        match &self.state {
            TokenState::Exchanging(exchange) => exchange.stage == ExchangeStage::InFlight,
            TokenState::Active(ActiveToken { renewal, .. }) | TokenState::Fetching(renewal) => {
                matches!(renewal, Renewal::InFlight { .. })
            }
            TokenState::Starting(starting) => matches!(starting.by, StartsBy::CodesAskedFor { .. }),
            TokenState::OnDevice(sign_in) => matches!(sign_in.poll, Poll::InFlight { .. }),
            TokenState::Empty | TokenState::Pending(_) => false,
        }
    }

    /// Whether `job` is the ticket of the request that this account waits for.
    pub(in crate::keeper) fn awaits(&self, job: JobId) -> bool {
        match &self.state {
            _ if self.revocation.as_ref().is_some_and(|revocation| revocation.awaits(job)) => true,
            TokenState::Exchanging(exchange) => {
                exchange.job == job && exchange.stage == ExchangeStage::InFlight
            }
            TokenState::Active(ActiveToken { renewal, .. }) | TokenState::Fetching(renewal) => {
                matches!(renewal, Renewal::InFlight { job: held, .. } if *held == job)
            }
            TokenState::Starting(starting) => starting.by == StartsBy::CodesAskedFor { job },
            TokenState::OnDevice(sign_in) => sign_in.poll == Poll::InFlight { job },
            TokenState::Empty | TokenState::Pending(_) => false,
        }
    }
}

/// When the next poll starts.
fn due_poll(state: &TokenState) -> Option<Moment> {
    let TokenState::OnDevice(sign_in) = state else { return None };
    match sign_in.poll {
        Poll::Waiting { due } => Some(due),
        Poll::InFlight { .. } => None,
    }
}

/// When the codes for a user end. What a poll brings counts, also a moment too late.
fn end_of_codes(state: &TokenState) -> Option<Moment> {
    let TokenState::OnDevice(sign_in) = state else { return None };
    matches!(sign_in.poll, Poll::Waiting { .. }).then_some(sign_in.expires_at)
}
