//! The user hears of each outage, and of its end, once.

use super::{Model, Phase};
use crate::keeper::simulation::session::Wait;
use crate::keeper::{AccountEvent, Happened, WayOut};
use crate::moment::Moment;

impl Model {
    /// Whether an event is about an outage; then it must be one that begins or ends.
    pub(in crate::keeper::simulation) fn told_of_outage(
        &mut self,
        event: &AccountEvent,
        now: Moment,
    ) -> bool {
        match &event.what {
            Happened::Outage { reason, way_out } => {
                assert!(!self.is_out && self.misses_token(now), "an outage that is none");
                assert_eq!(*way_out, self.way_out());
                if *way_out != WayOut::SignIn {
                    assert_eq!(Some(reason), self.last_error.as_ref());
                }
                assert!(event.error_message().is_some());
                self.is_out = true;
            }
            Happened::OutageOver => {
                assert!(self.is_out && self.has_token(now), "it goes on");
                assert_eq!(event.error_message(), None);
                self.is_out = false;
            }
            _ => return false,
        }
        true
    }

    fn way_out(&self) -> WayOut {
        match self.held() {
            Some(session) if !session.is_refreshable() => WayOut::SignIn,
            Some(session) if session.wait == Wait::Person => WayOut::Attention,
            _ => WayOut::Refresh,
        }
    }

    /// The user knows of every outage, and of its end.
    pub(in crate::keeper::simulation) fn check_outage(&self, now: Moment) {
        assert!(self.is_out || !self.misses_token(now), "a token has expired in silence: {self:?}");
        assert!(!self.is_out || !self.has_token(now), "nobody was told that it works again: {self:?}");
    }

    /// An access token has expired, and no refresh is under way or about to begin.
    fn misses_token(&self, now: Moment) -> bool {
        let Phase::Active(session) = &self.phase else { return false };
        let waits = self.request.is_none() && session.wait != Wait::Fresh && session.due > now;
        session.has_expired(now) && (waits || !session.is_refreshable())
    }
}
