//! Letting callers in: as many as there are descriptors for, and in turns, so that nobody else waits.

use std::io::{self, ErrorKind};
use std::time::Duration;

use mio::Interest;
use mio::net::{UnixListener, UnixStream};
use pizauth_common::cause::Cause;
use pizauth_common::ipc::peer::Peer;
use rustix::io::Errno;

use super::caller::Caller;
use super::{CallerId, Door, IpcListener, REQUEST_PATIENCE};
use crate::accept_errors;
use crate::log::{self, What};
use crate::wake_sources::{FIRST_CALLER, FIRST_HOOK_OUTPUT};

/// When descriptors run out, a caller that has not yet sent its request is left alone for so long.
pub(super) const GRACE: Duration = Duration::from_millis(100);
/// When callers cannot be accepted for another reason, the next try comes after this time.
pub(super) const ACCEPT_PAUSE: Duration = Duration::from_secs(1);
/// So many callers are admitted at each door in one turn of the loop, and served; the others come in the next, so that
/// what is due, and who has waited for longer, has its turn between them.
pub(super) const ACCEPTS_PER_TURN: usize = 64;

impl IpcListener {
    /// Goes on with another listening socket, since the old one's file is gone. Connections stay.
    ///
    /// # Errors
    /// The system cannot watch the new one; there is none then.
    pub(crate) fn replace_listener(
        &mut self,
        door: Door,
        listener: std::os::unix::net::UnixListener,
    ) -> io::Result<()> {
        self.shut(door);
        let mut listener = UnixListener::from_std(listener);
        self.registry.register(&mut listener, door.token(), Interest::READABLE)?;
        self.listeners[door as usize] = Some(listener);
        Ok(())
    }

    /// Closes a listening socket; who is connected is still served.
    pub(crate) fn shut(&mut self, door: Door) {
        if let Some(mut listener) = self.listeners[door as usize].take() {
            let _ = self.registry.deregister(&mut listener);
        }
    }

    /// Readiness is told once, when it begins: so from now on callers are admitted until nobody waits, or until others
    /// have to have their turn.
    pub(super) fn open(&mut self, door: Door) {
        self.admissions[door as usize] = ACCEPTS_PER_TURN;
    }

    /// Admits one caller who waits; false where there is none. Who is admitted is served before the next one is, so
    /// that a crowd is answered while it comes in.
    pub(super) fn admit_next(&mut self) -> bool {
        Door::ALL.into_iter().any(|door| self.admit_next_at(door))
    }

    fn admit_next_at(&mut self, door: Door) -> bool {
        let Some(left) = self.admissions[door as usize].checked_sub(1) else { return false };
        let Some(stream) = self.accept(door) else {
            self.admissions[door as usize] = 0;
            return false;
        };
        self.admissions[door as usize] = left;
        if left == 0 {
            self.accept_again = Some(self.now);
        }
        self.admit(stream, door);
        true
    }

    /// None: nobody waits, or it is noted when to go on.
    fn accept(&mut self, door: Door) -> Option<UnixStream> {
        loop {
            match self.listeners[door as usize].as_ref()?.accept() {
                Ok((stream, _)) => {
                    self.is_failing = false;
                    return Some(stream);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
                Err(error) if accept_errors::is_passing(&error) => {}
                Err(error) if is_exhaustion(&error) => self.make_room().then_some(())?,
                Err(error) => {
                    self.pause(&error);
                    return None;
                }
            }
        }
    }

    fn pause(&mut self, error: &io::Error) {
        self.accept_again = Some(self.now.plus(ACCEPT_PAUSE));
        if !self.is_failing {
            self.is_failing = true;
            log::event(What::SocketFailed)
                .field("attempt", "accept a caller")
                .field("reason", Cause(error))
                .write();
        }
    }

    /// With no descriptor left, hangs up on a caller that wastes one; or sets a time to look again.
    pub(super) fn make_room(&mut self) -> bool {
        let stalled = self.deadlines.iter().find(|(_, id)| self.is_reading(*id)).copied();
        let expendable_at = stalled.map(|(deadline, _)| deadline.minus(REQUEST_PATIENCE).plus(GRACE));
        match (stalled, expendable_at) {
            (Some((_, id)), Some(at)) if at <= self.now => {
                self.close(id);
                true
            }
            _ => {
                self.accept_again = Some(self.now.plus(GRACE));
                false
            }
        }
    }

    fn admit(&mut self, stream: UnixStream, door: Door) {
        match Peer::of(&stream) {
            Ok(peer) if peer.is_trusted() => {
                let id = self.new_id();
                self.callers.insert(id, Caller::new(stream, peer, door));
                // A caller writes as soon as it is connected: its request is often there already.
                self.advance(id);
            }
            Ok(peer) => log::event(What::CallerRefused).field("uid", peer.uid).write(),
            Err(error) => log::event(What::CallerRefused).field("reason", Cause(&error)).write(),
        }
    }

    /// An id is not used again before all others have been, so readiness that is told late finds nobody.
    fn new_id(&mut self) -> CallerId {
        loop {
            let id = CallerId(self.next_id);
            self.next_id = if self.next_id + 1 < FIRST_HOOK_OUTPUT { self.next_id + 1 } else { FIRST_CALLER };
            if !self.callers.contains_key(&id) {
                return id;
            }
        }
    }
}

fn is_exhaustion(error: &io::Error) -> bool {
    let exhausted = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM];
    Errno::from_io_error(error).is_some_and(|errno| exhausted.contains(&errno))
}
