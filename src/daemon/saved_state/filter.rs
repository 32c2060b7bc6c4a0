//! A command of the user's that reads something and writes it in another form. The loop starts it, and a thread has the
//! conversation with it: it feeds it, takes what it writes, and sees to its end.

use std::io::{self, PipeWriter, Write, pipe};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use pizauth_common::cause::Cause;
use rustix::process::{Pid, Signal, kill_process_group};
use zeroize::Zeroizing;

use super::conversation::Conversation;
use crate::containment::{Worker, contain};
use crate::hooks::HookSettings;

/// What a filter has written, or why that is good for nothing, in words that follow the name of its option.
pub(super) type Filtered = Result<Zeroizing<Vec<u8>>, String>;

/// A filter that runs.
#[derive(Debug)]
pub(super) struct Filter {
    pid: u32,
    wake: PipeWriter,
    is_aborted: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Filter {
    /// Starts `command` on `input`. What comes of it, within the time `limit` where there is one, `done` is told in
    /// another thread.
    ///
    /// # Errors
    /// It cannot be started.
    pub(super) fn start(
        command: &str,
        settings: &HookSettings,
        input: Zeroizing<Vec<u8>>,
        limit: Option<Duration>,
        done: impl FnOnce(Filtered) + Send + 'static,
    ) -> Result<Self, String> {
        let failed = |error: io::Error| format!("cannot be started: {}", Cause(&error));
        let (woken, wake) = pipe().map_err(failed)?;
        rustix::io::ioctl_fionbio(&woken, true).map_err(|errno| failed(errno.into()))?;
        rustix::io::ioctl_fionbio(&wake, true).map_err(|errno| failed(errno.into()))?;
        let mut prepared = settings.command_line(command);
        prepared.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = prepared.spawn().map_err(failed)?;
        let pid = child.id();
        let is_aborted = Arc::new(AtomicBool::new(false));
        let conversation = Conversation::with(child, woken, Arc::clone(&is_aborted));
        let converse = move || {
            let filtered = contain(Worker::SavedState, || conversation.hold(&input, limit));
            done(filtered.unwrap_or_else(|bug| Err(format!("met {bug}"))));
        };
        let thread = thread::Builder::new().name("filter".to_owned()).spawn(converse);
        let thread = thread.map_err(|error| {
            signal_group(pid, Signal::KILL);
            failed(error)
        })?;
        Ok(Self { pid, wake, is_aborted, thread })
    }

    /// Its process id, which is that of the session that it leads.
    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    /// To be called on CHLD: it may have ended.
    pub(super) fn child_changed(&self) {
        // A pipe that is full wakes as well.
        let _ = (&self.wake).write(&[0]);
    }

    /// Has it ended: nobody wants to know any more. The thread sees to it.
    pub(super) fn abort(self) -> JoinHandle<()> {
        self.is_aborted.store(true, Ordering::Relaxed);
        self.child_changed();
        self.thread
    }
}

pub(super) fn signal_group(pid: u32, signal: Signal) {
    if let Some(group) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        // Nobody is left in it: fine.
        let _ = kill_process_group(group, signal);
    }
}
