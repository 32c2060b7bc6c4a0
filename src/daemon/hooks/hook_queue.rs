//! Hooks that wait for their turn, in order. A later hook replaces an earlier one that tells nothing else, so the
//! number of accounts bounds the length of the queue.

use std::collections::{BTreeMap, HashMap};

use pizauth_common::account_name::AccountName;

use super::Hook;

/// A queue of hooks of one kind.
#[derive(Debug, Default)]
pub(super) struct HookQueue {
    next_number: u64,
    hooks: BTreeMap<u64, Hook>,
    latest: HashMap<(AccountName, String), u64>,
}

impl HookQueue {
    /// Adds a hook at the end, in place of an earlier one that it makes pointless.
    pub(super) fn push(&mut self, hook: Hook) {
        let number = self.next_number;
        self.next_number += 1;
        if let Some(subject) = subject(&hook)
            && let Some(earlier) = self.latest.insert(subject, number)
        {
            self.hooks.remove(&earlier);
        }
        self.hooks.insert(number, hook);
    }

    /// Puts a hook that could not be started back to the front, unless a later one stands for it already.
    pub(super) fn put_back(&mut self, number: u64, hook: Hook) {
        if let Some(subject) = subject(&hook) {
            if self.latest.contains_key(&subject) {
                return;
            }
            self.latest.insert(subject, number);
        }
        self.hooks.insert(number, hook);
    }

    /// Takes out the first hook that may run now, with its number.
    pub(super) fn take_first(&mut self, may_run: impl Fn(&Hook) -> bool) -> Option<(u64, Hook)> {
        let number = self.hooks.iter().find_map(|(number, hook)| may_run(hook).then_some(*number))?;
        let hook = self.hooks.remove(&number)?;
        if let Some(subject) = subject(&hook) {
            self.latest.remove(&subject);
        }
        Some((number, hook))
    }

    /// Whether a token event of the account waits.
    pub(super) fn has_event_of(&self, account: &AccountName) -> bool {
        self.latest.keys().any(|(of, _)| of == account)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.hooks.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.hooks.clear();
        self.latest.clear();
    }
}

/// Of hooks with the same subject only the last needs to run. Questions that want an answer have none.
fn subject(hook: &Hook) -> Option<(AccountName, String)> {
    match hook {
        Hook::AuthNotify { account, .. } => Some((account.clone(), String::new())),
        Hook::ErrorNotify { account, message } => Some((account.clone(), message.clone())),
        Hook::TokenEvent { account, event } => Some((account.clone(), event.as_str().to_owned())),
        Hook::Startup | Hook::TransientErrorIf { .. } => None,
    }
}
