//! The renewal of an account's access token, as callers see it and hasten it.

use core::time::Duration;

use super::Entry;
use crate::keeper::renewal::{Haste, Renewing};
use crate::moment::Moment;

impl Entry {
    /// Where the renewal of its access token stands.
    pub(in crate::keeper) fn renewing(&self, now: Moment) -> Renewing {
        Renewing {
            last_error: self.last_error.clone(),
            needs_attention: self.needs_attention(),
            refresh_in: self.refresh_in(now),
        }
    }

    /// Until the next refresh may begin; zero where it is under way.
    pub(in crate::keeper) fn refresh_in(&self, now: Moment) -> Duration {
        self.next_refresh(now).unwrap_or(now).since(now)
    }

    /// Brings an idle refresh forward as far as it may be. One that has failed since the endpoints are not known waits
    /// until they are.
    pub(in crate::keeper) fn hasten(&mut self, haste: Haste, now: Moment) {
        let knows_whom_to_ask = self.served().is_some();
        if let Some(renewal) = self.state.renewal_mut().filter(|it| knows_whom_to_ask || !it.has_failed()) {
            renewal.bring_forward(haste, now);
        }
    }
}
