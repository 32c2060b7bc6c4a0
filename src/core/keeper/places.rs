//! Where requests are in flight: a few places in all, so that nobody is stormed, and fewer for a host that says
//! nothing, so that its accounts do not hold up those of others.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;

use pizauth_common::account_name::AccountName;
use pizauth_common::config::{Account, Endpoint, Uri};

use super::purpose::Purpose;
use super::tickets::JobId;
use crate::prelude::*;

/// At most this many requests at a time, over all accounts.
pub(super) const MAX_IN_FLIGHT: usize = 8;
/// At most this many requests at a host whose last one got no answer, or that was never asked, where there are other
/// hosts. Exchanges go all the same.
pub(super) const MAX_TO_SILENT_HOST: usize = 2;

/// A request that has been handed out and not been answered, also one that nobody waits for any more.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) errand: Errand,
    pub(super) host: Host,
}

/// Whose request it is, and what for.
#[derive(Debug)]
pub(super) enum Errand {
    OfAccount {
        account: AccountName,
        purpose: Box<Purpose>,
    },
    /// The question where its endpoints are.
    OfIssuer(Arc<Uri>),
}

/// Who waits for a place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Requester {
    /// Before all accounts, some of which wait for what it says.
    Issuer(Arc<Uri>),
    Account(AccountName),
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
    /// The host that all requests go to, where there is no other: then it can hold up nobody else's.
    only: Option<Host>,
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
    /// Those whose request is due and has no place.
    waiting: BTreeSet<(Turn, Requester)>,
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
            only: only_host(accounts),
            flights: BTreeMap::new(),
            hosts: BTreeMap::new(),
            freed: BTreeSet::new(),
        }
    }

    /// There are other accounts. Hosts that nothing is under way to are forgotten.
    pub(super) fn reload(&mut self, accounts: &[Account]) {
        self.only = only_host(accounts);
        self.hosts.retain(|_, queue| queue.taken > 0);
    }

    /// Requests go there, too.
    pub(super) fn add_host(&mut self, uri: &Uri) {
        self.only.take_if(|only| *only != Host::of(uri));
    }

    /// How many a host gets that has not answered.
    fn to_silent_host(&self) -> usize {
        if self.only.is_some() { MAX_IN_FLIGHT } else { MAX_TO_SILENT_HOST }
    }

    pub(super) fn in_flight(&self) -> usize {
        self.flights.len()
    }

    /// Whether one of them is an account's.
    pub(super) fn has_of_accounts(&self) -> bool {
        self.flights.values().any(|flight| matches!(flight.errand, Errand::OfAccount { .. }))
    }

    /// Whether a request to this host may begin, where there is a place at all. Else the requester waits until
    /// [`Places::next_waiting`] names it.
    pub(super) fn is_free_or_wait(&mut self, host: &Host, requester: &Requester, turn: Turn) -> bool {
        let most = self.to_silent_host();
        let Some(queue) = self.hosts.get_mut(host) else { return true };
        let is_free = queue.free(most) > 0;
        if !is_free {
            queue.waiting.insert((turn, requester.clone()));
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

    /// Takes out one of those who wait with this `turn` at a host that has a place now. They may not want it any more.
    pub(super) fn next_waiting(&mut self, turn: Turn) -> Option<Requester> {
        let most = self.to_silent_host();
        let (freed, hosts) = (&mut self.freed, &mut self.hosts);
        freed.retain(|host| {
            hosts.get(host).is_some_and(|queue| queue.free(most) > 0 && !queue.waiting.is_empty())
        });
        let begins_with_turn = |queue: &Queue| queue.waiting.first().is_some_and(|(first, _)| *first == turn);
        let host = freed.iter().find(|host| hosts.get(host).is_some_and(begins_with_turn))?;
        hosts.get_mut(host)?.waiting.pop_first().map(|(_, requester)| requester)
    }
}

/// The one at which all accounts are.
fn only_host(accounts: &[Account]) -> Option<Host> {
    let mut uris = accounts.iter().flat_map(endpoints);
    let first = uris.next()?;
    let is_same = |uri: &Uri| (uri.host(), uri.port()) == (first.host(), first.port());
    uris.all(is_same).then(|| Host::of(first))
}

/// Where requests of an account may go, as far as it is known before anybody is asked.
fn endpoints(account: &Account) -> impl Iterator<Item = &Uri> {
    let device = account.grant.device().map(|device| &device.device_auth_uri);
    let all = [Some(&account.token_uri), device, account.revocation_uri.as_ref()];
    all.into_iter().flatten().map(Endpoint::anchor)
}
