//! The thread's end of a filter: feeds it, takes what it writes, and ends it where it does not end by itself.

use std::io::{self, ErrorKind, PipeReader, Read, Write};
use std::os::fd::AsFd;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use pizauth_common::deadline::Deadline;
use pizauth_common::terminal::{cut, is_unsafe};
use rustix::event::{PollFd, PollFlags};
use rustix::process::Signal;
use zeroize::Zeroizing;

use super::{Failed, Filtered, How, Limits};
use crate::process_group::{GRACE, signal_group};

const PIECE: usize = 64 << 10;
/// Of what it writes to standard error the end is looked at, and the last line told, as far as these bytes.
const COMPLAINTS: usize = 4096;
const COMPLAINT: usize = 500;

/// A filter, and what has been said so far.
pub(super) struct Conversation {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    /// Something is to be looked at: a child has ended, or this is to end.
    woken: PipeReader,
    is_aborted: Arc<AtomicBool>,
    limits: Limits,
    written: Zeroizing<Vec<u8>>,
    complaints: Vec<u8>,
    /// What is read at a time: one for all of it, since what is given back is wiped each time.
    piece: Zeroizing<Vec<u8>>,
}

/// Why there is nothing more to be said.
enum End {
    Exited(ExitStatus),
    Aborted,
    TooMuch,
    Failed(io::Error),
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

impl Conversation {
    pub(super) fn with(
        mut child: Child,
        woken: PipeReader,
        is_aborted: Arc<AtomicBool>,
        limits: Limits,
    ) -> Self {
        Self {
            stdin: child.stdin.take(),
            stdout: child.stdout.take(),
            stderr: child.stderr.take(),
            child,
            woken,
            is_aborted,
            limits,
            written: Zeroizing::default(),
            complaints: Vec::new(),
            piece: Zeroizing::new(vec![0; PIECE]),
        }
    }

    /// Ends with the command, which may have left behind something that keeps its output open.
    pub(super) fn hold(mut self, input: &[u8]) -> Filtered {
        let mut rest = input;
        let deadline = Deadline::after(self.limits.time.unwrap_or(Duration::MAX));
        let end = loop {
            if let Err(end) = self.turn(&mut rest, deadline) {
                break end;
            }
        };
        let (how, complaint) = match end {
            End::Exited(status) if !status.success() => (How::Ended(status), self.last_complaint()),
            End::Exited(_) if !rest.is_empty() => (How::DidNotRead, None),
            End::Exited(_) => return Ok(self.written),
            End::Failed(error) if error.kind() == ErrorKind::TimedOut => {
                (self.end_late(), self.last_complaint())
            }
            End::Aborted => (self.kill(How::Aborted), None),
            End::TooMuch => (self.kill(How::TooMuch(self.limits.bytes)), None),
            End::Failed(error) => (self.kill(How::NotSpokenWith(error)), None),
        };
        Err(Failed { how, complaint, written: self.written })
    }

    fn turn(&mut self, rest: &mut &[u8], deadline: Deadline) -> Result<(), End> {
        self.wait(deadline)?;
        let mut woken = [0; 64];
        while matches!(self.woken.read(&mut woken), Ok(1..)) {}
        if self.is_aborted.load(Ordering::Relaxed) {
            return Err(End::Aborted);
        }
        // Before its output is looked at: what it has written by its end is all there then.
        let ended = self.child.try_wait()?;
        self.feed(rest);
        self.listen()?;
        ended.map_or(Ok(()), |status| Err(End::Exited(status)))
    }

    fn wait(&self, deadline: Deadline) -> io::Result<()> {
        let mut watched = vec![PollFd::new(&self.woken, PollFlags::IN)];
        watched.extend(self.stdin.as_ref().map(|stdin| PollFd::new(stdin, PollFlags::OUT)));
        watched.extend(self.stdout.as_ref().map(|stdout| PollFd::new(stdout, PollFlags::IN)));
        watched.extend(self.stderr.as_ref().map(|stderr| PollFd::new(stderr, PollFlags::IN)));
        deadline.wait(&mut watched)
    }

    /// A command that wants no more is judged by how it ends.
    fn feed(&mut self, rest: &mut &[u8]) {
        let Some(stdin) = &mut self.stdin else { return };
        let is_open = without_blocking(stdin, |stdin| {
            while !rest.is_empty() {
                let written = stdin.write(rest)?;
                *rest = &rest[written..];
            }
            Ok(())
        });
        if rest.is_empty() || !is_open {
            self.stdin = None;
        }
    }

    fn listen(&mut self) -> Result<(), End> {
        let most = self.limits.bytes;
        let (written, complaints, piece) = (&mut self.written, &mut self.complaints, &mut self.piece);
        take_all(&mut self.stdout, piece, |piece| {
            written.extend_from_slice(piece);
            written.len() <= most
        });
        take_all(&mut self.stderr, piece, |piece| {
            complaints.extend_from_slice(piece);
            let over = complaints.len().saturating_sub(COMPLAINTS);
            complaints.drain(..over);
            true
        });
        if self.written.len() > most { Err(End::TooMuch) } else { Ok(()) }
    }

    fn end_late(&mut self) -> How {
        signal_group(self.child.id(), Signal::TERM);
        // It is not reaped meanwhile: as a zombie it keeps the number of its group.
        thread::sleep(GRACE);
        self.kill(How::Late(self.limits.time.unwrap_or_default()))
    }

    fn kill(&mut self, why: How) -> How {
        signal_group(self.child.id(), Signal::KILL);
        let _ = self.child.wait();
        why
    }

    /// The last line that it has written to standard error, if it has.
    fn last_complaint(&self) -> Option<String> {
        let text = String::from_utf8_lossy(&self.complaints);
        let line = text.lines().map(str::trim).rfind(|line| !line.is_empty())?;
        let mut line: String = line.chars().map(|c| if is_unsafe(c) { ' ' } else { c }).collect();
        cut(&mut line, COMPLAINT);
        Some(line)
    }
}

/// Reads as far as there is something, and as long as `take` wants more.
fn take_all(stream: &mut Option<impl Read + AsFd>, piece: &mut [u8], mut take: impl FnMut(&[u8]) -> bool) {
    let Some(open) = stream else { return };
    let is_open = without_blocking(open, |open| {
        loop {
            match open.read(piece)? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                read if !take(&piece[..read]) => return Ok(()),
                _ => {}
            }
        }
    });
    if !is_open {
        *stream = None;
    }
}

/// Whether the stream is good for more. `transfer` reads or writes until it cannot at the moment.
fn without_blocking<S: AsFd>(stream: &mut S, mut transfer: impl FnMut(&mut S) -> io::Result<()>) -> bool {
    if rustix::io::ioctl_fionbio(&*stream, true).is_err() {
        return false;
    }
    loop {
        match transfer(stream) {
            Ok(()) => return true,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return error.kind() == ErrorKind::WouldBlock,
        }
    }
}
