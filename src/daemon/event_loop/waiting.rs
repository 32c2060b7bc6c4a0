//! Callers that are answered later: as soon as there is what they wait for, or no hope for it.

use std::collections::HashMap;

use pizauth_common::ipc::message::Answer;
use pizauth_core::keeper::{
    AccountEvent, Dismissal, Happened, Invitation, Shown, StageMark, UnknownAccount, Waited, WaiterId,
};
use pizauth_core::moment::Now;

use super::EventLoop;
use super::answers::{Refused, busy, stopping};
use super::crowd::Crowd;
use super::tokens::{Asked, Found, Work};
use crate::ipc_listener::{AnyCaller, CallerId, GuestAnswer, GuestId};

/// Who waits, by tickets.
#[derive(Debug)]
pub(super) struct WaitingCallers {
    all: HashMap<WaiterId, WaitingCaller>,
    crowd: Crowd,
    allowed: Crowd,
}

#[derive(Debug)]
struct WaitingCaller {
    caller: AnyCaller,
    asked: Asked,
    work: Work,
    /// What it was last told that the user has to do.
    told: Option<StageMark>,
}

/// What one who waits is told, and who.
enum LateAnswer {
    Own(CallerId, Answer),
    Guest(GuestId, GuestAnswer),
}

/// Why a caller cannot wait.
pub(super) enum CannotWait {
    UnknownAccount,
    /// Too many do already.
    Crowd,
    /// Who waited has been answered, and nobody would answer those who come now.
    Stopping,
}

impl WaitingCallers {
    /// Nobody yet. How many may wait is told by how many `descriptors` may be open, if there is a limit.
    pub(super) fn new(descriptors: Option<u64>) -> Self {
        Self { all: HashMap::new(), crowd: Crowd::default(), allowed: Crowd::allowed(descriptors) }
    }

    fn insert(&mut self, waiter: WaiterId, waiting: WaitingCaller) {
        self.remove(waiter);
        self.crowd = self.crowd.with(waiting.caller);
        self.all.insert(waiter, waiting);
    }

    fn remove(&mut self, waiter: WaiterId) -> Option<WaitingCaller> {
        let waiting = self.all.remove(&waiter)?;
        self.crowd = self.crowd.without(waiting.caller);
        Some(waiting)
    }
}

impl EventLoop {
    /// Whether one more may wait, beside all that do, for whatever it is.
    pub(super) fn has_room_for(&self, caller: AnyCaller) -> bool {
        let elsewhere = self.revokers.crowd().and(self.loading.crowd());
        self.waiting.crowd.and(elsewhere).has_room_for(caller, self.waiting.allowed)
    }

    /// Has a caller wait for what it has asked for, as long as it wants to.
    ///
    /// # Errors
    /// It cannot.
    pub(super) fn let_wait(
        &mut self,
        caller: AnyCaller,
        asked: Asked,
        work: Work,
        now: Now,
    ) -> Result<(), CannotWait> {
        if self.stage.is_stopping() {
            return Err(CannotWait::Stopping);
        }
        if self.rooms.ipc_listener.is_there(caller) {
            if !self.has_room_for(caller) {
                return Err(CannotWait::Crowd);
            }
            let (waiter, until) = (WaiterId(caller.number()), now.moment.plus(asked.wait));
            let waiting = self.rooms.keeper.wait(&asked.account, waiter, asked.demand, until, now);
            waiting.map_err(|UnknownAccount| CannotWait::UnknownAccount)?;
            self.waiting.insert(waiter, WaitingCaller { caller, asked, work, told: None });
        }
        Ok(())
    }

    /// [`EventLoop::let_wait`] for one of the user's own programs, as what comes of its request: no answer yet.
    ///
    /// # Errors
    /// It cannot.
    pub(super) fn let_own_wait(
        &mut self,
        caller: CallerId,
        asked: Asked,
        work: Work,
        now: Now,
    ) -> Result<Option<Answer>, Refused> {
        let account = asked.account.clone();
        let waiting = self.let_wait(AnyCaller::Own(caller), asked, work, now);
        waiting.map(|()| None).map_err(|why| match why {
            CannotWait::UnknownAccount => self.rooms.unknown(&account),
            CannotWait::Crowd => busy(),
            CannotWait::Stopping => stopping(),
        })
    }

    /// The user can sign in, or has to do so elsewhere than before: callers that wait for a token hear of it.
    pub(super) fn tell_who_waits(&mut self, event: &AccountEvent, now: Now) {
        if !matches!(event.what, Happened::AuthorizationPending { .. }) {
            return;
        }
        let account = event.account.as_str();
        // Thousands of accounts may tell this at once, and thousands of callers wait for others.
        let waiting = self.rooms.keeper.waiters(account).filter_map(|waiter| self.waiting.all.get(&waiter));
        let for_token = waiting.filter(|it| !it.asked.is_for_stage() && it.work == Work::UnderWay);
        let callers: Vec<_> = for_token.filter_map(|waiting| waiting.caller.own()).collect();
        if callers.is_empty() {
            return;
        }
        let Ok(Some(Shown::Pending(invitation))) = self.rooms.keeper.why_not(account, now) else { return };
        for caller in callers {
            self.tell_invitation(caller, invitation.clone(), now);
        }
    }

    /// Tells one that waits what the user has to do, unless it knows that.
    pub(super) fn tell_invitation(&mut self, caller: CallerId, invitation: Invitation, now: Now) {
        let waiter = WaiterId(AnyCaller::Own(caller).number());
        let Some(waiting) = self.waiting.all.get_mut(&waiter) else { return };
        let mark = invitation.mark();
        if waiting.told.replace(mark) != Some(mark) {
            let pending = self.rooms.pending(&waiting.asked.account, invitation, true, now);
            self.rooms.ipc_listener.tell(caller, &pending.into());
        }
    }

    /// Callers have gone.
    pub(super) fn forget_gone(&mut self, now: Now) {
        for caller in self.rooms.ipc_listener.take_gone() {
            let waiter = WaiterId(caller.number());
            if let Some(waiting) = self.waiting.remove(waiter) {
                self.rooms.keeper.stop_waiting(&waiting.asked.account, waiter, now);
            } else if let Some(account) = self.revokers.remove(waiter) {
                self.rooms.keeper.stop_waiting(&account, waiter, now);
            }
        }
    }

    /// The wait of a caller is over.
    pub(super) fn wait_is_over(&mut self, waiter: WaiterId, how: Waited, now: Now) {
        let Some(WaitingCaller { caller, asked, .. }) = self.waiting.remove(waiter) else { return };
        self.tell_end(match caller {
            AnyCaller::Own(caller) => {
                let answer = self.rooms.end_of_wait(&asked, how, now);
                LateAnswer::Own(caller, answer.unwrap_or_else(Answer::from))
            }
            AnyCaller::Guest(guest) => {
                LateAnswer::Guest(guest, self.rooms.end_of_guests_wait(&asked, how, now))
            }
        });
    }

    fn tell_end(&mut self, late: LateAnswer) {
        match late {
            LateAnswer::Own(caller, answer) => self.rooms.ipc_listener.answer(caller, &answer),
            LateAnswer::Guest(guest, answer) => self.rooms.ipc_listener.answer_guest(guest, answer),
        }
    }

    /// The list of the accounts at the extra socket may have changed: who waits there for another one waits no longer.
    pub(super) fn dismiss_guests(&mut self, now: Now) {
        let is_unlisted = |waiting: &WaitingCaller| match waiting.caller {
            AnyCaller::Guest(_) => !self.rooms.is_listed(&waiting.asked.account),
            AnyCaller::Own(_) => false,
        };
        let unlisted = self.waiting.all.iter().filter(|(_, waiting)| is_unlisted(waiting));
        for waiter in unlisted.map(|(waiter, _)| *waiter).collect::<Vec<_>>() {
            if let Some(waiting) = self.waiting.all.get(&waiter) {
                self.rooms.keeper.stop_waiting(&waiting.asked.account, waiter, now);
            }
            self.wait_is_over(waiter, Waited::Dismissed(Dismissal::UnknownAccount), now);
        }
    }

    /// `startup_cmd` has ended: what it has not brought back is begun now for those who wait.
    pub(super) fn begin_what_was_held_back(&mut self, now: Now) {
        let held_back = self.waiting.all.iter_mut().filter(|(_, waiting)| waiting.work == Work::HeldBack);
        let begin = |(waiter, waiting): (&WaiterId, &mut WaitingCaller)| {
            waiting.work = Work::UnderWay;
            (*waiter, waiting.caller, waiting.asked.clone())
        };
        for (waiter, caller, asked) in held_back.map(begin).collect::<Vec<_>>() {
            if let Some(late) = self.begin_for(caller, &asked, now) {
                self.waiting.remove(waiter);
                self.rooms.keeper.stop_waiting(&asked.account, waiter, now);
                self.tell_end(late);
            }
        }
    }

    /// Begins what was held back for one who waits. None: it waits on.
    fn begin_for(&mut self, caller: AnyCaller, asked: &Asked, now: Now) -> Option<LateAnswer> {
        let caller = match caller {
            AnyCaller::Own(caller) => caller,
            AnyCaller::Guest(guest) => {
                return Some(LateAnswer::Guest(guest, self.rooms.begin_for_guest(asked, now)?));
            }
        };
        let answer = match self.rooms.find(asked, now) {
            Ok(Found::UnderWay(_)) => return None,
            Ok(Found::ForPerson(invitation)) => {
                self.tell_invitation(caller, invitation, now);
                return None;
            }
            Ok(Found::Token(token)) => self.rooms.given(asked, token, now),
            Ok(Found::Answer(answer)) => answer,
            Err(refused) => refused.into(),
        };
        Some(LateAnswer::Own(caller, answer.into()))
    }
}
