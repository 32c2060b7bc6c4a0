//! Performs requests and brings back what came, unjudged: one worker thread each, one dispatcher, and exactly one
//! result for each job.
//!
//! The dispatcher is the only one who posts, so a worker that panics, hangs in a name lookup or comes
//! too late cannot lose a result or report two.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use pizauth_core::http::{Answer, Lost, Request};
use pizauth_core::keeper::JobId;

use crate::containment::{Worker, contain};
use crate::log::{self, What};
use crate::mailbox::{Event, Mailbox};
use attempt::Attempt;
use failure::Failure;
use proxy::Proxies;
use roots::Roots;
use signer::Sign;
use transport::Transport;

pub(crate) use once::Once;
pub(crate) use signer::{NotSigned, Signed};

mod answer;
mod attempt;
mod dialers;
mod failure;
mod once;
mod proxy;
mod roots;
mod route;
mod signer;
#[cfg(test)]
mod tests;
mod tls_trouble;
mod transport;
mod unpacking;

/// How long a request may take, and how many there may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestLimits {
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

impl Default for RequestLimits {
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

/// The room that talks to servers.
#[derive(Debug)]
pub(crate) struct Http {
    notes: Sender<Note>,
}

impl Http {
    /// Starts the dispatcher, which sleeps while nothing is asked. Proxy and certificate variables are
    /// read from the environment here.
    ///
    /// # Errors
    /// The system has no thread left.
    pub(crate) fn start(mailbox: Mailbox, limits: RequestLimits, sign: Sign) -> io::Result<Self> {
        let transport = Transport::new(limits, sign, |name| std::env::var_os(name));
        Self::with(mailbox, limits, move |request, attempt| transport.perform(request, attempt))
    }

    fn with<P>(mailbox: Mailbox, limits: RequestLimits, perform: P) -> io::Result<Self>
    where
        P: Fn(&Request, &Attempt) -> Result<Answer, Failure> + Send + Sync + 'static,
    {
        let (dispatcher, receiver) = Dispatcher::new(mailbox, limits, perform);
        let notes = dispatcher.notes.clone();
        thread::Builder::new().name("http".into()).spawn(move || dispatcher.run(&receiver))?;
        Ok(Self { notes })
    }

    /// Sends the request and posts [`Event::HttpAnswered`] for `job`, once, whatever happens. Returns at once.
    pub(crate) fn request(&self, job: JobId, request: Request) {
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
pub(crate) fn environment_warnings() -> Vec<String> {
    let variable = |name: &str| std::env::var_os(name);
    let proxies = Proxies::from_environment(variable).warnings();
    proxies.into_iter().chain(Roots::from_environment(variable).warnings()).collect()
}

/// Performs the request in a thread of its own, which tells what has come of it.
fn in_a_thread(
    perform: impl FnOnce(&Request, &Attempt) -> Result<Answer, Failure> + Send + 'static,
    request: Request,
    attempt: Arc<Attempt>,
    tell: impl FnOnce(Result<Answer, Lost>) + Send + 'static,
) -> io::Result<()> {
    let work = move || {
        let result = contain(Worker::HttpRequest, || perform(&request, &attempt));
        let result = result.unwrap_or_else(|bug| Err(Failure::Bug(bug)));
        tell(result.map_err(|failure| attempt.lost(&failure)));
    };
    thread::Builder::new().name("http-request".into()).spawn(work).map(drop)
}

enum Note {
    Start(JobId, Request),
    Finished(WorkerId, Result<Answer, Lost>),
    Stop,
}

/// One worker's one request. A job does not do for that: an exchange keeps its own over all tries, and the worker of an
/// earlier one may come back while the next is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct WorkerId(u64);

struct BusyWorker {
    job: JobId,
    deadline: Instant,
    attempt: Arc<Attempt>,
}

struct Dispatcher<P> {
    mailbox: Mailbox,
    limits: RequestLimits,
    perform: Arc<P>,
    notes: Sender<Note>,
    workers: HashMap<WorkerId, BusyWorker>,
    last_worker: WorkerId,
    stuck: usize,
}

impl<P> Dispatcher<P>
where
    P: Fn(&Request, &Attempt) -> Result<Answer, Failure> + Send + Sync + 'static,
{
    fn new(mailbox: Mailbox, limits: RequestLimits, perform: P) -> (Self, Receiver<Note>) {
        let (notes, receiver) = channel();
        let perform = Arc::new(perform);
        let (workers, last_worker) = (HashMap::new(), WorkerId(0));
        (Self { mailbox, limits, perform, notes, workers, last_worker, stuck: 0 }, receiver)
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
                // A code must not be sent twice, so what is not known counts as sent.
                let lost = Attempt::default().lost(&Failure::Bug(bug));
                self.post(job, Err(Lost { sent: true, ..lost }));
            }
        }
    }

    fn handle(&mut self, note: Option<Note>) {
        match note {
            Some(Note::Start(job, request)) => self.start(job, request),
            Some(Note::Finished(worker, result)) => self.finish(worker, result),
            Some(Note::Stop) | None => {}
        }
        self.give_up_late_ones(Instant::now());
    }

    /// The job that waits for what the note brings; none where it was given up.
    fn job_of(&self, note: &Note) -> Option<JobId> {
        match note {
            Note::Start(job, _) => Some(*job),
            Note::Finished(worker, _) => self.workers.get(worker).map(|worker| worker.job),
            Note::Stop => None,
        }
    }

    /// Sleeps until something happens or the next deadline; without a request there is none.
    fn next_note(&mut self, notes: &Receiver<Note>) -> Result<Note, RecvTimeoutError> {
        match self.workers.values().map(|worker| worker.deadline).min() {
            Some(deadline) => {
                let note = notes.recv_timeout(deadline.saturating_duration_since(Instant::now()));
                self.allow_for_pause(Instant::now().saturating_duration_since(deadline));
                note
            }
            None => notes.recv().map_err(RecvTimeoutError::from),
        }
    }

    /// Waking so much too late, we were stopped (a signal, a frozen group of processes), and so were the workers, whose
    /// answers may lie in their sockets: a refresh token among them would be lost with the answer. They get the time
    /// that they could not use.
    fn allow_for_pause(&mut self, too_late: Duration) {
        if too_late > self.limits.grace {
            self.workers.values_mut().for_each(|worker| worker.deadline += too_late + self.limits.grace);
        }
    }

    fn start(&mut self, job: JobId, request: Request) {
        let attempt = Arc::new(Attempt::default());
        if let Err(failure) = self.check_room() {
            return self.post(job, Err(attempt.lost(&failure)));
        }
        let deadline = Instant::now() + self.limits.total + self.limits.grace;
        self.last_worker.0 += 1;
        match self.spawn_worker(self.last_worker, request, Arc::clone(&attempt)) {
            Ok(()) => {
                self.workers.insert(self.last_worker, BusyWorker { job, deadline, attempt });
            }
            Err(error) => self.post(job, Err(attempt.lost(&Failure::NoThread(error)))),
        }
    }

    fn check_room(&self) -> Result<(), Failure> {
        if self.workers.len() >= self.limits.workers {
            Err(Failure::TooManyUnderWay)
        } else if self.stuck >= self.limits.stuck {
            Err(Failure::TooManyHang)
        } else {
            Ok(())
        }
    }

    fn spawn_worker(&self, worker: WorkerId, request: Request, attempt: Arc<Attempt>) -> io::Result<()> {
        let (perform, notes) = (Arc::clone(&self.perform), self.notes.clone());
        let perform = move |request: &_, attempt: &_| perform(request, attempt);
        in_a_thread(perform, request, attempt, move |result| {
            // Nobody listens only once the daemon stops.
            let _ = notes.send(Note::Finished(worker, result));
        })
    }

    /// A worker has come back: in time, or after it was given up.
    fn finish(&mut self, worker: WorkerId, result: Result<Answer, Lost>) {
        match self.workers.remove(&worker) {
            Some(BusyWorker { job, .. }) => self.post(job, result),
            None => self.stuck = self.stuck.saturating_sub(1),
        }
    }

    fn give_up_late_ones(&mut self, now: Instant) {
        let late: Vec<_> = self.workers.extract_if(|_, worker| worker.deadline <= now).collect();
        for (_, worker) in late {
            self.stuck += 1;
            let limit = self.limits.total;
            log::event(What::WorkerStuck).field("limit_seconds", limit.as_secs()).write();
            self.post(worker.job, Err(worker.attempt.give_up(&Failure::Late { limit })));
        }
    }

    fn post(&self, job: JobId, result: Result<Answer, Lost>) {
        self.mailbox.post(Event::HttpAnswered { job, result });
    }
}
