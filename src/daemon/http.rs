//! Performs token requests: one worker thread each, one dispatcher, and exactly one outcome per job.
//!
//! The dispatcher is the only one who posts, so a worker that panics, hangs in a name lookup or comes
//! too late cannot lose an outcome or report two.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use pizauth_common::cause::Cause;

use crate::containment::{Bug, Worker, contain};
use crate::log::{self, What};
use crate::mailbox::{Event, Mailbox};
use attempt::Attempt;
use pizauth_core::http::{Answer, Lost, Request};
use pizauth_core::keeper::JobId;

mod attempt;
mod connection;
mod dial;
mod http;
mod proxy;
mod roots;

mod tunnel;

/// How long a token request may take, and how many there may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For the TCP connection, all addresses together.
    pub connect: Duration,
    /// For everything, name lookup included.
    pub total: Duration,
    /// How much longer a worker may take to report by itself before it is given up.
    pub grace: Duration,
    /// Requests under way at a time.
    pub workers: usize,
    /// Workers given up that have not come back: while there are as many, no other is started.
    pub stuck: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            total: Duration::from_secs(30),
            grace: Duration::from_millis(500),
            workers: 8,
            stuck: 8,
        }
    }
}

/// The room that talks to authorization servers.
#[derive(Debug)]
pub struct Http {
    notes: Sender<Note>,
}

impl Http {
    /// Starts the dispatcher, which sleeps while nothing is asked. Proxy and certificate variables are
    /// read from the environment here.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn start(mailbox: Mailbox, limits: Limits) -> io::Result<Self> {
        let transport = http::Transport::new(limits, |name| std::env::var_os(name));
        Self::with(mailbox, limits, move |request, attempt| transport.perform(request, attempt))
    }

    fn with<P>(mailbox: Mailbox, limits: Limits, perform: P) -> io::Result<Self>
    where
        P: Fn(&Request, &Attempt) -> Result<Answer, Lost> + Send + Sync + 'static,
    {
        let (dispatcher, receiver) = Dispatcher::new(mailbox, limits, perform);
        let notes = dispatcher.notes.clone();
        thread::Builder::new().name("token-endpoint".into()).spawn(move || dispatcher.run(&receiver))?;
        Ok(Self { notes })
    }

    /// Sends the request and posts [`Event::TokenAnswer`] for `job`, once, whatever happens. Returns at once.
    pub fn request(&self, job: JobId, request: Request) {
        // The dispatcher ends only after this sender is dropped.
        let _ = self.notes.send(Note::Start(job, request));
    }
}

impl Drop for Http {
    fn drop(&mut self) {
        let _ = self.notes.send(Note::Stop);
    }
}

/// What in the environment will make requests fail: for a warning at start.
pub fn environment_warnings() -> Vec<String> {
    http::Transport::new(Limits::default(), |name| std::env::var_os(name)).warnings()
}

enum Note {
    Start(JobId, Request),
    Finished(FlightId, Result<Answer, Lost>),
    Stop,
}

/// One worker's one request. A job does not do for that: an exchange keeps its own over all tries, and the worker of an
/// earlier one may come back while the next is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct FlightId(u64);

struct Flight {
    job: JobId,
    deadline: Instant,
    attempt: Arc<Attempt>,
}

struct Dispatcher<P> {
    mailbox: Mailbox,
    limits: Limits,
    perform: Arc<P>,
    notes: Sender<Note>,
    flights: HashMap<FlightId, Flight>,
    last_flight: FlightId,
    stuck: usize,
}

impl<P> Dispatcher<P>
where
    P: Fn(&Request, &Attempt) -> Result<Answer, Lost> + Send + Sync + 'static,
{
    fn new(mailbox: Mailbox, limits: Limits, perform: P) -> (Self, Receiver<Note>) {
        let (notes, receiver) = channel();
        let perform = Arc::new(perform);
        let (flights, last_flight) = (HashMap::new(), FlightId(0));
        (Self { mailbox, limits, perform, notes, flights, last_flight, stuck: 0 }, receiver)
    }

    fn run(mut self, notes: &Receiver<Note>) {
        loop {
            let note = match self.next_note(notes) {
                Ok(Note::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(note) => Some(note),
                Err(RecvTimeoutError::Timeout) => None,
            };
            let job = note.as_ref().and_then(|note| self.job_of(note));
            let handled = contain(Worker::Http, || self.handle(note));
            if let (Some(job), Err(bug)) = (job, handled) {
                self.post(job, perhaps_sent(&bug));
            }
        }
    }

    fn handle(&mut self, note: Option<Note>) {
        match note {
            Some(Note::Start(job, request)) => self.start(job, request),
            Some(Note::Finished(flight, outcome)) => self.finish(flight, outcome),
            Some(Note::Stop) | None => {}
        }
        self.give_up_late_ones(Instant::now());
    }

    /// The job that waits for what the note brings; none where it was given up.
    fn job_of(&self, note: &Note) -> Option<JobId> {
        match note {
            Note::Start(job, _) => Some(*job),
            Note::Finished(flight, _) => self.flights.get(flight).map(|flight| flight.job),
            Note::Stop => None,
        }
    }

    /// Sleeps until something happens or the next deadline; without a request there is none.
    fn next_note(&self, notes: &Receiver<Note>) -> Result<Note, RecvTimeoutError> {
        match self.flights.values().map(|flight| flight.deadline).min() {
            Some(deadline) => notes.recv_timeout(deadline.saturating_duration_since(Instant::now())),
            None => notes.recv().map_err(RecvTimeoutError::from),
        }
    }

    fn start(&mut self, job: JobId, request: Request) {
        if let Err(why) = self.check_room() {
            return self.post(job, unsent(why));
        }
        let attempt = Arc::new(Attempt::default());
        let deadline = Instant::now() + self.limits.total + self.limits.grace;
        self.last_flight.0 += 1;
        match self.spawn_worker(self.last_flight, request, Arc::clone(&attempt)) {
            Ok(()) => {
                self.flights.insert(self.last_flight, Flight { job, deadline, attempt });
            }
            Err(error) => self
                .post(job, unsent(&format!("cannot start a thread for a token request: {}", Cause(&error)))),
        }
    }

    fn check_room(&self) -> Result<(), &'static str> {
        if self.flights.len() >= self.limits.workers {
            Err("too many token requests are under way")
        } else if self.stuck >= self.limits.stuck {
            Err("too many earlier token requests hang (does the name lookup work?)")
        } else {
            Ok(())
        }
    }

    fn spawn_worker(&self, flight: FlightId, request: Request, attempt: Arc<Attempt>) -> io::Result<()> {
        let (perform, notes) = (Arc::clone(&self.perform), self.notes.clone());
        let work = move || {
            let outcome = contain(Worker::TokenRequest, || perform(&request, &attempt));
            let outcome = outcome.unwrap_or_else(|bug| attempt.failed(&bug.to_string()));
            // Nobody listens only once the daemon stops.
            let _ = notes.send(Note::Finished(flight, outcome));
        };
        thread::Builder::new().name("token-request".into()).spawn(work).map(drop)
    }

    /// A worker has come back: in time, or after it was given up.
    fn finish(&mut self, flight: FlightId, outcome: Result<Answer, Lost>) {
        match self.flights.remove(&flight) {
            Some(Flight { job, .. }) => self.post(job, outcome),
            None => self.stuck = self.stuck.saturating_sub(1),
        }
    }

    fn give_up_late_ones(&mut self, now: Instant) {
        let late: Vec<_> = self.flights.extract_if(|_, flight| flight.deadline <= now).collect();
        for (_, flight) in late {
            self.stuck += 1;
            let limit = self.limits.total.as_secs();
            log::event(What::WorkerStuck).field("limit_seconds", limit).write();
            let why = format!("no answer within {limit} s");
            self.post(flight.job, flight.attempt.give_up(&why));
        }
    }

    fn post(&self, job: JobId, outcome: Result<Answer, Lost>) {
        self.mailbox.post(Event::HttpAnswered { job, result: outcome });
    }
}

fn unsent(why: &str) -> Result<Answer, Lost> {
    Err(Lost { sent: false, why: why.to_owned() })
}

/// A code must not be sent twice, so what is not known counts as sent.
fn perhaps_sent(bug: &Bug) -> Result<Answer, Lost> {
    Err(Lost { sent: true, why: bug.to_string() })
}
