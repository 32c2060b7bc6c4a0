//! A command of the user's that reads something and writes it in another form. The loop starts it, and a thread has the
//! conversation with it: it feeds it, takes what it writes, and sees to its end.

mod conversation;
mod failed;
#[cfg(test)]
mod tests;

use std::io::{self, PipeWriter, Write, pipe};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::process::Signal;
use zeroize::Zeroizing;

use crate::containment::{Worker, contain};
use crate::process_group::signal_group;
use conversation::Conversation;
pub(crate) use failed::{Failed, How};

/// What a filter has written, or why that is good for nothing.
pub(crate) type Filtered = Result<Zeroizing<Vec<u8>>, Failed>;

/// Hears of what has been done for a room with filters, in whatever thread.
pub(crate) type Tell<Done> = Arc<dyn Fn(Done) + Send + Sync>;

/// What a filter may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Until it is ended, where it is.
    pub time: Option<Duration>,
    /// Bytes that it writes.
    pub bytes: usize,
}

/// A filter that runs.
#[derive(Debug)]
pub(crate) struct Filter {
    pid: u32,
    wake: PipeWriter,
    is_aborted: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

/// A filter that nobody waits for any more: its thread sees to its end.
#[derive(Debug)]
pub(crate) struct Aborted(JoinHandle<()>);

impl Filter {
    /// Starts `command` on `input`. What comes of it within its `limits` `done` is told in another thread.
    ///
    /// # Errors
    /// It cannot be started.
    pub(crate) fn start(
        mut command: Command,
        input: Zeroizing<Vec<u8>>,
        limits: Limits,
        done: impl FnOnce(Filtered) + Send + 'static,
    ) -> Result<Self, Failed> {
        let failed = |error: io::Error| Failed::from(How::NotStarted(error));
        let (woken, wake) = pipe().map_err(failed)?;
        rustix::io::ioctl_fionbio(&woken, true).map_err(|errno| failed(errno.into()))?;
        rustix::io::ioctl_fionbio(&wake, true).map_err(|errno| failed(errno.into()))?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().map_err(failed)?;
        let pid = child.id();
        let is_aborted = Arc::new(AtomicBool::new(false));
        let conversation = Conversation::with(child, woken, Arc::clone(&is_aborted), limits);
        let converse = move || {
            let filtered = contain(Worker::Filter, || conversation.hold(&input));
            done(filtered.unwrap_or_else(|bug| Err(How::Bug(bug).into())));
        };
        let thread = thread::Builder::new().name("filter".to_owned()).spawn(converse);
        let thread = thread.map_err(|error| {
            signal_group(pid, Signal::KILL);
            failed(error)
        })?;
        Ok(Self { pid, wake, is_aborted, thread })
    }

    /// Its process id, which is that of the session that it leads.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// To be called on CHLD: it may have ended.
    pub(crate) fn child_changed(&self) {
        // A pipe that is full wakes as well.
        let _ = (&self.wake).write(&[0]);
    }

    /// Has it ended: nobody wants to know any more.
    pub(crate) fn abort(self) -> Aborted {
        self.is_aborted.store(true, Ordering::Relaxed);
        self.child_changed();
        Aborted(self.thread)
    }
}

impl Aborted {
    /// Waits until it has ended.
    pub(crate) fn wait(self) {
        let _ = self.0.join();
    }
}
