//! The command socket's file: claimed at the start, so that there is one daemon; kept in its place while we live;
//! removed at the end. The event loop drives it; nothing here blocks but the start.

mod claim;
mod error;
mod extra;
#[cfg(test)]
mod tests;
mod watch;

use std::fs;
use std::io;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mio::{Registry, Token};
use pizauth_common::paths::{Environment, SocketCandidate};
use pizauth_core::moment::Moment;

use crate::file_id::FileId;
use crate::lock::Lock;
use crate::log::{self, What};
use claim::{Claim, Start};
pub(crate) use error::SocketError;
pub(crate) use extra::{ExtraSocketError, extra_path};
use watch::Watch;

/// Cleaners of runtime directories remove what has not been touched for some days.
const TOUCH_INTERVAL: Duration = Duration::from_secs(6 * 3600);
/// After a failure to make the socket again, the next try comes after this time, which doubles each time. What the
/// system tells of the place comes first.
const RETRY: Duration = Duration::from_secs(3);
const LONGEST_RETRY: Duration = Duration::from_secs(300);
/// The socket is made again after this time at the earliest, so that a program which removes it again and again does
/// not keep us busy.
const REBIND_PAUSE: Duration = Duration::from_secs(1);
/// How often we look where the system cannot tell us.
const LOOK_INTERVAL: Duration = Duration::from_secs(4);

/// The socket file of this daemon.
#[derive(Debug)]
pub(crate) struct SocketFile {
    candidate: SocketCandidate,
    path: PathBuf,
    /// Absent once it has been removed in order.
    claim: Option<Claim>,
    /// Of the directory that all environments of a user on this machine share.
    user_lock: Option<Lock>,
    watch: Watch,
    fresh_listener: Option<UnixListener>,
    bound_at: Moment,
    touch_at: Moment,
    look_at: Option<Moment>,
    /// The last pause, while the socket cannot be made again.
    failing: Option<Duration>,
}

impl SocketFile {
    /// Takes possession of the first place that suits, and listens there, non-blocking.
    ///
    /// # Errors
    /// Another daemon is running, at this or any other place a caller would look; or no place is safe and
    /// usable.
    pub(crate) fn claim(
        environment: &impl Environment,
        now: Moment,
    ) -> Result<(Self, UnixListener), SocketError> {
        let Start { candidate, claim, listener, user_lock, passed_over } = claim::start(environment)?;
        for reason in passed_over {
            log::event(What::SocketPlaceUnsuitable).field("reason", reason).write();
        }
        Ok((Self::new(candidate, claim, user_lock, now), listener))
    }

    fn new(candidate: SocketCandidate, claim: Claim, user_lock: Option<Lock>, now: Moment) -> Self {
        let mut this = Self {
            path: absolute(&candidate.socket()),
            candidate,
            watch: Watch::new(),
            claim: Some(claim),
            user_lock,
            fresh_listener: None,
            bound_at: now,
            touch_at: now.plus(TOUCH_INTERVAL),
            look_at: None,
            failing: None,
        };
        this.watch_place(now);
        this
    }

    /// Where it is, as an absolute path: what hooks get as `PIZAUTH_SOCKET`.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Has the event loop told, by `token`, when something happens around the file.
    ///
    /// # Errors
    /// The system cannot watch one more descriptor.
    pub(crate) fn register(&self, registry: &Registry, token: Token) -> io::Result<()> {
        self.watch.register(registry, token)
    }

    /// Something happened around the file.
    pub(crate) fn ready(&mut self, now: Moment) {
        self.watch.drain();
        self.look(now);
    }

    /// When [`SocketFile::handle_timeout`] wants to be called.
    pub(crate) fn poll_timeout(&self) -> Option<Moment> {
        let touch_at = self.claim.as_ref().map(|_| self.touch_at);
        touch_at.into_iter().chain(self.look_at).min()
    }

    /// Touches the file or makes it again when that is due. Early or repeated calls are harmless.
    pub(crate) fn handle_timeout(&mut self, now: Moment) {
        if self.look_at.is_some_and(|at| at <= now) {
            self.look_at = None;
            self.look(now);
        }
        if self.touch_at <= now {
            self.touch_at = now.plus(TOUCH_INTERVAL);
            if let Some(claim) = &self.claim {
                claim.touch();
            }
        }
    }

    /// The listening socket that took the place of a lost one, once.
    pub(crate) fn take_listener(&mut self) -> Option<UnixListener> {
        self.fresh_listener.take()
    }

    /// Removes the file if it is still ours, and lets another daemon start. To be called while the listening socket
    /// is open (or another file could have its identity), and before callers of `shutdown` are let go.
    pub(crate) fn remove(&mut self) {
        if let Some(claim) = self.claim.take().filter(|claim| claim.is_at(&self.path)) {
            claim.remove();
        }
        self.user_lock = None;
        self.look_at = None;
    }

    /// Is the file in its place, and ours?
    fn look(&mut self, now: Moment) {
        let Some(claim) = &self.claim else { return };
        if claim.is_at(&self.path) {
            self.failing = None;
            self.look_at = self.watch.is_blind().then(|| now.plus(LOOK_INTERVAL));
            return;
        }
        let earliest = self.bound_at.plus(REBIND_PAUSE);
        if now < earliest {
            self.look_at = Some(earliest);
            return;
        }
        self.make_again(now);
    }

    fn make_again(&mut self, now: Moment) {
        let Some(lost) = self.claim.take() else { return };
        self.bound_at = now;
        match claim::renew(&self.candidate, &lost) {
            Ok((claim, listener)) => {
                self.claim = Some(claim.with_locks_of(lost));
                self.fresh_listener = Some(listener);
                self.failing = None;
                self.watch_place(now);
                log::event(What::SocketRebound).field("path", self.path.display()).write();
            }
            Err(error) => {
                self.claim = Some(lost);
                self.try_later(&error, now);
            }
        }
    }

    fn try_later(&mut self, error: &SocketError, now: Moment) {
        if self.failing.is_none() {
            log::event(What::SocketFailed).field("reason", error).write();
        }
        let pause = match self.failing {
            Some(last) if self.watch.is_told_of_the_way() => (last * 2).min(LONGEST_RETRY),
            _ => RETRY,
        };
        self.failing = Some(pause);
        self.look_at = Some(now.plus(pause));
        self.watch.set(&self.path);
        // What we have tried ourselves is no news.
        self.watch.drain();
    }

    fn watch_place(&mut self, now: Moment) {
        self.watch.set(&self.path);
        // It may have been removed before it was watched.
        self.look_at = Some(now.plus(if self.watch.is_blind() { LOOK_INTERVAL } else { REBIND_PAUSE }));
    }
}

/// A start that fails later leaves no socket behind.
impl Drop for SocketFile {
    fn drop(&mut self) {
        self.remove();
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn file_id_at(path: &Path) -> Option<FileId> {
    fs::symlink_metadata(path).ok().map(|metadata| FileId::of(&metadata))
}
