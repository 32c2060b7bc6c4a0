//! What a hook writes: its beginning goes to the log, and the rest is read all the same.
//!
//! The pipe stays open for as long as anybody writes to it, also after the hook has ended: to close it would
//! end, by SIGPIPE, a browser that the hook has started. When we end, somebody else goes on reading.

use std::io::{self, ErrorKind, PipeReader, Read, pipe};
use std::os::fd::{AsRawFd, OwnedFd};
use std::process::{Child, Command, Stdio};

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use pizauth_common::account_name::AccountName;
use pizauth_common::sys;

use super::hook_kind::HookKind;
use crate::log::What;

/// How much of it is logged.
const LOGGED_BYTES: usize = 4096;
/// A longer line goes to the log in pieces.
const LINE_BYTES: usize = 1000;
/// How much is read in one turn, so that a hook that writes without end starves nobody.
const TURN_BYTES: usize = 64 * 1024;

/// The reading end.
#[derive(Debug)]
pub(super) struct Output {
    pipe: PipeReader,
    kind: HookKind,
    account: Option<AccountName>,
    may_log: usize,
    line: Vec<u8>,
}

/// Whether there may be more to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// Later.
    Open,
    /// Everybody who could write has gone.
    Closed,
}

impl Output {
    /// A pipe, and its two writing ends for the hook's standard output and error.
    ///
    /// # Errors
    /// The system has no descriptor left.
    pub(super) fn new(
        kind: HookKind,
        account: Option<AccountName>,
    ) -> io::Result<(Self, (OwnedFd, OwnedFd))> {
        let (reader, stdout) = pipe()?;
        let stderr = stdout.try_clone()?;
        rustix::io::ioctl_fionbio(&reader, true)?;
        let output = Self { pipe: reader, kind, account, may_log: LOGGED_BYTES, line: Vec::new() };
        Ok((output, (stdout.into(), stderr.into())))
    }

    pub(super) fn register(&self, registry: &Registry, token: Token) -> io::Result<()> {
        registry.register(&mut SourceFd(&self.pipe.as_raw_fd()), token, Interest::READABLE)
    }

    pub(super) fn deregister(&self, registry: &Registry) {
        // To close the descriptor right after this does the same.
        let _ = registry.deregister(&mut SourceFd(&self.pipe.as_raw_fd()));
    }

    /// Reads what there is, at most a turn's share.
    pub(super) fn read(&mut self, registry: &Registry, token: Token) -> Reading {
        let mut buffer = [0; 8192];
        for _ in 0..TURN_BYTES / buffer.len() {
            match self.pipe.read(&mut buffer) {
                Ok(0) => return self.close(),
                Ok(length) => self.keep(&buffer[..length]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Reading::Open,
                Err(_) => return self.close(),
            }
        }
        // mio tells of a change only: registered anew, what is left counts as one.
        match registry.reregister(&mut SourceFd(&self.pipe.as_raw_fd()), token, Interest::READABLE) {
            Ok(()) => Reading::Open,
            Err(_) => self.close(),
        }
    }

    /// Leaves the rest, which nobody wants, to a process that ends with the last writer.
    ///
    /// # Errors
    /// It cannot be started.
    pub(super) fn leave(mut self) -> io::Result<Child> {
        self.log_line();
        rustix::io::ioctl_fionbio(&self.pipe, false)?;
        let mut drain = Command::new("/bin/sh");
        drain.args(["-c", "exec cat >/dev/null"]).current_dir("/");
        drain.stdin(self.pipe).stdout(Stdio::null()).stderr(Stdio::null());
        sys::isolate_child(&mut drain, Vec::new(), Vec::new());
        drain.spawn()
    }

    fn keep(&mut self, bytes: &[u8]) {
        let logged = bytes.len().min(self.may_log);
        self.may_log -= logged;
        for byte in &bytes[..logged] {
            if *byte != b'\n' {
                self.line.push(*byte);
            }
            if *byte == b'\n' || self.line.len() >= LINE_BYTES {
                self.log_line();
            }
        }
        if self.may_log == 0 {
            self.log_line();
        }
    }

    fn close(&mut self) -> Reading {
        self.log_line();
        Reading::Closed
    }

    fn log_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        if !line.is_empty() {
            let text = line.utf8_chunks().fold(String::new(), |text, chunk| {
                text + chunk.valid()
                    + &chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")).collect::<String>()
            });
            super::line(What::HookOutput, self.kind, self.account.as_ref()).field("line", text).write();
        }
    }
}
