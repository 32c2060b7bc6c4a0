//! Saves and loads as they end, and kills between them.

use super::coverage::Coverage;
use super::dice::Dice;
use super::disk::Mode;
use super::model::Model;
use super::secrets::Secrets;
use super::world::World;
use crate::keeper::saving::REVOKED;
use crate::keeper::tests::bench::PORTS;
use crate::keeper::{JobId, Keeper, NotSaved};
use crate::snapshot::Snapshot;

impl World {
    /// Something happens to what is saved, or to the daemon.
    pub(super) fn save_or_kill(&mut self, coverage: &mut Coverage) {
        match (self.disk.mode, self.dice.below(100)) {
            (Mode::Loading, 0..60) => self.end_load(),
            (_, 0..5) => self.kill(coverage),
            (Mode::On, 5..9) => self.begin_load(coverage),
            (Mode::On, 9..10) => self.stop_saving(),
            (Mode::On, 10..12) => self.save_anew(),
            (Mode::Off, 5..20) => self.begin_load(coverage),
            _ => self.end_save(),
        }
    }

    /// Notes what a step has brought that is worth a save.
    pub(super) fn look_at_changes(&mut self) {
        self.number_sessions();
        for (name, model) in &mut self.models {
            self.disk.look(name, model, self.now.moment);
        }
    }

    pub(super) fn save_begun(&mut self, job: JobId, snapshot: Snapshot) {
        assert_eq!(snapshot, self.expected_dump());
        self.disk.begin(job, snapshot, self.now.moment);
    }

    fn end_save(&mut self) {
        let Some(job) = self.disk.run.as_ref().map(|run| run.job) else { return };
        let result = match self.dice.below(20) {
            _ if self.disk.is_blocked => Err(NotSaved::Failed),
            0 => Err(NotSaved::Failed),
            1 => Err(NotSaved::Prompting),
            _ => Ok(()),
        };
        self.save_ended(job, result);
    }

    fn save_ended(&mut self, job: JobId, result: Result<(), NotSaved>) {
        let free = self.disk.end(result, self.now.moment);
        self.need_not_wait(free);
        self.keeper.saved(job, result, self.now);
        self.absorb();
    }

    /// The daemon has stopped: it ends once everything is saved.
    pub(super) fn end(&mut self, coverage: &mut Coverage) {
        if !self.is_stopping || self.disk.mode != Mode::On || self.disk.is_blocked {
            return;
        }
        for _ in 0..3 {
            match self.disk.run.as_ref().map(|run| run.job) {
                Some(job) => self.save_ended(job, Ok(())),
                None => self.handle_timeout(),
            }
        }
        self.check(coverage);
        assert!(!self.keeper.awaits_a_save(), "the daemon never ends");
    }

    fn need_not_wait(&mut self, names: Vec<String>) {
        for name in names {
            self.model(&name).hold_until = None;
        }
    }

    fn save_anew(&mut self) {
        self.disk.save_anew(self.now.moment);
        self.keeper.save_anew(self.now);
        self.absorb();
    }

    fn stop_saving(&mut self) {
        let gets_there = self.dice.chance(50);
        let free = self.disk.forget_save(Mode::Off, gets_there);
        self.need_not_wait(free);
        self.keeper.stop_saving(self.now);
        self.absorb();
    }

    pub(super) fn begin_load(&mut self, coverage: &mut Coverage) {
        self.count_for_all("load", coverage);
        let gets_there = self.dice.chance(50);
        let free = self.disk.forget_save(Mode::Loading, gets_there);
        self.need_not_wait(free);
        self.keeper.load(self.now);
        self.absorb();
    }

    fn end_load(&mut self) {
        self.disk.is_blocked = self.dice.chance(15);
        let file = (!self.disk.is_blocked).then(|| self.disk.file.clone());
        let (taken, revoked) = if file.is_some() { self.disk.read() } else { Default::default() };
        let mut expected = self.expect_restored(&taken);
        self.look_at_changes();
        self.disk.loaded(expected.restored.len(), revoked.is_empty(), self.now.moment);
        expected.skipped.extend(revoked.into_iter().map(|name| (name, REVOKED)));
        assert_eq!(self.keeper.loaded(file, self.now), expected);
        self.absorb();
    }

    /// The end without a warning, and the next start. Whether a server has got a request, and the disk what was being
    /// written, nobody knows.
    fn kill(&mut self, coverage: &mut Coverage) {
        self.count_for_all("kill", coverage);
        for (job, request) in std::mem::take(&mut self.requests) {
            let is_awaited = self.models[&request.account].request == Some(job);
            if let Some(used) = request.refresh_token.filter(|_| is_awaited && self.dice.chance(50)) {
                self.grants.rotate(&used, None);
            }
        }
        let gets_there = self.dice.chance(50);
        self.disk.kill(gets_there);
        for (name, model) in &mut self.models {
            *model = Model::of(&self.accounts[name]);
        }
        self.fetches = false;
        self.secrets = Secrets::default();
        (self.waiting, self.questions, self.answering) = Default::default();
        self.hopeless.clear();
        self.is_stopping = false;
        let mut entropy = Dice::new(self.dice.roll());
        let entropy = Box::new(move |buffer: &mut [u8]| buffer.fill_with(|| entropy.roll() as u8));
        self.keeper = Keeper::new(self.config(), PORTS, entropy);
        self.begin_load(coverage);
    }
}
