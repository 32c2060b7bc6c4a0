//! The hosts that are asked, and how many places the rules give each of them.

use std::collections::BTreeSet;

use pizauth_common::config::Account;

use super::device::device_host_of;
use super::model::Phase;
use super::revocation::revocation_host_of;
use super::world::World;
use crate::testing::uri;

/// What an account has for a token endpoint.
pub(super) type Host = &'static str;

pub(super) const HOSTS: [Host; 3] =
    ["https://as.example/token", "https://as.example:8443/token", "https://other.example/token"];

/// So many requests are in flight at most, and so many to a silent host where there are others.
const MOST: usize = 8;
const MOST_TO_SILENT: usize = 2;

pub(super) fn at_host(account: Account, host: Host) -> Account {
    Account { token_uri: uri(host).into(), ..account }
}

/// Where its token requests go.
pub(super) fn host_of(account: &Account) -> Host {
    let is_its = |host: &&Host| account.token_uri.anchor().written() == **host;
    HOSTS.iter().find(is_its).expect("every account is at a known host")
}

impl World {
    /// One host falls silent, or all of them speak.
    pub(super) fn change_weather(&mut self) {
        self.mute = match self.mute {
            None => Some(self.dice.pick(&HOSTS)),
            Some(_) => None,
        };
    }

    /// A request has been answered or lost.
    pub(super) fn heard_of(&mut self, host: Host, is_answer: bool) {
        if is_answer {
            self.answering.insert(host);
        } else {
            self.answering.remove(host);
        }
    }

    /// After a reload, only hosts that something is under way to are known.
    pub(super) fn forget_idle_hosts(&mut self) {
        let busy: BTreeSet<Host> = self.requests.values().map(|request| request.host).collect();
        self.answering.retain(|host| busy.contains(host));
    }

    /// Whether any request may be in flight besides those that are.
    pub(super) fn has_place(&self) -> bool {
        self.requests.len() < MOST
    }

    /// Whether a request of this account may: an exchange wherever there is a place at all.
    pub(super) fn has_place_for(&self, name: &str) -> bool {
        let model = &self.models[name];
        let is_exchange = matches!(model.phase, Phase::Exchanging { .. }) && model.revocation.is_none();
        if is_exchange { self.has_place() } else { self.has_place_at(self.asked_by(name)) }
    }

    /// Where the next request of this account goes.
    pub(super) fn asked_by(&self, name: &str) -> Host {
        let account = &self.accounts[name];
        if self.models[name].revocation.is_some() {
            return revocation_host_of(account).expect("there is somebody to ask");
        }
        let device =
            device_host_of(account).filter(|_| matches!(self.models[name].phase, Phase::Starting { .. }));
        device.unwrap_or_else(|| host_of(account))
    }

    fn has_place_at(&self, host: Host) -> bool {
        let of_account = |account: &Account| {
            [Some(host_of(account)), device_host_of(account), revocation_host_of(account)]
        };
        let hosts: BTreeSet<Host> = self.accounts.values().flat_map(of_account).flatten().collect();
        let is_restricted = hosts.len() > 1 && !self.answering.contains(host);
        let most = if is_restricted { MOST_TO_SILENT } else { MOST };
        let taken = self.requests.values().filter(|request| request.host == host).count();
        self.has_place() && taken < most
    }
}
