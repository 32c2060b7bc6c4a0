//! Lines on their way out: at once where the reader keeps up, else from a bounded backlog.

use std::collections::VecDeque;
use std::time::Duration;

use pizauth_common::unix_time::UnixTime;

use super::Severity;
use super::events::What;
use super::logfmt::Text;
use super::stderr::Stderr;
use super::syslog::Syslog;
use super::written::Written;
use crate::clock::Clock;

/// How many lines wait at most (at most 4 KiB each).
const MAX_LINES: usize = 256;
/// How long until a stuck reader is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// The destinations, and what they have not taken yet.
pub(super) struct Backlog {
    syslog: Option<Syslog>,
    stderr: Stderr,
    waiting: VecDeque<(Severity, UnixTime, String)>,
    dropped: u64,
}

impl Backlog {
    pub(super) fn new(syslog: Syslog, stderr: Stderr) -> Self {
        Self { syslog: Some(syslog), stderr, waiting: VecDeque::new(), dropped: 0 }
    }

    pub(super) fn stderr_only(stderr: Stderr) -> Self {
        Self { syslog: None, stderr, waiting: VecDeque::new(), dropped: 0 }
    }

    /// Whether lines go to stderr alone.
    pub(super) fn is_stderr(&self) -> bool {
        self.syslog.is_none()
    }

    /// Writes a line, after those that wait.
    pub(super) fn write(&mut self, severity: Severity, line: String) {
        if self.waiting.len() < MAX_LINES {
            self.waiting.push_back((severity, Clock::now().wall, line));
        } else {
            self.dropped += 1;
        }
        self.catch_up();
    }

    /// Writes what waits, as far as the reader takes it; how long to wait if it does not.
    pub(super) fn catch_up(&mut self) -> Option<Duration> {
        while let Some((severity, at, line)) = self.waiting.pop_front() {
            if self.send(severity, at, &line) == Written::Stuck {
                self.waiting.push_front((severity, at, line));
                return Some(PAUSE);
            }
        }
        self.report_dropped()
    }

    fn report_dropped(&mut self) -> Option<Duration> {
        if self.dropped == 0 {
            return None;
        }
        let mut text = Text::new(What::LinesDropped.doc().name);
        text.field("lines", &self.dropped.to_string());
        if self.send(What::LinesDropped.doc().severity, Clock::now().wall, &text.finished()) == Written::Stuck
        {
            return Some(PAUSE);
        }
        self.dropped = 0;
        None
    }

    /// Without a syslog stderr gets the line; each further line tries syslog again.
    fn send(&mut self, severity: Severity, at: UnixTime, line: &str) -> Written {
        match self.syslog.as_mut().map_or(Written::Nobody, |syslog| syslog.send(severity, line)) {
            Written::Nobody => self.stderr.send(line, at),
            written => written,
        }
    }
}
