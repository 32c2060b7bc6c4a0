//! Callers that are answered later: as soon as there is what they wait for, or no hope for it.

use std::collections::HashMap;

use pizauth_common::ipc::message::{Answer, Response};
use pizauth_core::keeper::{AccountEvent, Happened, Shown, Waited, WaiterId};
use pizauth_core::moment::{Moment, Now};

use super::EventLoop;
use super::answers::Refused;
use super::tokens::{Asked, Found};
use crate::ipc_listener::CallerId;

/// By their tickets.
#[derive(Debug, Default)]
pub(super) struct WaitingCallers(HashMap<WaiterId, Waiting>);

#[derive(Debug)]
struct Waiting {
    caller: CallerId,
    asked: Asked,
    /// Nothing was begun for it, since `startup_cmd` may bring the token back.
    is_held_back: bool,
}

impl EventLoop {
    pub(super) fn let_wait(
        &mut self,
        caller: CallerId,
        asked: Asked,
        until: Moment,
        is_held_back: bool,
        now: Now,
    ) -> Result<Option<Answer>, Refused> {
        if self.rooms.ipc_listener.door(caller).is_some() {
            let (account, waiter) = (&asked.account, ticket(caller));
            let waiting = self.rooms.keeper.wait(account, waiter, asked.demand, until, now);
            waiting.map_err(|unknown| self.rooms.refused(unknown, account))?;
            self.waiting.0.insert(waiter, Waiting { caller, asked, is_held_back });
        }
        Ok(None)
    }

    /// A code has come, which those who wait have not been told: it had to be asked for.
    pub(super) fn tell_code(&mut self, event: &AccountEvent, now: Now) {
        let Happened::AuthorizationPending { user_code: Some(_), .. } = &event.what else { return };
        let account = event.account.as_str();
        let waiting = self.waiting.0.values().filter(|waiting| waiting.asked.account == account);
        for caller in waiting.map(|waiting| waiting.caller).collect::<Vec<_>>() {
            if let Ok(Some(Shown::Pending(invitation))) = self.rooms.keeper.why_not(account, now) {
                self.rooms.tell_pending(caller, account, invitation, now);
            }
        }
    }

    /// Callers have gone.
    pub(super) fn forget_gone(&mut self, now: Now) {
        for caller in self.rooms.ipc_listener.take_gone() {
            let waiter = ticket(caller);
            if let Some(waiting) = self.waiting.0.remove(&waiter) {
                self.rooms.keeper.stop_waiting(&waiting.asked.account, waiter, now);
            }
        }
    }

    /// The wait of a caller is over.
    pub(super) fn waited(&mut self, waiter: WaiterId, how: Waited, now: Now) {
        let Some(Waiting { caller, asked, .. }) = self.waiting.0.remove(&waiter) else { return };
        let answer = self.rooms.end_of_wait(&asked, how, now).unwrap_or_else(Response::from);
        self.rooms.ipc_listener.answer(caller, &answer.into());
    }

    /// `startup_cmd` has ended: what it has not brought back is begun now for those who wait.
    pub(super) fn begin_what_was_held_back(&mut self, now: Now) {
        let held_back = self.waiting.0.iter_mut().filter(|(_, waiting)| waiting.is_held_back);
        let begin = |(waiter, waiting): (&WaiterId, &mut Waiting)| {
            waiting.is_held_back = false;
            (*waiter, waiting.caller, waiting.asked.clone())
        };
        for (waiter, caller, asked) in held_back.map(begin).collect::<Vec<_>>() {
            let answer = match self.rooms.find(&asked, now) {
                Ok(Found::UnderWay(_)) => continue,
                Ok(Found::ForPerson(invitation)) => {
                    self.rooms.tell_pending(caller, &asked.account, invitation, now);
                    continue;
                }
                Ok(Found::Token(token)) => self.rooms.given(&asked, token, now),
                Ok(Found::Answer(answer)) => answer,
                Err(refused) => refused.into(),
            };
            self.waiting.0.remove(&waiter);
            self.rooms.keeper.stop_waiting(&asked.account, waiter, now);
            self.rooms.ipc_listener.answer(caller, &answer.into());
        }
    }
}

/// A caller waits for one thing only.
fn ticket(caller: CallerId) -> WaiterId {
    WaiterId(caller.number())
}
