//! The one owner of the keeper. It waits in one place for everything: callers, signals, the alarm, the
//! mailbox of the other threads. Events go in, effects come out.

mod answers;
mod crowd;
mod effects;
mod guests;
mod importing;
mod loading;
mod log_status;
mod login;
mod pages;
mod reload;
mod revoke;
mod rooms;
mod sign_in;
mod stage;
mod startup;
mod tokens;
mod unknown_account;
mod waiting;

use std::io;
use std::time::Duration;

use mio::Events;
use mio::event::Event as Ready;
use pizauth_common::ipc::message::Request;
use pizauth_core::moment::{Moment, Now};
use rustix::process::{Resource, getrlimit};

use crate::clock::Clock;
use crate::containment::{Worker, contain};
use crate::hooks::Finished;
use crate::log;
use crate::mailbox::Event;
use crate::signals::Signal;
use crate::wake_sources;
use loading::Loading;
use pages::WaitingPages;
use reload::Reloads;
use revoke::Revokers;
pub(crate) use rooms::Rooms;
use stage::Stage;
use startup::Startup;
use waiting::WaitingCallers;

/// So many readiness events are taken in one turn; any more come in the next.
const EVENTS_PER_TURN: usize = 1024;
const PAUSE_AFTER_A_BUG: Duration = Duration::from_secs(1);

/// The loop: the rooms, and what connects them while it runs.
pub(crate) struct EventLoop {
    rooms: Rooms,
    pages: WaitingPages,
    waiting: WaitingCallers,
    revokers: Revokers,
    reloads: Reloads,
    loading: Loading,
    stage: Stage,
    startup: Startup,
    /// Whether something has happened to an account that the supervisor has not been told of.
    has_news: bool,
    /// After a bug what is due waits until then, so that one that repeats is no storm.
    not_before: Moment,
    /// [`Clock::slept`], as far as it has been taken into account.
    slept: Duration,
}

impl EventLoop {
    /// Serves until a signal or a caller asks to stop.
    ///
    /// # Errors
    /// The system cannot wait for events.
    pub(crate) fn run(rooms: Rooms) -> io::Result<()> {
        let now = Clock::now();
        let startup = Startup::new(rooms.hooks.has_startup_cmd());
        let mut event_loop = Self {
            rooms,
            pages: WaitingPages::default(),
            waiting: WaitingCallers::new(getrlimit(Resource::Nofile).current),
            revokers: Revokers::default(),
            reloads: Reloads::default(),
            loading: Loading::default(),
            stage: Stage::starting(now.moment),
            startup,
            has_news: false,
            not_before: now.moment,
            slept: Clock::slept(),
        };
        event_loop.serve(now)?;
        let Self { rooms, pages, .. } = event_loop;
        // Nobody answers the browsers that still wait: they are shown that by the redirect listener.
        drop(pages);
        rooms.end();
        Ok(())
    }

    fn serve(&mut self, now: Now) -> io::Result<()> {
        self.begin(now);
        let mut events = Events::with_capacity(EVENTS_PER_TURN);
        self.turn(now);
        while !self.stage.is_over() {
            self.wait(&mut events)?;
            let now = Clock::now();
            for event in &events {
                self.step(Worker::EventLoop, now, |this| this.dispatch(event, now));
            }
            self.turn(now);
        }
        Ok(())
    }

    /// A bug in one step costs that step, never the tokens, and keeps no other step from its turn.
    fn step(&mut self, worker: Worker, now: Now, step: impl FnOnce(&mut Self)) {
        if contain(worker, || step(self)).is_err() {
            self.not_before = now.moment.plus(PAUSE_AFTER_A_BUG);
        }
    }

    fn wait(&mut self, events: &mut Events) -> io::Result<()> {
        let log = log::catch_up().map(|pause| Clock::now().moment.plus(pause));
        let due = self.poll_timeout().into_iter().chain(log).min();
        self.rooms.alarm.set(due.map(|due| due.max(self.not_before)))?;
        match self.rooms.poll.poll(events, self.rooms.alarm.poll_timeout()) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                events.clear();
                Ok(())
            }
            other => other,
        }
    }

    fn poll_timeout(&self) -> Option<Moment> {
        let rooms = &self.rooms;
        let due = [
            rooms.keeper.poll_timeout(),
            rooms.hooks.poll_timeout(),
            rooms.ipc_listener.poll_timeout(),
            rooms.socket_file.poll_timeout(),
            rooms.extra_socket.as_ref().and_then(|extra| extra.file.poll_timeout()),
            rooms.redirect_listener.poll_timeout(),
            self.stage.poll_timeout(),
            self.startup.poll_timeout(),
            self.reloads.poll_timeout(),
            self.loading.poll_timeout(),
            rooms.saved_state.poll_timeout(),
        ];
        due.into_iter().flatten().min()
    }

    fn dispatch(&mut self, event: &Ready, now: Now) {
        match event.token() {
            wake_sources::ALARM => self.rooms.alarm.acknowledge(),
            wake_sources::SIGNALS => self.signals_arrived(now),
            wake_sources::SOCKET_WATCH => self.rooms.socket_file.ready(now.moment),
            wake_sources::EXTRA_SOCKET_WATCH => {
                self.rooms.extra_socket.iter_mut().for_each(|extra| extra.file.ready(now.moment));
            }
            wake_sources::WAKER => {}
            token if self.rooms.hooks.owns(token) => self.rooms.hooks.output_ready(token),
            _ => self.rooms.ipc_listener.ready(event, now.moment),
        }
    }

    /// Everything that does not hang on one readiness event: mail, requests, what is due, what follows from it.
    fn turn(&mut self, now: Now) {
        // What comes meanwhile wakes the loop again, and waits until callers have had their turn.
        for event in self.rooms.mail.try_iter().collect::<Vec<_>>() {
            self.step(Worker::EventLoop, now, |this| {
                this.take(event, now);
                // Answers tell of how things are now, which the next event may change.
                this.perform_effects(now);
            });
        }
        self.step(Worker::Agenda, now, |this| {
            this.forget_gone(now);
            this.notice_sleep();
            this.handle_timeouts(now);
        });
        while self.serve_next_caller(now) {}
        self.step(Worker::EventLoop, now, |this| {
            this.perform_effects(now);
            this.hooks_finished(now);
            this.perform_effects(now);
            this.hear_of_saved_state(now);
            this.perform_effects(now);
            this.advance(now);
            this.go_on_after_startup(now);
            this.forget_gone(now);
            this.tell_supervisor(now);
        });
    }

    /// False when nobody waits.
    fn serve_next_caller(&mut self, now: Now) -> bool {
        let mut served = false;
        self.step(Worker::EventLoop, now, |this| {
            let Some((caller, request)) = this.rooms.ipc_listener.take_request() else { return };
            served = true;
            this.take_request(Some(caller), request, now);
            this.perform_effects(now);
        });
        served
    }

    fn take(&mut self, event: Event, now: Now) {
        match event {
            Event::HttpAnswered { job, result } => self.rooms.keeper.answered(job, result, now),
            Event::Redirect { request, reply } => {
                let verdict = self.rooms.keeper.redirect(&request, now);
                self.pages.show(verdict, reply);
            }
            Event::LookedUp(addresses) => self.looked_up(addresses, now),
            Event::SecretPrinted(done) => {
                let (job, printed) = self.rooms.client_secrets.done(done);
                self.rooms.keeper.secret_told(job, &printed, now);
            }
            Event::SavedState(done) => {
                self.rooms.saved_state.done(done, now.moment);
                self.hear_of_saved_state(now);
            }
        }
    }

    /// Tokens age while the machine sleeps. Commands that it runs get nothing done meanwhile: their time is longer
    /// then.
    fn notice_sleep(&mut self) {
        const NAP: Duration = Duration::from_secs(1);
        let slept = Clock::slept();
        let more = slept.saturating_sub(self.slept);
        if more >= NAP {
            self.slept = slept;
            self.rooms.hooks.slept(more);
            self.stage.slept(more);
            self.startup.slept(more);
        }
    }

    fn handle_timeouts(&mut self, now: Now) {
        self.rooms.keeper.handle_timeout(now);
        let others = self.rooms.other_children();
        self.rooms.hooks.handle_timeout(&others, now.moment);
        self.rooms.ipc_listener.handle_timeout(now.moment);
        self.rooms.socket_file.handle_timeout(now.moment);
        self.rooms.extra_socket.iter_mut().for_each(|extra| extra.file.handle_timeout(now.moment));
        self.rooms.keep_listening();
        let served_again = self.rooms.redirect_listener.handle_timeout(now.moment);
        self.rooms.keeper.renew_pending(&served_again, now);
        // Whose time is up is told of the configuration it has waited under: a reload may take the account away.
        self.perform_effects(now);
        self.handle_reload_timeout(now);
        self.rooms.saved_state.handle_timeout(now.moment);
        self.refuse_who_waited_for_the_load(now.moment);
    }

    fn signals_arrived(&mut self, now: Now) {
        for signal in self.rooms.signals.arrived() {
            match signal {
                Signal::Stop => self.stop(now),
                Signal::Interrupt => self.interrupt(now),
                // What goes wrong stands in the log; nobody waits for an answer.
                Signal::Reload => self.take_request(None, Request::Reload {}, now),
                Signal::LogStatus => self.log_status(now),
                Signal::ChildrenChanged => {
                    self.rooms.saved_state.children_changed();
                    self.rooms.client_secrets.children_changed();
                    let others = self.rooms.other_children();
                    self.rooms.hooks.children_changed(&others, now.moment);
                }
            }
        }
    }

    fn hooks_finished(&mut self, now: Now) {
        while let Some(finished) = self.rooms.hooks.poll_finished() {
            match finished {
                Finished::Startup { succeeded } => self.startup_finished(succeeded),
                Finished::TransientErrorIf { job, verdict } => {
                    self.rooms.keeper.command_finished(job, verdict, now);
                }
            }
        }
    }
}
