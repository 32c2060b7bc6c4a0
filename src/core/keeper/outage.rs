//! An access token that has expired without a replacement: told once, and once more when there is one again.

use super::entry::Entry;
use super::event::{Happened, WayOut};
use super::outbox::Outbox;
use super::renewal::{Pause, Renewal};
use super::token_state::ActiveToken;
use crate::moment::Moment;
use crate::oauth::outcome::Reason;
use crate::oauth::provider_hints::NO_REFRESH_TOKEN;

/// Tells of an outage that begins or ends at this moment.
pub(super) fn tell(entry: &mut Entry, now: Moment, outbox: &mut Outbox) {
    if entry.is_out {
        if entry.valid_token(now).is_some() {
            entry.is_out = false;
            outbox.tell(entry, Happened::OutageOver);
        }
    } else if let Some(token) = entry.active().filter(|token| is_missed(token, now)) {
        let way_out = way_out(&token.renewal);
        let reason = reason(entry, way_out);
        entry.is_out = true;
        outbox.tell(entry, Happened::Outage { reason, way_out });
    }
}

/// Whether it has expired, and trying to replace it has failed or is impossible. A try that is due or under way may
/// still bring a new one: after a long sleep the network is often not even back when the time is up.
fn is_missed(token: &ActiveToken, now: Moment) -> bool {
    token.has_expired(now)
        && match token.renewal {
            Renewal::Impossible => true,
            Renewal::InFlight { .. } | Renewal::Idle { pause: Pause::Fresh, .. } => false,
            Renewal::Idle { due, pause: Pause::Retry { .. } | Pause::Attention, .. } => due > now,
        }
}

fn way_out(renewal: &Renewal) -> WayOut {
    match renewal {
        Renewal::Impossible => WayOut::SignIn,
        Renewal::Idle { pause: Pause::Attention, .. } => WayOut::Attention,
        Renewal::Idle { .. } | Renewal::InFlight { .. } => WayOut::Refresh,
    }
}

fn reason(entry: &Entry, way_out: WayOut) -> Reason {
    let last_error = entry.last_error.clone().filter(|_| way_out != WayOut::SignIn);
    last_error.unwrap_or_else(|| Reason::with_cause("no_refresh_token", NO_REFRESH_TOKEN))
}
