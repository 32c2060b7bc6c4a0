//! The log: one logfmt line for each thing of note, to syslog or stderr. No other file names syslog.
//!
//! `log::event(What::HookStarted).account(&name).field("pid", 4711).write()`. What there is to say is tables, so that
//! monitoring rules can rely on it: of the daemon itself [`What`], of accounts [`ACCOUNT_EVENTS`], of issuers
//! [`ISSUER_EVENTS`]. Never a secret in a line.
//!
//! A reader that is stuck never holds us up: lines wait in a bounded backlog, and what does not fit is
//! counted and reported. The event loop calls [`catch_up`] when it wakes.

mod backlog;
mod events;
mod logfmt;
mod stamp;
mod stderr;
mod syslog;
#[cfg(test)]
mod tests;
mod written;

use std::fmt::Display;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use pizauth_common::account_name::AccountName;
pub use pizauth_core::keeper::Severity;
use pizauth_core::keeper::{ACCOUNT_EVENTS, AccountEvent, EventDoc, ISSUER_EVENTS, IssuerEvent};

use ::log::{LevelFilter, Metadata, Record};
use backlog::Backlog;
pub(crate) use events::What;
use logfmt::Text;

/// The target of our own records. Nothing else passes: attohttpc's debug log prints URLs.
const TARGET: &str = "pizauthd";
/// That of records which pass at any verbosity without being errors.
const NOTICE_TARGET: &str = "pizauthd::notice";

/// Where lines go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// The local syslog, and stderr while there is none.
    Syslog,
    /// Our standard error.
    Stderr,
}

/// Begins to log. A second call changes nothing.
pub(crate) fn start(verbosity: u8, destination: Destination) {
    let backlog = match destination {
        Destination::Syslog => Backlog::new(syslog::Syslog::new(), stderr::Stderr::new()),
        Destination::Stderr => Backlog::stderr_only(stderr::Stderr::new()),
    };
    let logger = LOGGER.get_or_init(|| Logger { backlog: Mutex::new(backlog) });
    if ::log::set_logger(logger).is_ok() {
        ::log::set_max_level(level_filter(verbosity));
    }
}

/// Tries again to write what a stuck reader has left over. While it returns a time, call again after that.
pub(crate) fn catch_up() -> Option<Duration> {
    LOGGER.get().and_then(|logger| logger.backlog().catch_up())
}

/// Whether what is logged is on our standard error already.
pub(crate) fn is_on_stderr() -> bool {
    LOGGER.get().is_some_and(|logger| logger.backlog().is_stderr())
}

/// Every event that the log knows, those of accounts first.
pub fn events() -> impl Iterator<Item = &'static EventDoc> {
    ACCOUNT_EVENTS.iter().chain(ISSUER_EVENTS).chain(events::EVENTS)
}

/// Begins a line about the daemon.
pub(crate) fn event(what: What) -> Line {
    Line::new(what.doc())
}

/// Writes what happened to an account.
pub(crate) fn account_event(event: &AccountEvent) {
    let mut line = Line::new(event.what.doc()).account(&event.account);
    event.what.each_fact(|key, value| line.add(key, value));
    line.write();
}

/// Writes what became known of an issuer.
pub(crate) fn issuer_event(IssuerEvent { issuer, what }: &IssuerEvent) {
    let mut line = Line::new(what.doc()).field("issuer", issuer.written());
    what.each_fact(|key, value| line.add(key, value));
    line.write();
}

/// A line that is being composed; [`Line::write`] hands it over.
#[must_use = "a line is written by write()"]
#[derive(Debug)]
pub(crate) struct Line {
    severity: Severity,
    /// Absent where nobody wants to read it.
    text: Option<Text>,
}

impl Line {
    fn new(doc: EventDoc) -> Self {
        let wanted = severity_level(doc.severity) <= ::log::max_level();
        Self { severity: doc.severity, text: wanted.then(|| Text::new(doc.name)) }
    }

    /// The account that it is about.
    pub(crate) fn account(mut self, account: &AccountName) -> Self {
        if let Some(text) = &mut self.text {
            text.quoted("account", account.as_str());
        }
        self
    }

    /// A further fact. The value is escaped, and quoted where it has to be; it must not be a secret.
    pub(crate) fn field(mut self, key: &'static str, value: impl Display) -> Self {
        self.add(key, &value);
        self
    }

    fn add(&mut self, key: &'static str, value: &dyn Display) {
        if let Some(text) = &mut self.text {
            text.field(key, &value.to_string());
        }
    }

    /// Writes the line.
    pub(crate) fn write(self) {
        let Some(text) = self.text else { return };
        let severity = self.severity;
        let target = if severity == Severity::Notice { NOTICE_TARGET } else { TARGET };
        ::log::log!(target: target, severity_level(severity), "{}", text.finished());
    }
}

static LOGGER: OnceLock<Logger> = OnceLock::new();

struct Logger {
    backlog: Mutex<Backlog>,
}

impl Logger {
    /// A thread that panicked while it wrote a line must not silence the others.
    fn backlog(&self) -> MutexGuard<'_, Backlog> {
        self.backlog.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ::log::Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        matches!(metadata.target(), TARGET | NOTICE_TARGET) && metadata.level() <= ::log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            self.backlog().write(record_severity(record.metadata()), record.args().to_string());
        }
    }

    fn flush(&self) {
        self.backlog().catch_up();
    }
}

/// What `-v` counts.
fn level_filter(verbosity: u8) -> LevelFilter {
    match verbosity {
        0 => LevelFilter::Error,
        1 => LevelFilter::Warn,
        2 => LevelFilter::Info,
        3 => LevelFilter::Debug,
        _ => LevelFilter::Trace,
    }
}

/// From which verbosity on a line is written.
fn severity_level(severity: Severity) -> ::log::Level {
    match severity {
        Severity::Error | Severity::Notice => ::log::Level::Error,
        Severity::Warning => ::log::Level::Warn,
        Severity::Info => ::log::Level::Info,
        Severity::Debug => ::log::Level::Debug,
        Severity::Trace => ::log::Level::Trace,
    }
}

fn record_severity(metadata: &Metadata<'_>) -> Severity {
    match metadata.level() {
        ::log::Level::Error if metadata.target() == NOTICE_TARGET => Severity::Notice,
        ::log::Level::Error => Severity::Error,
        ::log::Level::Warn => Severity::Warning,
        ::log::Level::Info => Severity::Info,
        ::log::Level::Debug => Severity::Debug,
        ::log::Level::Trace => Severity::Trace,
    }
}
