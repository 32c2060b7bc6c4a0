//! How far a sign-in is, on stderr: one line that is written over and over on a terminal, else a line for each change.
//! What goes wrong has a line of its own on both.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pizauth_common::argv::Invocation;
use pizauth_common::terminal::printable;
use rustix::termios::tcgetwinsize;

const SECOND: Duration = Duration::from_secs(1);

/// The line, and what it is about.
pub(super) struct Progress<'a> {
    invocation: &'a Invocation,
    /// Whether one line is written over and over: on a terminal that nobody types into.
    is_rewritten: bool,
    waits_for: String,
    trouble: Option<String>,
    is_line_open: bool,
    /// Whether somebody is asked to type, and has not.
    prompt: Prompt,
}

/// True while a prompt stands on the line and nothing has been typed. Shared with the thread that asks.
pub(super) type Prompt = Arc<AtomicBool>;

impl<'a> Progress<'a> {
    /// Where the user types into the terminal, no line is written over.
    pub(super) fn of(invocation: &'a Invocation, is_typed_into: bool) -> Self {
        let is_rewritten = io::stderr().is_terminal() && !is_typed_into;
        let (waits_for, trouble) = (String::new(), None);
        Self { invocation, is_rewritten, waits_for, trouble, is_line_open: false, prompt: Prompt::default() }
    }

    /// For the thread that asks the user to type.
    pub(super) fn prompt(&self) -> Prompt {
        Arc::clone(&self.prompt)
    }

    /// Something else is waited for, or something else has gone wrong meanwhile.
    pub(super) fn change(&mut self, what: &str, trouble: Option<String>) {
        if self.waits_for == what && self.trouble == trouble {
            return;
        }
        match &trouble {
            Some(trouble) => self.aside(&format!("{what}; {trouble}")),
            None if self.is_rewritten => {}
            None => self.aside(what),
        }
        what.clone_into(&mut self.waits_for);
        self.trouble = trouble;
    }

    /// Shows how much time has passed; how long until that is to be done again.
    pub(super) fn tick(&mut self, passed: Duration) -> Duration {
        if !self.is_rewritten {
            return Duration::MAX;
        }
        let (minutes, seconds) = (passed.as_secs() / 60, passed.as_secs() % 60);
        let time = format!(" … {minutes}:{seconds:02}");
        let mut what = printable(&self.waits_for).into_owned();
        cut_to(&mut what, columns().saturating_sub(time.chars().count()));
        let _ = io::stderr().write_all(format!("\r{what}{time}\x1b[K").as_bytes());
        self.is_line_open = true;
        SECOND - Duration::from_nanos(passed.subsec_nanos().into())
    }

    /// Tells something besides, on a line of its own.
    pub(super) fn aside(&mut self, what: &str) {
        self.end();
        self.invocation.complain(what);
    }

    /// Clears the line that is written over, or leaves the prompt: what is written next has a line of its own.
    pub(super) fn end(&mut self) {
        if std::mem::take(&mut self.is_line_open) {
            let _ = io::stderr().write_all(b"\r\x1b[K");
        }
        if self.prompt.swap(false, Ordering::Relaxed) {
            let _ = io::stderr().write_all(b"\n");
        }
    }
}

/// As many as a line of the terminal can have and be written over: one that is wrapped cannot.
fn columns() -> usize {
    let columns = tcgetwinsize(io::stderr()).map_or(0, |size| size.ws_col);
    usize::from(columns).checked_sub(1).unwrap_or(usize::MAX)
}

fn cut_to(text: &mut String, characters: usize) {
    if let Some((end, _)) = text.char_indices().nth(characters) {
        text.truncate(end);
    }
}
