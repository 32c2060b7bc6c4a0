//! What has changed since it was saved, and when it is to be saved. How it is stored is not known here: an effect has
//! what is to be saved, one at a time, and the keeper is told what came of it.

use alloc::collections::BTreeMap;
use core::mem;
use core::time::Duration;

use pizauth_common::account_name::AccountName;

use super::Keeper;
use super::effect::Effect;
use super::entry::Entry;
use super::tickets::JobId;
use super::transfer::Restored;
use crate::moment::{Moment, Now};
use crate::prelude::*;
use crate::snapshot::{AccountSnapshot, Snapshot};

/// A new access token alone is saved after this time, together with whatever else changes until then.
const COALESCED: Duration = Duration::from_secs(30);
/// The first pause after a save that failed. Each is twice the one before, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);
/// What may prompt the user is not tried more often.
const PAUSE_OF_PROMPTS: Duration = Duration::from_secs(15 * 60);
/// For so long at most an account does not send a new refresh token that is not saved yet.
const LONGEST_HOLD: Duration = Duration::from_secs(60);

/// Why an account is not loaded.
pub(super) const REVOKED: &str = "it was revoked after it was saved";

/// Why nothing has been saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSaved {
    /// It is tried again by itself.
    Failed,
    /// It is tried again with the next change, and seldom: to try it may ask the user for something.
    Prompting,
}

/// Whether tokens are saved, and what of them is.
#[derive(Debug)]
pub(super) struct Saving {
    mode: Mode,
    /// Counts what has changed.
    changed: u64,
    /// The last change that is saved.
    saved: u64,
    /// When what has changed since is to be saved.
    due: Option<Moment>,
    running: Option<Run>,
    pause: Duration,
    /// Nothing is saved before this, where the last save may have prompted the user and has failed.
    not_before: Option<Moment>,
    /// Accounts that send nothing before their new refresh token is saved, and with which change the last one came.
    held: BTreeMap<AccountName, u64>,
    /// Accounts that were revoked, and as of which change, since the last good save: what is saved may have them still.
    revoked: BTreeMap<AccountName, u64>,
    is_stopping: bool,
    /// Whether the last save of a daemon that stops has failed.
    has_given_up: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Nothing is saved.
    Off,
    /// What has been saved is being read: before that has ended nothing may replace it.
    Loading,
    On,
}

/// A save that goes on.
#[derive(Clone, Copy, Debug)]
struct Run {
    job: JobId,
    as_of: u64,
    /// Whether it began when the daemon stopped already.
    is_last: bool,
}

/// What of an account is saved, as far as is needed to see that it has changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SavedPart {
    /// The session, and in which of its generations the refresh token came.
    session: Option<(u64, u64)>,
    /// The generation of the access token.
    access_token: Option<u64>,
}

impl SavedPart {
    pub(super) fn of(entry: &Entry) -> Self {
        let Some(token) = entry.state.token() else { return Self::default() };
        let access_token = token.access_token.as_ref().map(|_| token.lineage.generation);
        let is_good = access_token.is_some() || token.renewal.is_possible();
        Self { session: is_good.then_some((token.lineage.session, token.rotated)), access_token }
    }
}

impl Saving {
    pub(super) fn off() -> Self {
        Self {
            mode: Mode::Off,
            changed: 0,
            saved: 0,
            due: None,
            running: None,
            pause: FIRST_PAUSE,
            not_before: None,
            held: BTreeMap::new(),
            revoked: BTreeMap::new(),
            is_stopping: false,
            has_given_up: false,
        }
    }

    /// Notes what a step has changed of an account. A refresh token that has come by it is not sent before it is saved.
    pub(super) fn note(&mut self, before: SavedPart, entry: &mut Entry, now: Moment) {
        let after = SavedPart::of(entry);
        if self.mode == Mode::Off || before == after {
            return;
        }
        let is_urgent = before.session != after.session;
        self.change(if is_urgent { now } else { now.plus(COALESCED) });
        if is_urgent
            && self.mode == Mode::On
            && matches!(entry.active(), Some(token) if token.renewal.is_possible())
        {
            entry.hold_until = Some(now.plus(LONGEST_HOLD));
            self.held.insert(entry.account.name.clone(), self.changed);
        }
    }

    /// The account was revoked. Even if it had no session here, what is saved may have one: a load must not bring that
    /// back.
    pub(super) fn revoked(&mut self, account: &AccountName, now: Moment) {
        self.change(now);
        self.revoked.insert(account.clone(), self.changed);
    }

    /// It has its session back, by the user's own will.
    pub(super) fn restored(&mut self, account: &AccountName) {
        self.revoked.remove(account);
    }

    fn change(&mut self, due: Moment) {
        self.changed += 1;
        self.has_given_up = false;
        self.due = Some(self.due.map_or(due, |other| other.min(due)));
    }

    pub(super) fn poll_timeout(&self) -> Option<Moment> {
        let is_wanted = self.mode == Mode::On && self.running.is_none() && self.changed > self.saved;
        // Whoever stops us does not wait for a prompt.
        let is_hopeless = self.has_given_up || (self.is_stopping && self.not_before.is_some());
        let due = if self.is_stopping { Some(Moment::LONG_AGO) } else { self.due };
        due.filter(|_| is_wanted && !is_hopeless).map(|due| due.max(self.not_before.unwrap_or(due)))
    }

    /// The daemon stops: what has changed is saved at once, a last time.
    pub(super) fn stop(&mut self) {
        self.is_stopping = true;
    }

    fn finish(&mut self, run: Run, result: Result<(), NotSaved>, now: Moment) {
        match result {
            Ok(()) => {
                self.saved = run.as_of;
                self.revoked.retain(|_, change| *change > run.as_of);
                (self.pause, self.not_before) = (FIRST_PAUSE, None);
            }
            Err(NotSaved::Failed) => {
                // What has changed while this one ran is saved when that is due, if it is sooner.
                let again = now.plus(self.pause);
                self.due = Some(self.due.map_or(again, |due| due.min(again)));
                self.pause = (self.pause * 2).min(LONGEST_PAUSE);
            }
            Err(NotSaved::Prompting) => self.not_before = Some(now.plus(PAUSE_OF_PROMPTS)),
        }
        self.has_given_up = result.is_err() && run.is_last;
    }

    /// Takes out the accounts that need not wait any more: what they had up to this change is saved, or cannot be.
    fn let_go(&mut self, as_of: u64) -> Vec<AccountName> {
        let (gone, held) = mem::take(&mut self.held).into_iter().partition(|(_, change)| *change <= as_of);
        self.held = held;
        let gone: BTreeMap<AccountName, u64> = gone;
        gone.into_keys().collect()
    }
}

impl Keeper {
    /// What has been saved is being read. Nothing is saved before [`Keeper::loaded`], and a save that is under way
    /// counts no more.
    pub fn load(&mut self, now: Now) {
        self.saving.mode = Mode::Loading;
        self.forget_save(now);
    }

    /// What has been saved, as far as there is something that can be read: taken as by [`Keeper::restore`], but for
    /// accounts that were revoked since. From now on every change is saved, and at once what differs from it.
    pub fn loaded(&mut self, snapshot: Option<Snapshot>, now: Now) -> Restored {
        let accounts = snapshot.unwrap_or_default().accounts;
        let is_revoked = |saved: &AccountSnapshot| self.saving.revoked.contains_key(&saved.account);
        let (revoked, accounts): (Vec<_>, _) = accounts.into_iter().partition(is_revoked);
        let mut restored = self.restore(Snapshot { accounts }, now);
        let has_all = revoked.is_empty();
        restored.skipped.extend(revoked.into_iter().map(|saved| (saved.account, REVOKED)));
        let sessions = self.entries.values().filter(|entry| SavedPart::of(entry).session.is_some()).count();
        self.saving.mode = Mode::On;
        if sessions == restored.restored.len() && has_all {
            (self.saving.saved, self.saving.due) = (self.saving.changed, None);
        } else {
            self.save_anew(now);
        }
        restored
    }

    /// What is saved has to be saved in another way: at once.
    pub fn save_anew(&mut self, now: Now) {
        self.saving.not_before = None;
        self.saving.change(now.moment);
    }

    /// Nothing is saved any more.
    pub fn stop_saving(&mut self, now: Now) {
        self.saving.mode = Mode::Off;
        self.forget_save(now);
    }

    /// What came of an [`Effect::Save`]. It counts only while that one is awaited.
    pub fn saved(&mut self, job: JobId, result: Result<(), NotSaved>, now: Now) {
        let Some(run) = self.saving.running.take_if(|run| run.job == job) else { return };
        self.saving.finish(run, result, now.moment);
        self.let_go(run.as_of, now);
    }

    /// Whether something has changed that will be saved, or is being saved. While the daemon stops this ends with the
    /// last save, or when that fails.
    pub fn awaits_a_save(&self) -> bool {
        self.saving.running.is_some() || self.saving.poll_timeout().is_some()
    }

    /// Asks for a save that is due.
    pub(super) fn save_if_due(&mut self, now: Now) {
        if self.saving.poll_timeout().is_none_or(|due| due > now.moment) {
            return;
        }
        let snapshot = self.dump(now);
        let saving = &mut self.saving;
        let job = self.outbox.new_job();
        saving.running = Some(Run { job, as_of: saving.changed, is_last: saving.is_stopping });
        saving.due = None;
        self.outbox.put(Effect::Save { job, snapshot });
    }

    fn forget_save(&mut self, now: Now) {
        self.saving.running = None;
        self.saving.due = None;
        self.let_go(u64::MAX, now);
    }

    fn let_go(&mut self, as_of: u64, now: Now) {
        for name in self.saving.let_go(as_of) {
            let Some(entry) = self.entries.get_mut(name.as_str()) else { continue };
            let before = entry.due();
            entry.hold_until = None;
            self.agenda.file(&name, before, entry.due());
        }
        self.start_due_requests(now);
    }
}
