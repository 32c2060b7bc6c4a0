//! Questions to a person at a terminal, who may leave at any of them by Ctrl-C or Ctrl-D.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use pizauth_common::deadline::Deadline;
use pizauth_common::hidden_line::hidden_line;
use pizauth_common::secret::Secret;
use pizauth_common::terminal::is_unsafe;
use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;

use crate::interrupt;

/// In bytes: what a terminal takes as one line.
const LONGEST: usize = 4096;

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Unanswered {
    /// There is nobody to ask; this option would have been the answer.
    NoTerminal(&'static str),
    /// Who was asked has left.
    Left,
    /// The terminal fails.
    Failed(io::Error),
}

impl From<io::Error> for Unanswered {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'a> {
    /// Without a question mark or colon at its end.
    pub(super) text: &'a str,
    /// What an empty line means, where it means something.
    pub(super) default: Option<&'a str>,
    /// What answers it on the command line.
    pub(super) option: &'static str,
}

/// The conversation.
pub(super) struct Dialogue {
    is_terminal: bool,
    says_yes: bool,
    interrupts: UnixStream,
}

impl Dialogue {
    /// From here on Ctrl-C leaves the question that is open, and does not end the process. Whoever `says_yes` is asked
    /// for no consent, and takes every default.
    ///
    /// # Errors
    /// The system has no descriptor left.
    pub(super) fn begin(says_yes: bool) -> io::Result<Self> {
        let interrupts = interrupt::watch()?;
        let is_terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
        Ok(Self { is_terminal, says_yes, interrupts })
    }

    /// Whether there is a person.
    pub(super) fn is_at_terminal(&self) -> bool {
        self.is_terminal
    }

    /// An answer of one line that is not empty.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn ask(&self, question: Question<'_>) -> Result<String, Unanswered> {
        if let Some(default) = question.default.filter(|_| self.says_yes) {
            return Ok(default.to_owned());
        }
        if !self.is_terminal {
            return Err(Unanswered::NoTerminal(question.option));
        }
        let default = question.default.filter(|default| !default.is_empty());
        let default = default.map(|default| format!(" [{default}]")).unwrap_or_default();
        loop {
            self.tell(&format!("{}{default}: ", question.text))?;
            let line = self.line()?;
            match (line.trim(), question.default) {
                ("", None) => {}
                ("", Some(default)) => return Ok(default.to_owned()),
                (answer, _) if answer.contains(is_unsafe) => {
                    self.tell("That has characters that cannot be seen; please type it anew.\n")?;
                }
                (answer, _) => return Ok(answer.to_owned()),
            }
        }
    }

    /// A line that is not shown, and may be empty.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn ask_for_secret(&self, text: &str, option: &'static str) -> Result<Secret, Unanswered> {
        if self.says_yes {
            return Ok(Secret::new(String::new()));
        }
        if !self.is_terminal {
            return Err(Unanswered::NoTerminal(option));
        }
        let line = hidden_line(io::stdin(), io::stderr(), &format!("{text}: "), LONGEST);
        line.map_err(|error| match error.kind() {
            ErrorKind::Interrupted => Unanswered::Left,
            _ => error.into(),
        })
    }

    /// Whether the person agrees; an empty line does.
    ///
    /// # Errors
    /// There is no answer.
    pub(super) fn agree(&self, text: &str, option: &'static str) -> Result<bool, Unanswered> {
        loop {
            let answer = self.ask(Question { text, default: Some("Y/n"), option })?;
            match answer.to_lowercase().as_str() {
                "y/n" | "y" | "yes" => return Ok(true),
                "n" | "no" => return Ok(false),
                _ => self.tell("Please answer y or n.\n")?,
            }
        }
    }

    /// Shows something on stderr: standard output is for what other programs may read.
    ///
    /// # Errors
    /// The terminal is gone.
    pub(super) fn tell(&self, text: &str) -> Result<(), Unanswered> {
        io::stderr().write_all(text.as_bytes()).map_err(|_| Unanswered::Left)
    }

    /// One line, read byte by byte: what is typed ahead belongs to the next question, or to another program.
    fn line(&self) -> Result<String, Unanswered> {
        let stdin = io::stdin();
        let mut line = Vec::new();
        while line.len() < LONGEST {
            self.wait_for(&stdin)?;
            let mut byte = [0];
            match rustix::io::read(&stdin, &mut byte) {
                Ok(0) if line.is_empty() => return Err(Unanswered::Left),
                Ok(0) => break,
                Ok(_) if byte == *b"\n" => break,
                Ok(_) => line.push(byte[0]),
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(errno) => return Err(io::Error::from(errno).into()),
            }
        }
        Ok(String::from_utf8_lossy(&line).into_owned())
    }

    fn wait_for(&self, stdin: &impl AsFd) -> Result<(), Unanswered> {
        let mut ready = [PollFd::new(stdin, PollFlags::IN), PollFd::new(&self.interrupts, PollFlags::IN)];
        Deadline::after(Duration::MAX).wait(&mut ready)?;
        if ready[1].revents().is_empty() { Ok(()) } else { Err(Unanswered::Left) }
    }
}
