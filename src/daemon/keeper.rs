//! What we know and decide: one value holds all token state, in the sans-I/O style.
//!
//! The caller passes `now` in and takes effects out. No thread, clock, file, socket or randomness of its own.
//! Each file below holds one kind of call; all of them end in `settle`.

mod agenda;
mod authorization;
mod bucket;
mod commands;
mod effect;
mod entry;
mod notice;
mod pace;
mod reload;
mod report;
mod token_answers;
mod token_requests;
mod token_state;
mod transfer;

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::time::Duration;

use pizauth_common::account_name::AccountName;
use pizauth_common::config::{Account, Config};

use agenda::Agenda;
use entry::Entry;

pub use authorization::RedirectVerdict;
pub use commands::{Refreshed, Shown};
pub use effect::{Effect, Hook, JobId, TokenEvent};
pub use notice::{Notice, NoticeKind};
pub use token_answers::HookVerdict;
pub use transfer::Restored;

use crate::moment::{Moment, Now};
use crate::oauth::outcome::Reason;

/// At most this many token requests at a time, over all accounts.
pub const MAX_IN_FLIGHT: usize = 8;

/// Reminders are never closer together, whatever the configuration says.
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
    /// The port for redirects of `account`. The configuration makes sure that the listener exists.
    fn of(self, account: &Account) -> u16 {
        let port = if account.redirect_uri.parsed.scheme() == "https" { self.https } else { self.http };
        port.unwrap_or(0)
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
    /// Token requests that have been handed out and not been answered, also those that nobody waits for
    /// any more.
    in_flight: BTreeMap<JobId, AccountName>,
    /// `transient_error_if_cmd`s that have been handed out and not been answered.
    questions: BTreeMap<JobId, AccountName>,
    effects: VecDeque<Effect>,
    entropy: Entropy,
    last_job: u64,
    is_stopping: bool,
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
        let entries = config.accounts.into_iter().map(|account| (account.name.clone(), Entry::new(account)));
        Self {
            entries: entries.collect(),
            settings,
            agenda: Agenda::default(),
            in_flight: BTreeMap::new(),
            questions: BTreeMap::new(),
            effects: VecDeque::new(),
            entropy,
            last_job: 0,
            is_stopping: false,
        }
    }

    /// The next thing to do in the world, if there is one.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When [`Keeper::handle_timeout`] wants to be called next.
    pub fn poll_timeout(&self) -> Option<Moment> {
        let Agenda { requests, reminders, expiries } = &self.agenda;
        let request = requests.next().filter(|_| self.may_request());
        [request, reminders.next(), expiries.next()].into_iter().flatten().min()
    }

    /// Does whatever is due at `now`. Early and repeated calls are harmless.
    pub fn handle_timeout(&mut self, now: Now) {
        while let Some(name) = self.agenda.reminders.due(now.moment) {
            self.remind(&name, now);
        }
        while let Some(name) = self.agenda.expiries.due(now.moment) {
            self.settle(&name, now);
        }
        self.start_due_requests(now);
    }

    /// Whether a token request is under way, also one that nobody waits for any more.
    pub fn is_busy(&self) -> bool {
        !self.in_flight.is_empty()
    }

    /// The daemon stops: no further token request is handed out; those in flight are still awaited.
    pub fn stop(&mut self) {
        self.is_stopping = true;
    }

    /// Every call that changes an account ends here: an access token that has expired is wiped, what the account
    /// waits for next is filed, and what may start, starts.
    fn settle(&mut self, name: &AccountName, now: Now) {
        let due = self.entries.get_mut(name).map(|entry| {
            entry.wipe_expired(now.moment);
            entry.due()
        });
        self.agenda.file(name, due.unwrap_or_default());
        self.start_due_requests(now);
    }

    fn may_request(&self) -> bool {
        !self.is_stopping && self.in_flight.len() < MAX_IN_FLIGHT
    }

    fn entry_named(&mut self, account: &str) -> Result<(AccountName, &mut Entry), UnknownAccount> {
        let name = AccountName::from(account);
        let entry = self.entries.get_mut(&name).ok_or(UnknownAccount)?;
        Ok((name, entry))
    }

    fn new_job(&mut self) -> JobId {
        self.last_job += 1;
        JobId(self.last_job)
    }

    fn random(&mut self) -> u64 {
        let mut bytes = [0; 8];
        (self.entropy)(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn log(&mut self, account: &AccountName, what: NoticeKind) {
        self.effects.push_back(Effect::Log(Notice { account: account.clone(), what }));
    }

    fn run_hook(&mut self, hook: Hook) {
        self.effects.push_back(Effect::RunHook(hook));
    }

    fn emit(&mut self, account: &AccountName, event: TokenEvent) {
        self.run_hook(Hook::TokenEvent { account: account.clone(), event });
    }

    /// Tells the user through `error_notify_cmd`, once per cause until a success.
    fn report(&mut self, account: &AccountName, reason: &Reason, message: String) {
        let news = self.entries.get_mut(account).is_some_and(|entry| entry.is_news(reason));
        if news {
            self.run_hook(Hook::ErrorNotify { account: account.clone(), message });
        }
    }

    fn exchange_finished(&mut self, job: JobId, account: &AccountName, result: Result<(), Reason>) {
        self.effects.push_back(Effect::ExchangeFinished { job, account: account.clone(), result });
    }
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper").field("entries", &self.entries).finish_non_exhaustive()
    }
}
