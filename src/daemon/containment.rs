//! A bug costs one job: a panic is caught where the job began. The log is told its place and not its words, which
//! may quote a secret.

use std::cell::RefCell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::log::{self, What};

/// Who does jobs that must not take others with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Worker {
    /// The daemon until it waits for events.
    Start,
    /// The event loop, but for what the next two name.
    EventLoop,
    /// The event loop, for what is due.
    Agenda,
    /// The event loop, for one caller's request.
    Caller,
    /// The dispatcher of requests to servers.
    Http,
    /// The thread of one such request.
    HttpRequest,
    /// The thread that accepts browsers.
    RedirectListener,
    /// The thread of one browser's connection.
    RedirectConnection,
    /// The thread that looks host names up.
    NameLookup,
    /// A thread that speaks with a command of the user's.
    Filter,
    /// A thread that writes what one has made.
    SavedState,
}

impl Worker {
    fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::EventLoop => "event_loop",
            Self::Agenda => "agenda",
            Self::Caller => "caller",
            Self::Http => "http",
            Self::HttpRequest => "http_request",
            Self::RedirectListener => "redirect_listener",
            Self::RedirectConnection => "redirect_connection",
            Self::NameLookup => "name_lookup",
            Self::Filter => "filter",
            Self::SavedState => "saved_state",
        }
    }
}

/// A job has panicked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bug {
    place: String,
}

impl fmt::Display for Bug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a bug at {} (please report it)", self.place)
    }
}

thread_local! {
    /// Where this thread has panicked last.
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// From now on a panic leaves its place for [`contain`] and prints nothing.
pub(crate) fn silence_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        PLACE.with_borrow_mut(|last| *last = place);
    }));
}

/// Does one job of `worker`.
///
/// # Errors
/// It has panicked, which stands in the log.
pub(crate) fn contain<T>(worker: Worker, job: impl FnOnce() -> T) -> Result<T, Bug> {
    let work = || {
        #[cfg(debug_assertions)]
        misbehave_if_asked(worker);
        job()
    };
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| {
        let bug = Bug { place: PLACE.take() };
        log::event(What::WorkerPanicked).field("worker", worker.name()).field("place", &bug.place).write();
        bug
    })
}

/// For the tests of this, in debug builds alone: the next job of the worker whose name is a line of the file
/// `$PIZAUTHD_PANIC_FILE` panics; each of them, if "always" follows. If "waits" follows, it goes on when that line has
/// gone.
#[cfg(debug_assertions)]
fn misbehave_if_asked(worker: Worker) {
    let Some(file) = std::env::var_os("PIZAUTHD_PANIC_FILE") else { return };
    let is_asked = |how| {
        let asked = std::fs::read_to_string(&file).unwrap_or_default();
        asked.lines().any(|line| line.strip_prefix(worker.name()) == Some(how))
    };
    while is_asked(" waits") {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    if is_asked("") {
        drop(std::fs::remove_file(&file));
    } else if !is_asked(" always") {
        return;
    }
    panic!("asked for, quoting hunter2");
}
