//! The connections that are open: a bounded number, and who makes room when all places are taken.

use std::collections::BTreeMap;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

#[cfg(test)]
mod tests;

/// How far a connection has come; in the order in which they make room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// It had to make room, and its worker is about to notice.
    Evicted,
    /// It has its page; only what the browser may still send is read.
    Closing,
    /// Its peer will get nothing but a refusal, once its head has arrived.
    Refused,
    /// Its head has not arrived.
    Reading,
    /// Its request is being answered: it cannot be disturbed.
    Answering,
}

#[derive(Debug)]
struct Open {
    socket: Arc<TcpStream>,
    phase: Phase,
}

impl Open {
    fn evict(&mut self) {
        self.phase = Phase::Evicted;
        // Fails where the peer has gone already: then its worker has noticed by itself.
        let _ = self.socket.shutdown(Shutdown::Both);
    }
}

/// All open connections. Keys ascend, so the first is the oldest.
#[derive(Debug, Default)]
struct Table {
    open: BTreeMap<u64, Open>,
    next: u64,
}

/// The table, shared by the acceptor and the workers.
#[derive(Debug)]
pub(super) struct Connections {
    table: Mutex<Table>,
    one_ended: Condvar,
    places: usize,
    notice: Duration,
}

impl Connections {
    /// `notice`: how long an evicted worker may need to notice.
    pub(super) fn new(places: usize, notice: Duration) -> Self {
        Self { table: Mutex::default(), one_ended: Condvar::new(), places, notice }
    }

    /// Whether [`Connections::admit`] would find a place.
    pub(super) fn have_room(&self) -> bool {
        let table = self.table();
        table.open.len() < self.places || table.open.values().any(|open| open.phase != Phase::Answering)
    }

    /// A place for a new connection. Where all are taken, one that has its page makes room, or one whose peer is
    /// not welcome, or else the oldest whose head has not arrived. `None`: all the others are being answered.
    pub(super) fn admit(self: &Arc<Self>, socket: TcpStream, is_welcome: bool) -> Option<Place> {
        let mut table = self.table();
        if table.open.len() >= self.places {
            table = self.make_room(table)?;
        }
        let id = table.next;
        table.next += 1;
        let socket = Arc::new(socket);
        let phase = if is_welcome { Phase::Reading } else { Phase::Refused };
        table.open.insert(id, Open { socket: Arc::clone(&socket), phase });
        Some(Place { connections: Arc::clone(self), id, socket })
    }

    fn make_room<'a>(&self, mut table: MutexGuard<'a, Table>) -> Option<MutexGuard<'a, Table>> {
        // The first of those that have come equally far is the oldest.
        let leaving = table.open.values_mut().min_by_key(|open| open.phase)?;
        match leaving.phase {
            Phase::Answering => return None,
            Phase::Evicted => {}
            Phase::Closing | Phase::Refused | Phase::Reading => leaving.evict(),
        }
        let is_full = |table: &mut Table| table.open.len() >= self.places;
        let (table, wait) = self
            .one_ended
            .wait_timeout_while(table, self.notice, is_full)
            .unwrap_or_else(PoisonError::into_inner);
        (!wait.timed_out()).then_some(table)
    }

    /// Ends all connections: those whose head has not arrived at once, the others after `patience`.
    pub(super) fn end(&self, patience: Duration) {
        let mut table = self.table();
        table.open.values_mut().filter(|open| open.phase != Phase::Answering).for_each(Open::evict);
        for patience in [patience, self.notice] {
            (table, _) = self
                .one_ended
                .wait_timeout_while(table, patience, |table| !table.open.is_empty())
                .unwrap_or_else(PoisonError::into_inner);
            table.open.values_mut().for_each(Open::evict);
        }
    }

    /// A worker that panicked while it held the table has left it whole: no step in between can be seen.
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection's place in the table, given back when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    connections: Arc<Connections>,
    id: u64,
    socket: Arc<TcpStream>,
}

impl Place {
    pub(super) fn socket(&self) -> &TcpStream {
        &self.socket
    }

    /// From here on the connection does not make room for others. `false`: it already had to, and nothing may
    /// come of it.
    pub(super) fn begin_answer(&self) -> bool {
        self.advance(Phase::Answering)
    }

    /// The page is written.
    pub(super) fn begin_closing(&self) -> bool {
        self.advance(Phase::Closing)
    }

    fn advance(&self, to: Phase) -> bool {
        let mut table = self.connections.table();
        match table.open.get_mut(&self.id) {
            Some(open) if open.phase != Phase::Evicted => {
                open.phase = to;
                true
            }
            _ => false,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.table().open.remove(&self.id);
        self.connections.one_ended.notify_all();
    }
}
