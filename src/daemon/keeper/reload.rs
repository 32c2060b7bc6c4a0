//! A new configuration: who keeps the session and who loses it.

use std::collections::BTreeMap;
use std::time::Duration;

use pizauth_common::account_name::AccountName;
use pizauth_common::config::{Account, Config};

use super::effect::TokenEvent;
use super::entry::Entry;
use super::notice::NoticeKind;
use super::token_state::{ActiveToken, Pause, Renewal, TokenState};
use super::{Keeper, ListenerPorts, Settings, pace};
use crate::moment::{Moment, Now};
use crate::oauth::outcome::Reason;

impl Keeper {
    /// Takes a new configuration. An account whose security-relevant fields changed, or that is gone, loses its
    /// session, whatever is in flight included; the others keep theirs.
    pub fn reload(&mut self, config: Config, ports: ListenerPorts, now: Now) {
        let old_ports = std::mem::replace(&mut self.settings, Settings::new(&config, ports)).ports;
        let mut accounts: BTreeMap<AccountName, Account> =
            config.accounts.into_iter().map(|account| (account.name.clone(), account)).collect();
        let held: Vec<AccountName> = self.entries.keys().cloned().collect();
        for name in held {
            match accounts.remove(&name) {
                Some(account) => self.update(&name, account, old_ports, now),
                None => self.remove(&name, now),
            }
        }
        for (name, account) in accounts {
            self.entries.insert(name, Entry::new(account));
        }
        self.start_due_requests(now);
    }

    fn update(&mut self, name: &AccountName, account: Account, old_ports: ListenerPorts, now: Now) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        let is_other = entry.configure(account);
        let same_port = old_ports.of(&entry.account) == self.settings.ports.of(&entry.account);
        if is_other {
            self.invalidate(name);
        } else if !same_port && matches!(entry.state, TokenState::Pending(_)) {
            entry.clear();
            self.log(name, NoticeKind::ConfigurationChanged);
        } else {
            reschedule(entry, self.settings.remind_every, now);
        }
        self.settle(name, now);
    }

    fn remove(&mut self, name: &AccountName, now: Now) {
        self.invalidate(name);
        self.entries.remove(name);
        self.settle(name, now);
    }

    fn invalidate(&mut self, name: &AccountName) {
        let was_empty = self.entries.get(name).is_none_or(|entry| matches!(entry.state, TokenState::Empty));
        let reason = Reason::new("the configuration of the account changed");
        if self.drop_session(name, &reason) {
            self.emit(name, TokenEvent::Invalidated);
        }
        if !was_empty {
            self.log(name, NoticeKind::ConfigurationChanged);
        }
    }
}

/// Times may have changed, and what needed attention may have been mended.
fn reschedule(entry: &mut Entry, remind_every: Duration, now: Now) {
    match &mut entry.state {
        TokenState::Pending(pending) => {
            pending.remind_at = pending.remind_at.min(now.moment.plus(remind_every));
        }
        TokenState::Active(token) => reschedule_refresh(token, &entry.account, now.moment),
        TokenState::Empty | TokenState::Exchanging(_) => {}
    }
}

fn reschedule_refresh(token: &mut ActiveToken, account: &Account, now: Moment) {
    let Renewal::Idle { due, pause, .. } = &mut token.renewal else { return };
    match pause {
        // A refresh that the bucket holds back has been promised.
        Pause::Fresh if *due <= now => {}
        Pause::Fresh => *due = pace::refresh_due(account, token.obtained_at, token.expires_at),
        Pause::Attention => *due = now,
        Pause::Retry { .. } => {}
    }
}
