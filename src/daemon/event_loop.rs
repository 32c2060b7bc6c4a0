//! The one owner of the keeper. It waits in one place for everything: callers, signals, the alarm, the
//! mailbox of the other threads. Events go in, effects come out.

mod answers;
mod effects;
mod pages;
mod stage;

use std::io;
use std::path::PathBuf;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use mio::event::Event as Ready;
use mio::{Events, Poll};
use pizauth_common::cause::Cause;

use crate::clock::{Alarm, Clock};
use crate::containment::{Worker, contain};
use crate::hooks::{Finished, Hook, Hooks};
use crate::http::Http;
use crate::ipc_listener::IpcListener;
use crate::log::{self, What};
use crate::mailbox::Event;
use crate::poll_tokens;
use crate::redirect_listener::RedirectListener;
use crate::signals::{Signal, Signals};
use crate::socket_file::SocketFile;
use crate::supervisor::Supervisor;
use pages::WaitingPages;
use pizauth_core::keeper::Keeper;
use pizauth_core::moment::{Moment, Now};
use stage::Stage;

/// So many readiness events are taken in one turn; what is over comes in the next.
const EVENTS_PER_TURN: usize = 1024;
const PAUSE_AFTER_A_BUG: Duration = Duration::from_secs(1);

/// The rooms of the daemon, each ready, and the state that connects them.
pub struct EventLoop {
    /// Everything that can become ready is registered here.
    pub poll: Poll,
    /// Where other threads' events arrive.
    pub mail: Receiver<Event>,
    /// All token state.
    pub keeper: Keeper,
    /// Performs requests to authorization servers.
    pub http: Http,
    /// Runs the user's commands.
    pub hooks: Hooks,
    /// Serves callers.
    pub ipc_listener: IpcListener,
    /// Keeps the socket in its place.
    pub socket_file: SocketFile,
    /// Serves browsers.
    pub redirect_listener: RedirectListener,
    /// TERM, HUP and the like.
    pub signals: Signals,
    /// Wakes us when something is due.
    pub alarm: Alarm,
    /// Tells whoever supervises us.
    pub supervisor: Supervisor,
    /// Where `reload` reads.
    pub config_file: PathBuf,
}

/// The loop while it runs.
struct Running {
    rooms: EventLoop,
    pages: WaitingPages,
    stage: Stage,
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
    pub fn run(self) -> io::Result<()> {
        let now = Clock::now();
        let mut running = Running {
            rooms: self,
            pages: WaitingPages::default(),
            stage: Stage::starting(now.moment),
            not_before: now.moment,
            slept: Clock::slept(),
        };
        running.rooms.hooks.run(Hook::Startup, now.moment);
        let mut events = Events::with_capacity(EVENTS_PER_TURN);
        running.turn(now);
        while !running.stage.is_over() {
            running.wait(&mut events)?;
            let now = Clock::now();
            for event in &events {
                running.step(Worker::EventLoop, now, |running| running.dispatch(event, now));
            }
            running.turn(now);
        }
        let Running { rooms, pages, .. } = running;
        // Nobody answers the browsers that still wait: they are shown that by the redirect listener.
        drop(pages);
        rooms.end();
        Ok(())
    }

    /// When the socket's file was lost, there is a new one.
    fn keep_listening(&mut self) {
        let Some(listener) = self.socket_file.take_listener() else { return };
        if let Err(error) = self.ipc_listener.replace_listener(listener) {
            log::event(What::SocketFailed).field("reason", Cause(&error)).write();
        }
    }

    /// Leaves nothing behind. Callers of `shutdown` see the end of their connection when the process has gone, not
    /// before: the listener is left to the system.
    fn end(self) {
        let Self { mail, redirect_listener, mut socket_file, ipc_listener, hooks, .. } = self;
        // With whatever browsers have sent that was not read any more.
        drop(mail);
        redirect_listener.stop();
        hooks.let_go();
        socket_file.remove();
        std::mem::forget(ipc_listener);
        log::event(What::Stopped).write();
        log::catch_up();
    }
}

impl Running {
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
            self.stage.poll_timeout(),
        ];
        due.into_iter().flatten().min()
    }

    fn dispatch(&mut self, event: &Ready, now: Now) {
        match event.token() {
            poll_tokens::ALARM => self.rooms.alarm.acknowledge(),
            poll_tokens::SIGNALS => self.signals_arrived(now),
            poll_tokens::SOCKET_WATCH => self.rooms.socket_file.ready(now.moment),
            poll_tokens::WAKER => {}
            token if self.rooms.hooks.owns(token) => self.rooms.hooks.output_ready(token),
            _ => self.rooms.ipc_listener.ready(event, now.moment),
        }
    }

    /// Everything that does not hang on one readiness event: mail, requests, what is due, what follows from it.
    fn turn(&mut self, now: Now) {
        while let Ok(event) = self.rooms.mail.try_recv() {
            self.step(Worker::EventLoop, now, |running| running.take(event, now));
        }
        self.step(Worker::Agenda, now, |running| {
            running.notice_sleep();
            running.handle_timeouts(now);
        });
        while self.serve_next_caller(now) {}
        self.step(Worker::EventLoop, now, |running| {
            running.perform_effects(now);
            running.hooks_finished(now);
            running.perform_effects(now);
            running.advance(now);
        });
    }

    /// False when nobody waits.
    fn serve_next_caller(&mut self, now: Now) -> bool {
        let mut served = false;
        self.step(Worker::EventLoop, now, |running| {
            let Some((connection, request)) = running.rooms.ipc_listener.take_request() else { return };
            served = true;
            running.answer(connection, request, now);
            running.perform_effects(now);
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
        }
    }

    /// Tokens age while the machine sleeps; what runs on it does not.
    fn notice_sleep(&mut self) {
        const NAP: Duration = Duration::from_secs(1);
        let slept = Clock::slept();
        let more = slept.saturating_sub(self.slept);
        if more >= NAP {
            self.slept = slept;
            self.rooms.hooks.slept(more);
            self.stage.slept(more);
        }
    }

    fn handle_timeouts(&mut self, now: Now) {
        self.rooms.keeper.handle_timeout(now);
        self.rooms.hooks.handle_timeout(now.moment);
        self.rooms.ipc_listener.handle_timeout(now.moment);
        self.rooms.socket_file.handle_timeout(now.moment);
        self.rooms.keep_listening();
    }

    fn signals_arrived(&mut self, now: Now) {
        for signal in self.rooms.signals.arrived() {
            match signal {
                Signal::Stop => self.stop(now),
                Signal::Interrupt => self.interrupt(now),
                Signal::Reload => {
                    // What went wrong stands in the log; nobody waits for an answer.
                    let _ = self.reload(now);
                }
                Signal::LogStatus => self.log_status(now),
                Signal::ChildrenChanged => self.rooms.hooks.children_changed(now.moment),
            }
        }
    }

    fn hooks_finished(&mut self, now: Now) {
        while let Some(finished) = self.rooms.hooks.poll_finished() {
            match finished {
                Finished::Startup => self.stage.startup_finished(),
                Finished::TransientErrorIf { job, verdict } => {
                    self.rooms.keeper.command_finished(job, verdict, now);
                }
            }
        }
    }
}
