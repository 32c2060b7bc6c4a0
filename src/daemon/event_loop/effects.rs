//! Performing what the keeper wants done.

use std::mem;

use pizauth_core::keeper::{AccountEvent, Effect};
use pizauth_core::moment::Now;

use super::EventLoop;
use crate::hooks::Hook;
use crate::log;

impl EventLoop {
    pub(super) fn perform_effects(&mut self, now: Now) {
        while let Some(effect) = self.rooms.keeper.poll_effect() {
            match effect {
                Effect::Http { job, request } => self.rooms.http.request(job, request),
                Effect::AskIfTransient { job, account } => {
                    self.rooms.hooks.run(Hook::TransientErrorIf { job, account }, now.moment);
                }
                Effect::AskSecret { job, account, command } => {
                    self.rooms.client_secrets.ask(job, account, &command);
                }
                Effect::Save { job, snapshot } => self.save(job, snapshot, now),
                Effect::Tell(event) => self.tell(&event, now),
                Effect::TellOfIssuer(event) => log::issuer_event(&event),
                Effect::Answer { waiter, how } => self.wait_is_over(waiter, how, now),
                Effect::AnswerRevoker { waiter, how } => self.revocation_is_over(waiter, how),
            }
        }
    }

    /// Whoever listens to the events of accounts hears of them here.
    fn tell(&mut self, event: &AccountEvent, now: Now) {
        log::account_event(event);
        self.rooms.hooks.tell(event, now.moment);
        self.pages.tell(event);
        self.tell_who_waits(event, now);
        self.has_news = true;
    }

    /// Supervisors show how the accounts are.
    pub(super) fn tell_supervisor(&mut self, now: Now) {
        if mem::take(&mut self.has_news) {
            self.rooms.supervisor.accounts(|| self.rooms.keeper.summary(now));
        }
    }
}
