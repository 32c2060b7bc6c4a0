//! Tokens out to what is saved, and back in from there. Until what was saved is there, nothing is decided: callers
//! wait, for a while.

use std::time::Duration;

use pizauth_common::ipc::message::{Refusal, Request};
use pizauth_common::sys::give_memory_back;
use pizauth_core::keeper::{JobId, Restored};
use pizauth_core::moment::{Moment, Now};
use pizauth_core::snapshot::Snapshot;

use super::EventLoop;
use super::answers::{Refused, busy, stopping};
use super::crowd::Crowd;
use crate::entropy;
use crate::hooks::Hook;
use crate::ipc_listener::{AnyCaller, GuestRefusal};
use crate::log::{self, What};
use crate::saved_state::{News, Next};

/// Callers that do not say how long they want to wait are answered after this time: a little later they would give up.
pub(super) const PATIENCE: Duration = Duration::from_secs(8);
/// Requests that wait are kept, and some are long: so many bytes of them may wait.
const MOST_BYTES: usize = 64 << 20;

/// Who waits for the end of a load.
#[derive(Debug, Default)]
pub(super) struct Loading {
    held: Vec<HeldRequest>,
    /// The daemon has stopped before what was saved was there.
    is_abandoned: bool,
}

#[derive(Debug)]
struct HeldRequest {
    /// None: a signal.
    caller: Option<AnyCaller>,
    request: Request,
    asked: Moment,
    until: Moment,
}

impl Loading {
    /// When the first of them has waited long enough.
    pub(super) fn poll_timeout(&self) -> Option<Moment> {
        self.held.iter().filter(|held| held.caller.is_some()).map(|held| held.until).min()
    }

    /// How many they are.
    pub(super) fn crowd(&self) -> Crowd {
        Crowd::of(self.held.iter().filter_map(|held| held.caller))
    }

    fn has_room_for(&self, request: &Request) -> bool {
        let bytes: usize = self.held.iter().map(|held| held.request.long_bytes()).sum();
        bytes + request.long_bytes() <= MOST_BYTES
    }
}

/// What is answered while what was saved is being read.
fn needs_no_load(request: &Request) -> bool {
    matches!(request, Request::Status {} | Request::Info {} | Request::Shutdown {})
}

/// For how many seconds a caller wants to wait, where its request says so.
fn wait_of(request: &mut Request) -> Option<&mut u64> {
    match request {
        Request::Show(show) => Some(&mut show.wait),
        Request::Refresh(refresh) => Some(&mut refresh.wait),
        Request::Await(seen) => Some(&mut seen.wait),
        _ => None,
    }
}

/// How long a caller is made to wait: as long as it wants to, where it has said so.
fn patience_of(request: &mut Request) -> Duration {
    wait_of(request).filter(|wait| **wait > 0).map_or(PATIENCE, |wait| Duration::from_secs(*wait))
}

/// The request of a caller that has waited since it `asked`: what is left of its patience.
fn with_patience_left(mut request: Request, asked: Moment, now: Now) -> Request {
    if let Some(wait) = wait_of(&mut request) {
        *wait = wait.saturating_sub(now.moment.since(asked).as_secs());
    }
    request
}

fn loading() -> Refused {
    let why = "the saved tokens are still being decrypted (try again in a moment)";
    Refused(Refusal::Starting, why.to_owned())
}

/// What is said to who has come by the command socket, and to a guest.
type Words = (fn() -> Refused, fn() -> GuestRefusal);
const LOADING: Words = (loading, GuestRefusal::starting);
const BUSY: Words = (busy, GuestRefusal::busy);
const STOPPING: Words = (stopping, GuestRefusal::stopping);

impl EventLoop {
    /// Reads what was saved, and then runs `startup_cmd`.
    pub(super) fn begin(&mut self, now: Now) {
        let Some(prepared) = self.rooms.prepared_state.take() else { return self.run_startup_cmd(now) };
        let (next, _) = self.rooms.saved_state.adopt(prepared);
        self.follow(next, now);
        if !self.rooms.saved_state.is_loading() {
            self.run_startup_cmd(now);
        }
    }

    /// Does what a configuration wants done about what is saved.
    pub(super) fn follow(&mut self, next: Next, now: Now) {
        match next {
            Next::Nothing => {}
            Next::Load => {
                self.rooms.keeper.load(now);
                self.rooms.saved_state.load(now.moment);
            }
            Next::SaveAnew => self.rooms.keeper.save_anew(now),
            Next::Stop => self.rooms.keeper.stop_saving(now),
        }
        self.hear_of_saved_state(now);
    }

    /// Takes a request, of a caller or of a signal, and answers it once what was saved is there.
    pub(super) fn take_request(&mut self, caller: Option<AnyCaller>, request: Request, now: Now) {
        self.take_as_of(now.moment, caller, request, now);
    }

    /// The same, of a request that came at `asked`.
    fn take_as_of(&mut self, asked: Moment, caller: Option<AnyCaller>, request: Request, now: Now) {
        let goes_on = needs_no_load(&request) || self.is_not_for_guest(caller, &request);
        if !goes_on && self.rooms.saved_state.is_loading() {
            return self.await_load(asked, caller, request);
        }
        if !goes_on && self.loading.is_abandoned {
            return self.refuse(caller, STOPPING);
        }
        let request = with_patience_left(request, asked, now);
        match caller {
            Some(AnyCaller::Own(caller)) => self.answer(caller, request, asked.plus(PATIENCE), now),
            Some(AnyCaller::Guest(guest)) => self.answer_guest(guest, request, now),
            // What goes wrong stands in the log. Nobody waits for an answer: the time of the load does not count.
            None => self.reload(None, now.moment.plus(PATIENCE), now),
        }
    }

    fn await_load(&mut self, asked: Moment, caller: Option<AnyCaller>, mut request: Request) {
        if caller.is_some_and(|caller| !self.has_room_for(caller)) {
            self.refuse(caller, BUSY);
        } else if self.loading.has_room_for(&request) {
            let until = asked.plus(patience_of(&mut request));
            self.loading.held.push(HeldRequest { caller, request, asked, until });
        } else {
            self.refuse(caller, LOADING);
        }
    }

    fn is_not_for_guest(&self, caller: Option<AnyCaller>, request: &Request) -> bool {
        matches!(caller, Some(AnyCaller::Guest(_))) && self.rooms.permit_guest(request).is_err()
    }

    /// Tells whoever has waited long enough that they may come again.
    pub(super) fn refuse_who_waited_for_the_load(&mut self, now: Moment) {
        let is_late = |held: &mut HeldRequest| held.caller.is_some() && held.until <= now;
        let late: Vec<_> = self.loading.held.extract_if(.., is_late).collect();
        late.into_iter().for_each(|held| self.refuse(held.caller, LOADING));
    }

    /// The daemon stops, and a load ends with it: what was saved has not come back.
    pub(super) fn abandon_load(&mut self) {
        self.loading.is_abandoned = self.rooms.saved_state.is_loading();
        self.rooms.saved_state.stop();
        let held = std::mem::take(&mut self.loading.held);
        held.into_iter().for_each(|held| self.refuse(held.caller, STOPPING));
    }

    fn refuse(&mut self, caller: Option<AnyCaller>, (to_own, to_guest): Words) {
        match caller {
            Some(AnyCaller::Own(caller)) => {
                self.rooms.ipc_listener.answer(caller, &to_own().into());
            }
            Some(AnyCaller::Guest(guest)) => self.rooms.ipc_listener.answer_guest(guest, to_guest().into()),
            None => {}
        }
    }

    /// What has become of loads and saves.
    pub(super) fn hear_of_saved_state(&mut self, now: Now) {
        while let Some(news) = self.rooms.saved_state.poll_news() {
            match news {
                News::Loaded(snapshot) => self.loaded(snapshot, now),
                News::Saved { job, result } => self.rooms.keeper.saved(job, result, now),
                News::Trouble(message) => {
                    let account = "*".into();
                    self.rooms.hooks.run(Hook::ErrorNotify { account, message }, now.moment);
                }
            }
        }
    }

    fn loaded(&mut self, snapshot: Option<Snapshot>, now: Now) {
        let Restored { skipped, .. } = self.rooms.keeper.loaded(snapshot, now);
        for (account, reason) in &skipped {
            log::event(What::StateSkipped).account(account).field("reason", reason).write();
        }
        give_memory_back();
        self.fetch_what_is_missing(now);
        self.perform_effects(now);
        self.run_startup_cmd(now);
        self.answer_who_waited(now);
    }

    /// The load has ended. Who has gone meanwhile has asked for nothing; a reload may begin another load, for which the
    /// others wait.
    fn answer_who_waited(&mut self, now: Now) {
        for HeldRequest { caller, request, asked, .. } in std::mem::take(&mut self.loading.held) {
            if caller.is_none_or(|caller| self.rooms.ipc_listener.is_waiting(caller)) {
                self.take_as_of(asked, caller, request, now);
                self.perform_effects(now);
            }
        }
    }

    /// Hands to the room what the keeper wants saved.
    pub(super) fn save(&mut self, job: JobId, snapshot: Snapshot, now: Now) {
        let dump = snapshot.encode_to_fit(&mut entropy::fill);
        self.rooms.saved_state.save(job, dump, now.moment);
        give_memory_back();
    }
}

#[cfg(test)]
mod tests {
    use pizauth_common::ipc::message::{Refresh, Show};

    use super::*;

    #[test]
    fn nobody_waits_longer_than_it_wants_to() {
        let show = |wait| Request::Show(Show { wait, ..Show::of("work".to_owned()) });
        let refresh = |wait| Request::Refresh(Refresh { account: "work".to_owned(), wait });
        for mut request in [show(0), refresh(0), Request::Dump {}] {
            assert_eq!(patience_of(&mut request), PATIENCE);
        }
        for seconds in [2, 30] {
            assert_eq!(patience_of(&mut show(seconds)), Duration::from_secs(seconds));
            assert_eq!(patience_of(&mut refresh(seconds)), Duration::from_secs(seconds));
        }
    }
}
