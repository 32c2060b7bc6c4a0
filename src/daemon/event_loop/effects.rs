//! Performing what the keeper wants done.

use super::{Running, notices};
use crate::keeper::Effect;
use crate::log::{self, What};
use crate::moment::Now;

impl Running {
    pub(super) fn perform_effects(&mut self, now: Now) {
        while let Some(effect) = self.rooms.keeper.poll_effect() {
            match effect {
                Effect::RequestToken { job, account, request } => {
                    let grant = request.grant.as_str();
                    log::event(What::RequestStarted).account(&account).field("grant", grant).write();
                    self.rooms.token_endpoint.request(job, request);
                }
                Effect::RunHook(hook) => self.rooms.hooks.run(hook, now.moment),
                Effect::Log(notice) => notices::write(notice),
                Effect::ExchangeFinished { job, account, result } => {
                    self.pages.finished(job, &account, &result);
                }
            }
        }
    }
}
