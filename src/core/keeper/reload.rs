//! A new configuration: who keeps the session and who loses it.

use alloc::collections::{BTreeMap, BTreeSet};
use core::mem;
use core::time::Duration;

use pizauth_common::account_name::AccountName;
use pizauth_common::config::{Account, Config};

use super::agenda::Due;
use super::client_secrets::SecretOf;
use super::effect::Dismissal;
use super::entry::Entry;
use super::event::{CONFIGURATION_CHANGED, Happened};
use super::outbox::Outbox;
use super::renewal::{Pause, Renewal};
use super::token_state::TokenState;
use super::{Keeper, ListenerPorts, Settings, client_secrets, pace, waiting};
use crate::moment::{Moment, Now};
use crate::prelude::*;

impl Keeper {
    /// Takes a new configuration. An account whose security-relevant fields changed, or that is gone, loses its
    /// session, whatever is in flight included; the others keep theirs.
    pub fn reload(&mut self, config: Config, ports: ListenerPorts, now: Now) {
        let old = core::mem::replace(&mut self.settings, Settings::new(&config, ports));
        let new = self.settings;
        self.places.reload(&config.accounts);
        self.secrets.forget();
        self.issuers.reload(&config.accounts);
        let mut accounts: BTreeMap<AccountName, Account> =
            config.accounts.into_iter().map(|account| (account.name.clone(), account)).collect();
        let (mut fresh, mut gone) = (BTreeSet::new(), Vec::new());
        let each = |_: &Entry| true;
        self.step_each(each, now, |entry, outbox| {
            let name = entry.account.name.clone();
            let Some(account) = accounts.remove(&name) else {
                end(entry, outbox);
                return gone.push(name);
            };
            if update(entry, account, (&old, &new), now, outbox) {
                fresh.insert(name);
            }
        });
        gone.iter().for_each(|name| self.forget(name));
        for (name, account) in accounts {
            fresh.insert(name.clone());
            self.entries.insert(name, Entry::new(account));
        }
        self.share_metadata(now);
        self.know_hosts();
        self.fetch_missing(|name| fresh.contains(name), now);
        self.start_due_requests(now);
    }

    fn forget(&mut self, name: &AccountName) {
        if let Some(entry) = self.entries.remove(name) {
            self.agenda.file(name, entry.due(), Due::default());
        }
    }
}

/// Gives whether something has changed that ends a session.
fn update(
    entry: &mut Entry,
    account: Account,
    (old, new): (&Settings, &Settings),
    now: Now,
    outbox: &mut Outbox,
) -> bool {
    let begins_elsewhere = entry.account.grant != account.grant;
    let secret_of = SecretOf::account(&entry.account);
    let is_other = entry.configure(account);
    if SecretOf::account(&entry.account) != secret_of {
        client_secrets::start_over(entry, now, outbox);
    }
    let is_void = match &entry.state {
        TokenState::Starting(_) | TokenState::OnDevice(_) => begins_elsewhere,
        state => state.pending().is_some() && (begins_elsewhere || has_moved(entry, old.ports, new.ports)),
    };
    if is_other || (is_void && entry.state.token().is_none()) {
        invalidate(entry, outbox);
    } else {
        if is_void {
            entry.state = mem::replace(&mut entry.state, TokenState::Empty).without_sign_in();
            entry.code_made_at = None;
            outbox.tell(entry, Happened::TokenInvalidated { had_token: false });
        }
        reschedule(entry, new.remind_every, now);
    }
    is_other
}

/// Whether the redirect listener of this account has another port now.
fn has_moved(entry: &Entry, old: ListenerPorts, new: ListenerPorts) -> bool {
    entry.account.grant.redirect_uri().is_some_and(|uri| old.of(uri) != new.of(uri))
}

/// The configuration has it no more.
fn end(entry: &mut Entry, outbox: &mut Outbox) {
    waiting::dismiss(entry, Dismissal::UnknownAccount, outbox);
    invalidate(entry, outbox);
}

fn invalidate(entry: &mut Entry, outbox: &mut Outbox) {
    match entry.drop_session() {
        TokenState::Empty => {}
        had => {
            let had_token = had.token().is_some();
            entry.forgotten = Some(CONFIGURATION_CHANGED);
            outbox.tell(entry, Happened::TokenInvalidated { had_token });
        }
    }
}

/// Times may have changed, and what needed attention may have been mended.
fn reschedule(entry: &mut Entry, remind_every: Duration, now: Now) {
    if let Some(reminder) = entry.state.reminder_mut() {
        reminder.at = reminder.at.min(now.moment.plus(remind_every));
    }
    let times = entry.active().map(|token| (token.obtained_at, token.expires_at));
    let fresh_until = times.map(|(obtained, expires)| pace::refresh_due(&entry.account, obtained, expires));
    if let Some(renewal) = entry.state.renewal_mut() {
        reschedule_refresh(renewal, fresh_until, now.moment);
    }
}

fn reschedule_refresh(renewal: &mut Renewal, fresh_until: Option<Moment>, now: Moment) {
    let Renewal::Idle { due, pause, .. } = renewal else { return };
    match pause {
        // A refresh that the bucket holds back has been promised.
        Pause::Fresh if *due <= now => {}
        Pause::Fresh => *due = fresh_until.unwrap_or(*due),
        Pause::Attention => *due = now,
        Pause::Retry { .. } => {}
    }
}
