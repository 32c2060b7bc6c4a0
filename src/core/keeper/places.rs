//! Where requests are in flight: a few places in all, so that nobody is stormed, and fewer for a host that says nothing,
//! so that its accounts do not hold up those of others.

use alloc::collections::{BTreeMap, BTreeSet};

use pizauth_common::account_name::AccountName;
use pizauth_common::config::{Account, Uri};

use super::effect::JobId;
use super::purpose::Purpose;
use crate::prelude::*;

/// At most this many requests at a time, over all accounts.
pub(super) const MAX_IN_FLIGHT: usize = 8;
/// At most this many refreshes at a host whose last request got no answer, or that was never asked, where there are
/// others.
pub(super) const MAX_TO_SILENT_HOST: usize = 2;

/// A request that has been handed out and not been answered, also one that nobody waits for any more.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) account: AccountName,
    pub(super) purpose: Purpose,
    pub(super) host: Host,
}

/// Who is asked: the name and port of a server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Host(String);

impl Host {
    pub(super) fn of(uri: &Uri) -> Self {
        Self(format!("{}:{}", uri.host(), uri.port()))
    }
}

#[derive(Debug)]
pub(super) struct Places {
    /// How many a host gets that has not answered.
    to_silent_host: usize,
    flights: BTreeMap<JobId, Flight>,
    hosts: BTreeMap<Host, Queue>,
    /// Hosts at which a place may have become free since somebody began to wait for one.
    freed: BTreeSet<Host>,
}

/// What concerns one host.
#[derive(Debug, Default)]
struct Queue {
    taken: usize,
    /// Whether its last request was answered.
    answers: bool,
    /// Accounts whose request is due and has no place.
    waiting: BTreeSet<(Turn, AccountName)>,
}

/// Which requests go first, where there are not places for all that are due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Turn {
    /// Whatever brings a token.
    First,
    /// The question whether a user has signed in.
    Last,
}

impl Queue {
    fn free(&self, to_silent_host: usize) -> usize {
        let places = if self.answers { MAX_IN_FLIGHT } else { to_silent_host };
        places.saturating_sub(self.taken)
    }
}

impl Places {
    /// None is taken.
    pub(super) fn new(accounts: &[Account]) -> Self {
        Self {
            to_silent_host: to_silent_host(accounts),
            flights: BTreeMap::new(),
            hosts: BTreeMap::new(),
            freed: BTreeSet::new(),
        }
    }

    /// There are other accounts. Hosts that nothing is under way to are forgotten.
    pub(super) fn reload(&mut self, accounts: &[Account]) {
        self.to_silent_host = to_silent_host(accounts);
        self.hosts.retain(|_, queue| queue.taken > 0);
    }

    pub(super) fn in_flight(&self) -> usize {
        self.flights.len()
    }

    /// Whether a request to this host may begin, where there is a place at all. Else the account waits until
    /// [`Places::next_waiting`] names it.
    pub(super) fn is_free_or_wait(&mut self, host: &Host, account: &AccountName, turn: Turn) -> bool {
        let Some(queue) = self.hosts.get_mut(host) else { return true };
        let is_free = queue.free(self.to_silent_host) > 0;
        if !is_free {
            queue.waiting.insert((turn, account.clone()));
        }
        is_free
    }

    pub(super) fn take(&mut self, job: JobId, flight: Flight) {
        self.hosts.entry(flight.host.clone()).or_default().taken += 1;
        self.flights.insert(job, flight);
    }

    /// The request is over, `answered` or not.
    pub(super) fn give_back(&mut self, job: JobId, answered: bool) -> Option<Flight> {
        let flight = self.flights.remove(&job)?;
        if let Some(queue) = self.hosts.get_mut(&flight.host) {
            queue.taken = queue.taken.saturating_sub(1);
            queue.answers = answered;
            self.freed.insert(flight.host.clone());
        }
        Some(flight)
    }

    /// Somebody whose turn it is and who has waited for a place at a host where one is free now, and may have lost interest
    /// meanwhile.
    pub(super) fn next_waiting(&mut self, turn: Turn) -> Option<AccountName> {
        let (hosts, most) = (&mut self.hosts, self.to_silent_host);
        let mut next = None;
        self.freed.retain(|host| {
            let queue = hosts.get_mut(host).filter(|queue| queue.free(most) > 0);
            let Some(queue) = queue.filter(|queue| !queue.waiting.is_empty()) else { return false };
            if next.is_none() && queue.waiting.first().is_some_and(|(waits, _)| *waits == turn) {
                next = queue.waiting.pop_first();
            }
            true
        });
        next.map(|(_, account)| account)
    }
}

/// Where all accounts are at one host, there is nobody whom it could hold up.
fn to_silent_host(accounts: &[Account]) -> usize {
    let mut hosts = accounts.iter().flat_map(endpoints).map(|uri| (uri.host(), uri.port()));
    let first = hosts.next();
    let has_others = hosts.any(|host| Some(host) != first);
    if has_others { MAX_TO_SILENT_HOST } else { MAX_IN_FLIGHT }
}

/// Where requests of an account may go.
fn endpoints(account: &Account) -> impl Iterator<Item = &Uri> {
    let device = account.grant.device().map(|device| &*device.device_auth_uri);
    [&*account.token_uri].into_iter().chain(device).chain(account.revocation_uri.as_deref())
}
