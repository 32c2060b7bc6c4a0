//! What an account waits for: a moment, or the answer to a request.

use super::Entry;
use crate::keeper::agenda::Due;
use crate::keeper::effect::JobId;
use crate::keeper::renewal::Renewal;
use crate::keeper::token_state::{DeviceSignIn, ExchangeStage, Poll, TokenState};
use crate::moment::Moment;

impl Entry {
    /// What this account waits for.
    pub(in crate::keeper) fn due(&self) -> Due {
        let request = match &self.state {
            TokenState::Starting(starting) if !starting.is_in_flight => Some(self.exchanges.next_allowed()),
            TokenState::Empty
            | TokenState::Starting(_)
            | TokenState::Pending(_)
            | TokenState::OnDevice(_) => None,
            TokenState::Exchanging(exchange) => match exchange.stage {
                ExchangeStage::Waiting { due } => Some(due.max(self.exchanges.next_allowed())),
                ExchangeStage::InFlight => None,
            },
            TokenState::Active(token) => match token.renewal {
                Renewal::Idle { due, .. } => {
                    Some(due.max(self.refreshes.next_allowed())).max(self.hold_until)
                }
                Renewal::InFlight { .. } | Renewal::Impossible => None,
            },
        };
        let held = self.state.token().filter(|token| token.access_token.is_some());
        let (poll, end_of_codes) = due_on_device(&self.state);
        Due {
            request,
            poll,
            reminder: self.state.reminder().map(|reminder| reminder.at),
            expiry: held.map(|token| token.expires_at).into_iter().chain(end_of_codes).min(),
            wait: self.waiters.next_deadline(),
        }
    }

    /// Whether `job` is the ticket of the token request that this account waits for.
    pub(in crate::keeper) fn awaits(&self, job: JobId) -> bool {
        match &self.state {
            TokenState::Exchanging(exchange) => {
                exchange.job == job && exchange.stage == ExchangeStage::InFlight
            }
            TokenState::Active(token) => {
                matches!(token.renewal, Renewal::InFlight { job: held, .. } if held == job)
            }
            TokenState::Starting(starting) => starting.job == job && starting.is_in_flight,
            TokenState::OnDevice(sign_in) => sign_in.poll == Poll::InFlight { job },
            TokenState::Empty | TokenState::Pending(_) => false,
        }
    }
}

/// When the next poll starts, and when the codes end. What a poll brings counts, also a moment too late.
fn due_on_device(state: &TokenState) -> (Option<Moment>, Option<Moment>) {
    match state {
        TokenState::OnDevice(DeviceSignIn { expires_at, poll: Poll::Waiting { due }, .. }) => {
            (Some(*due), Some(*expires_at))
        }
        _ => (None, None),
    }
}
