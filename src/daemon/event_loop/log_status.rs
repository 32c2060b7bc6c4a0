//! The state of every account in the log, for who sends the signal USR1.

use pizauth_core::moment::Now;

use super::EventLoop;
use crate::log::{self, What};

impl EventLoop {
    /// Writes the state of every account to the log.
    pub(super) fn log_status(&mut self, now: Now) {
        for row in self.rooms.keeper.status(now) {
            let mut line = log::event(What::Status).account(&row.account.as_str().into());
            line = line.field("state", row.state.as_str());
            if let Some(expires) = row.expires {
                line = line.field("expires_in", expires.since(now.wall).as_secs());
            }
            if let Some(error) = self.rooms.keeper.logged_error(&row.account) {
                line = line.field("reason", error);
            }
            line.write();
        }
    }
}
