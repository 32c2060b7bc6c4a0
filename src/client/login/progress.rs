//! How far a sign-in is, on stderr: one line that is written over and over on a terminal, else a line for each change.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pizauth_common::argv::Invocation;
use pizauth_common::terminal::printable;

const SECOND: Duration = Duration::from_secs(1);

pub(super) struct Progress<'a> {
    invocation: &'a Invocation,
    /// On a terminal that nobody types into.
    is_rewritten: bool,
    told: String,
    is_line_open: bool,
    /// Whether somebody is asked to type, and has not.
    prompt: Prompt,
}

/// Shared with who asks.
pub(super) type Prompt = Arc<AtomicBool>;

impl<'a> Progress<'a> {
    /// Where somebody types, the line is left to them.
    pub(super) fn of(invocation: &'a Invocation, is_typed_into: bool) -> Self {
        let is_rewritten = io::stderr().is_terminal() && !is_typed_into;
        Self { invocation, is_rewritten, told: String::new(), is_line_open: false, prompt: Prompt::default() }
    }

    /// For who asks the user to type: true while they have not.
    pub(super) fn prompt(&self) -> Prompt {
        Arc::clone(&self.prompt)
    }

    /// Something else is waited for.
    pub(super) fn change(&mut self, what: &str) {
        if self.told != what {
            what.clone_into(&mut self.told);
            if !self.is_rewritten {
                self.aside(what);
            }
        }
    }

    /// Shows how much time has passed; how long until that is to be done again.
    pub(super) fn tick(&mut self, passed: Duration) -> Duration {
        if !self.is_rewritten {
            return Duration::MAX;
        }
        let (minutes, seconds) = (passed.as_secs() / 60, passed.as_secs() % 60);
        let line = format!("\r{} … {minutes}:{seconds:02}\x1b[K", printable(&self.told));
        let _ = io::stderr().write_all(line.as_bytes());
        self.is_line_open = true;
        SECOND - Duration::from_nanos(passed.subsec_nanos().into())
    }

    /// Tells something else.
    pub(super) fn aside(&mut self, what: &str) {
        self.end();
        self.invocation.complain(what);
    }

    /// What is written next has a line of its own.
    pub(super) fn end(&mut self) {
        if std::mem::take(&mut self.is_line_open) {
            let _ = io::stderr().write_all(b"\r\x1b[K");
        }
        if self.prompt.swap(false, Ordering::Relaxed) {
            let _ = io::stderr().write_all(b"\n");
        }
    }
}
