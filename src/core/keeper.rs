//! What we know and decide: one value holds all token state, in the sans-I/O style.
//!
//! The caller passes `now` in and takes effects out. No thread, clock, file, socket or randomness of its own.
//! Each file below holds one kind of call. They change accounts in steps (`step_of`, which most reach by
//! `Keeper::change`), and what they have to tell or to ask for goes into the `Outbox`.

mod agenda;
mod answers;
mod application;
mod authorization;
mod bucket;
mod client_secrets;
mod commands;
mod device;
mod discovery;
mod effect;
mod entry;
mod event;
mod importing;
mod invitation;
mod issuers;
mod login;
mod outage;
mod outbox;
mod pace;
mod places;
mod purpose;
mod reload;
mod reminders;
mod renewal;
mod report;
mod requests;
mod revocation;
mod saving;
mod sign_in_failure;
mod stage;
mod tickets;
mod token_state;
mod transfer;
mod waiting;

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

use alloc::collections::BTreeMap;
use core::fmt;
use core::time::Duration;

use pizauth_common::account_name::AccountName;
use pizauth_common::config::{Config, Scheme, Uri};

use agenda::Agenda;
use client_secrets::ClientSecrets;
use entry::Entry;
use issuers::Issuers;
use outbox::Outbox;
use places::Places;
use reminders::remind;
use saving::{SavedPart, Saving};

pub use answers::HookVerdict;
pub use authorization::RedirectVerdict;
pub use commands::{Refreshed, Shown};
pub use effect::{Dismissal, Effect, RevocationEnd, Waited};
pub use entry::Demand;
pub use event::{
    ACCOUNT_EVENTS, AccountEvent, CONFIGURATION_CHANGED, EventDoc, Happened, ISSUER_EVENTS, IssuerEvent,
    Learned, REVOKED, Severity, TokenEvent, WayOut,
};
pub use importing::NotImported;
pub use invitation::{Invitation, UserCode};
pub use login::Login;
#[cfg(test)]
use places::{MAX_IN_FLIGHT, MAX_TO_SILENT_HOST};
pub use renewal::Renewing;
pub use report::{Summary, TokenFacts};
pub use revocation::NoRevocation;
pub use saving::NotSaved;
pub use stage::{SignInStage, StageMark};
pub use tickets::{JobId, WaiterId};
pub use transfer::Restored;

use crate::moment::{Moment, Now};
use crate::prelude::*;

/// What the user is told of one account is never closer together, whatever the configuration says and callers ask for.
const SHORTEST_REMINDER: Duration = Duration::from_secs(1);

/// Fills a buffer with random bytes. Passed in, so that a test is deterministic.
pub type Entropy = Box<dyn FnMut(&mut [u8])>;

/// The ports of the redirect listeners, which stand in redirect URIs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListenerPorts {
    /// Of the HTTP listener.
    pub http: Option<u16>,
    /// Of the HTTPS listener.
    pub https: Option<u16>,
}

impl ListenerPorts {
    /// The port that a redirect URI gets: the listener's. One that no listener is there for keeps its own: its browser
    /// ends nowhere, and its user brings the address by hand.
    fn of(self, redirect_uri: &Uri) -> u16 {
        let listener = match redirect_uri.scheme() {
            Scheme::Http => self.http,
            Scheme::Https => self.https,
        };
        listener.unwrap_or_else(|| redirect_uri.port())
    }
}

/// The configuration has no account of this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownAccount;

/// The owner of all token state.
pub struct Keeper {
    entries: BTreeMap<AccountName, Entry>,
    settings: Settings,
    agenda: Agenda,
    places: Places,
    issuers: Issuers,
    outbox: Outbox,
    saving: Saving,
    secrets: ClientSecrets,
    is_stopping: bool,
    /// Whether what was saved is there: who signs in by itself does so without being asked.
    fetches_by_itself: bool,
}

/// What of the configuration concerns all accounts.
#[derive(Clone, Copy, Debug)]
struct Settings {
    ports: ListenerPorts,
    remind_every: Duration,
    asks_about_transient_errors: bool,
}

impl Settings {
    fn new(config: &Config, ports: ListenerPorts) -> Self {
        Self {
            ports,
            remind_every: config.auth_notify_interval.max(SHORTEST_REMINDER),
            asks_about_transient_errors: config.hooks.transient_error_if_cmd.is_some(),
        }
    }
}

impl Keeper {
    /// A keeper without tokens.
    pub fn new(config: Config, ports: ListenerPorts, entropy: Entropy) -> Self {
        let settings = Settings::new(&config, ports);
        let places = Places::new(&config.accounts);
        let issuers = Issuers::of(&config.accounts);
        let entries = config.accounts.into_iter().map(|account| (account.name.clone(), Entry::new(account)));
        Self {
            entries: entries.collect(),
            settings,
            agenda: Agenda::default(),
            places,
            issuers,
            outbox: Outbox::new(entropy),
            saving: Saving::off(),
            secrets: ClientSecrets::default(),
            is_stopping: false,
            fetches_by_itself: false,
        }
    }

    /// The next thing to do in the world, if there is one.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.outbox.take()
    }

    /// When [`Keeper::handle_timeout`] wants to be called next.
    pub fn poll_timeout(&self) -> Option<Moment> {
        let Agenda { requests, stranded, polls, reminders, expiries, waits } = &self.agenda;
        let request = [requests.next(), polls.next(), self.issuers.next()].into_iter().flatten().min();
        let request = request.filter(|_| self.may_request());
        let calls = [waits.next(), stranded.next(), self.saving.poll_timeout()];
        let due = [request, reminders.next(), expiries.next()].into_iter().chain(calls);
        due.flatten().min()
    }

    /// Does whatever is due at `now`. Early and repeated calls are harmless.
    pub fn handle_timeout(&mut self, now: Now) {
        let settings = self.settings;
        // What is filed for an account that is gone needs nothing more.
        while let Some(name) = self.agenda.reminders.take_due(now.moment) {
            let _ = self.step(name.as_str(), now, |entry, outbox| remind(entry, &settings, now, outbox));
        }
        while let Some(name) = self.agenda.expiries.take_due(now.moment) {
            let _ = self.step(name.as_str(), now, |_, _| ());
        }
        self.end_waits(now);
        self.strand(now);
        self.start_due_requests(now);
        self.save_if_due(now);
    }

    /// Whether a token request is under way, also one that nobody waits for any more.
    pub fn is_busy(&self) -> bool {
        self.places.has_of_accounts()
    }

    /// The daemon stops: no further token request is handed out; those in flight are still awaited, but by no caller.
    pub fn stop(&mut self) {
        self.is_stopping = true;
        self.saving.stop();
        for entry in self.entries.values_mut() {
            let before = entry.due();
            waiting::dismiss(entry, Dismissal::Stopping, &mut self.outbox);
            revocation::settle(entry, &mut self.outbox);
            self.agenda.file(&entry.account.name, before, entry.due());
        }
    }

    /// Changes one account by a step, after which whatever may start, starts.
    fn change<T>(
        &mut self,
        account: &str,
        now: Now,
        step: impl FnOnce(&mut Entry, &mut Outbox) -> T,
    ) -> Result<T, UnknownAccount> {
        let done = self.step(account, now, step)?;
        self.start_due_requests(now);
        Ok(done)
    }

    /// The same, and nothing starts yet.
    fn step<T>(
        &mut self,
        account: &str,
        now: Now,
        step: impl FnOnce(&mut Entry, &mut Outbox) -> T,
    ) -> Result<T, UnknownAccount> {
        let entry = self.entries.get_mut(account).ok_or(UnknownAccount)?;
        Ok(step_of(entry, &mut self.saving, &mut self.agenda, &mut self.outbox, now, step))
    }

    /// Changes each account that is `meant` by the same step. Nothing starts yet.
    fn step_each(
        &mut self,
        meant: impl Fn(&Entry) -> bool,
        now: Now,
        mut step: impl FnMut(&mut Entry, &mut Outbox),
    ) {
        for entry in self.entries.values_mut().filter(|entry| meant(entry)) {
            step_of(entry, &mut self.saving, &mut self.agenda, &mut self.outbox, now, &mut step);
        }
    }
}

/// The way to change an account. Codes for a user that have had their time are gone before the `step`. After it an
/// access token that has expired is wiped, what has lost its purpose is over, what has to be saved is noted, an outage
/// told, whoever has waited for it answered, and what the account waits for next is filed.
///
/// Three changes do what they have to of that by themselves: a request leaves (`start` in `requests.rs`; where it cannot,
/// it must not be filed again), nobody waits any more since the daemon stops ([`Keeper::stop`]), and a refresh need not
/// wait for a save (`let_go` in `saving.rs`).
fn step_of<T>(
    entry: &mut Entry,
    saving: &mut Saving,
    agenda: &mut Agenda,
    outbox: &mut Outbox,
    now: Now,
    step: impl FnOnce(&mut Entry, &mut Outbox) -> T,
) -> T {
    let (before, saved_before, due_before) = (outbox.mark(), SavedPart::of(entry), entry.due());
    device::end_if_over(entry, now, outbox);
    let done = step(entry, outbox);
    entry.wipe_expired(now.moment);
    revocation::settle(entry, outbox);
    client_secrets::settle(entry);
    saving.note(saved_before, entry, now.moment);
    if outbox.told(before).any(|event| matches!(event.what, Happened::TokenRevoked { .. })) {
        saving.revoked(&entry.account.name, now.moment);
    }
    outage::tell(entry, now.moment, outbox);
    waiting::answer(entry, before, now.moment, outbox);
    agenda.file(&entry.account.name, due_before, entry.due());
    done
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper").field("entries", &self.entries).finish_non_exhaustive()
    }
}
