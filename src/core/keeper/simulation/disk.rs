//! The file that tokens are saved to, and what the rules say of when they are: a second telling of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use pizauth_common::account_name::AccountName;
use pizauth_common::secret::Secret;

use super::model::{Model, Phase};
use super::session::Session;
use crate::keeper::tests::bench::seconds;
use crate::keeper::{JobId, NotSaved};
use crate::moment::{Moment, Now};
use crate::snapshot::{AccountSnapshot, Lineage, Snapshot};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Off,
    Loading,
    On,
}

/// What of an account is worth a save: the session with the generation of its refresh token, and that of the access
/// token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Mark {
    session: Option<(u64, u64)>,
    access_token: Option<u64>,
}

impl Mark {
    fn of(model: &Model, now: Moment) -> Self {
        let Some(session) = model.held() else { return Self::default() };
        let access_token = session.valid_token(now).map(|_| session.lineage.generation);
        let is_good = access_token.is_some() || session.is_refreshable();
        Self { session: is_good.then_some((session.lineage.session, session.rotated)), access_token }
    }
}

/// A save that goes on.
pub(super) struct Run {
    pub(super) job: JobId,
    as_of: u64,
    is_last: bool,
    snapshot: Snapshot,
    /// Accounts whose session has gone since the save before.
    lost: BTreeSet<String>,
}

pub(super) struct Disk {
    pub(super) mode: Mode,
    /// What the file holds.
    pub(super) file: Snapshot,
    /// The file could not be read: nothing replaces it.
    pub(super) is_blocked: bool,
    pub(super) run: Option<Run>,
    marks: BTreeMap<String, Mark>,
    changed: u64,
    saved: u64,
    due: Option<Moment>,
    pause: Duration,
    not_before: Moment,
    /// Accounts whose new refresh token is not saved yet, and with which change it came.
    held: BTreeMap<String, u64>,
    /// Accounts that may use theirs all the same.
    at_risk: BTreeSet<String>,
    /// Accounts whose session has gone since the last save began.
    lost: BTreeSet<String>,
    /// Accounts that were revoked, and with which change, which the file may still have.
    revoked: BTreeMap<String, u64>,
    is_stopping: bool,
    has_given_up: bool,
}

impl Disk {
    /// An empty one, as a daemon finds it that has just started.
    pub(super) fn new() -> Self {
        Self::found(Snapshot::default())
    }

    fn found(file: Snapshot) -> Self {
        Self {
            mode: Mode::Off,
            file,
            is_blocked: false,
            run: None,
            marks: BTreeMap::new(),
            changed: 0,
            saved: 0,
            due: None,
            pause: seconds(10),
            not_before: Moment::LONG_AGO,
            held: BTreeMap::new(),
            at_risk: BTreeSet::new(),
            lost: BTreeSet::new(),
            revoked: BTreeMap::new(),
            is_stopping: false,
            has_given_up: false,
        }
    }

    /// Sees what a step has changed of an account. A refresh token that has come is not sent before it is saved.
    pub(super) fn look(&mut self, name: &str, model: &mut Model, now: Moment) {
        let after = Mark::of(model, now);
        let before = self.marks.insert(name.to_owned(), after).unwrap_or_default();
        let number = |mark: Mark| mark.session.map(|(number, _)| number);
        if before.session.is_some() && number(before) != number(after) {
            self.lost.insert(name.to_owned());
        }
        if self.mode == Mode::Off || before == after {
            return;
        }
        let is_urgent = before.session != after.session;
        self.change(if is_urgent { now } else { now.plus(seconds(30)) });
        let is_renewable = matches!(&model.phase, Phase::Active(session) if session.is_refreshable());
        if is_urgent && is_renewable && self.mode == Mode::On {
            model.hold_until = Some(now.plus(seconds(60)));
            self.held.insert(name.to_owned(), self.changed);
            self.at_risk.remove(name);
        }
    }

    fn change(&mut self, due: Moment) {
        self.changed += 1;
        self.has_given_up = false;
        self.due = Some(self.due.map_or(due, |other| other.min(due)));
    }

    pub(super) fn next_save(&self) -> Option<Moment> {
        let is_pointless = self.is_stopping && (self.has_given_up || self.not_before > Moment::LONG_AGO);
        if self.mode != Mode::On || self.run.is_some() || self.changed == self.saved || is_pointless {
            return None;
        }
        let due = if self.is_stopping { Some(Moment::LONG_AGO) } else { self.due };
        due.map(|due| due.max(self.not_before))
    }

    pub(super) fn awaits_a_save(&self) -> bool {
        self.run.is_some() || self.next_save().is_some()
    }

    /// The keeper wants this saved.
    pub(super) fn begin(&mut self, job: JobId, snapshot: Snapshot, now: Moment) {
        assert_eq!(self.mode, Mode::On, "what is saved has not been read yet");
        assert!(self.run.is_none(), "two saves at once");
        assert!(self.next_save().is_some_and(|due| due <= now), "a save that nobody needs");
        let lost = std::mem::take(&mut self.lost);
        self.run = Some(Run { job, as_of: self.changed, is_last: self.is_stopping, snapshot, lost });
        self.due = None;
    }

    /// The save that goes on ends so. Gives the accounts that need not wait any more.
    pub(super) fn end(&mut self, result: Result<(), NotSaved>, now: Moment) -> Vec<String> {
        let Some(run) = self.run.take() else { panic!("no save goes on") };
        let as_of = run.as_of;
        self.has_given_up = result.is_err() && run.is_last;
        match result {
            Ok(()) => {
                self.saved = as_of;
                self.revoked.retain(|_, change| *change > as_of);
                self.pause = seconds(10);
                self.not_before = Moment::LONG_AGO;
                self.write(run);
            }
            Err(how) => self.not_saved(run, how, now),
        }
        self.let_go(as_of, result.is_ok())
    }

    fn not_saved(&mut self, run: Run, how: NotSaved, now: Moment) {
        self.lost.extend(run.lost);
        match how {
            NotSaved::Failed => {
                let again = now.plus(self.pause);
                self.due = Some(self.due.map_or(again, |due| due.min(again)));
                self.pause = (self.pause * 2).min(seconds(900));
            }
            NotSaved::Prompting => self.not_before = now.plus(seconds(900)),
        }
    }

    /// Nothing older replaces what is there, and nothing what could not be read.
    fn write(&mut self, Run { snapshot, lost, .. }: Run) {
        assert!(!self.is_blocked, "what could not be read is gone");
        for new in &snapshot.accounts {
            let name = new.account.as_str();
            // Without a refresh token an older access token may be the one that is valid still.
            let is_older = new.refresh_token.is_some()
                && self.file_of(name).is_some_and(|old| is_later(old.lineage, new.lineage));
            assert!(!is_older || lost.contains(name), "something older of {name} is saved");
        }
        self.file = snapshot;
    }

    fn let_go(&mut self, as_of: u64, is_saved: bool) -> Vec<String> {
        let is_free = |(_, change): &(&String, &u64)| **change <= as_of;
        let gone: Vec<String> = self.held.iter().filter(is_free).map(|(name, _)| name.clone()).collect();
        self.held.retain(|_, change| *change > as_of);
        if !is_saved {
            self.at_risk.extend(gone.iter().cloned());
        }
        gone
    }

    /// Nobody waits for the save that goes on, which may get to its end all the same.
    pub(super) fn forget_save(&mut self, mode: Mode, gets_there: bool) -> Vec<String> {
        self.mode = mode;
        self.due = None;
        match self.run.take() {
            Some(run) if gets_there && !self.is_blocked => self.write(run),
            Some(run) => self.lost.extend(run.lost),
            None => {}
        }
        self.at_risk.extend(self.marks.keys().cloned());
        self.let_go(u64::MAX, false)
    }

    pub(super) fn revoke(&mut self, name: &str, now: Moment) {
        self.change(now);
        self.revoked.insert(name.to_owned(), self.changed);
    }

    /// A user wants the session back.
    pub(super) fn restored(&mut self, name: &str) {
        self.revoked.remove(name);
    }

    /// What the file has and a load may take, and who of it was revoked since.
    pub(super) fn read(&self) -> (Snapshot, Vec<AccountName>) {
        let is_revoked = |saved: &AccountSnapshot| self.revoked.contains_key(saved.account.as_str());
        let (revoked, accounts): (Vec<_>, _) = self.file.accounts.iter().cloned().partition(is_revoked);
        (Snapshot { accounts }, revoked.into_iter().map(|saved| saved.account).collect())
    }

    /// The load has ended, and has brought so many accounts, or not `all` that is in the file.
    pub(super) fn loaded(&mut self, restored: usize, all: bool, now: Moment) {
        self.mode = Mode::On;
        // Whoever is not in the file has not been held back meanwhile.
        self.at_risk.extend(self.marks.keys().cloned());
        let sessions = self.marks.values().filter(|mark| mark.session.is_some()).count();
        if sessions == restored && all {
            (self.saved, self.due) = (self.changed, None);
        } else {
            self.save_anew(now);
        }
    }

    /// What is there has to be written in another way.
    pub(super) fn save_anew(&mut self, now: Moment) {
        self.not_before = Moment::LONG_AGO;
        self.change(now);
    }

    pub(super) fn stop(&mut self) {
        self.is_stopping = true;
    }

    /// The daemon is killed: the next one finds the file.
    pub(super) fn kill(&mut self, gets_there: bool) {
        let mode = self.mode;
        self.forget_save(mode, gets_there);
        *self = Self::found(std::mem::take(&mut self.file));
    }

    fn file_of(&self, name: &str) -> Option<&AccountSnapshot> {
        self.file.accounts.iter().find(|saved| saved.account.as_str() == name)
    }

    /// Whether a kill now would leave this refresh token. If not, there must have been no way to save it.
    pub(super) fn has_saved(&self, name: &str, refresh_token: &str, model: &Model, now: Now) -> bool {
        let saved = self.file_of(name).and_then(|saved| saved.refresh_token.as_ref());
        let is_there = saved.is_some_and(|token| token.expose() == refresh_token);
        let has_waited = model.hold_until.is_some_and(|until| until <= now.moment);
        let is_allowed = is_there || self.mode != Mode::On || has_waited || self.at_risk.contains(name);
        assert!(is_allowed, "the new refresh token of {name} is sent before it is saved");
        is_there
    }

    /// Where nothing is left to be saved, all that there is is in the file.
    pub(super) fn check(&self, models: &BTreeMap<String, Model>, now: Moment) {
        if self.mode != Mode::On || self.is_blocked || self.changed != self.saved {
            return;
        }
        for (name, model) in models {
            let is_kept = self.revoked.contains_key(name) && self.file_of(name).is_some();
            assert!(!is_kept, "{name} was revoked, and is saved for ever");
            let session = model.held().filter(|session| !session.is_not_worth_saving(now));
            let is_saved = session.is_none_or(|session| self.has_all_of(name, session, now));
            assert!(is_saved, "{name} is not saved, and will not be");
        }
    }

    fn has_all_of(&self, name: &str, session: &Session, now: Moment) -> bool {
        let Some(saved) = self.file_of(name) else { return false };
        let text = |token: &Option<Secret>| token.as_ref().map(|token| token.expose().to_owned());
        let access_token = session.valid_token(now);
        saved.lineage.map(|lineage| lineage.session) == Some(session.lineage.session)
            && text(&saved.refresh_token) == session.refresh_token
            && (access_token.is_none() || text(&saved.access_token).as_deref() == access_token)
    }
}

/// Of the same session.
fn is_later(one: Option<Lineage>, other: Option<Lineage>) -> bool {
    let (Some(one), Some(other)) = (one, other) else { return false };
    one.session == other.session && one.generation > other.generation
}
