//! What the configuration says of saving, and what a change of it brings about.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use pizauth_common::config::{self, UserPath};
use pizauth_common::deadline::Deadline;
use pizauth_common::paths::{self, Environment, ProcessEnvironment};

use super::SavedState;
use super::error::{NotLocked, Unusable};
use super::place::Place;

/// At a start a place that is taken is tried for so long.
const PATIENCE_WITH_A_LOCK: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(20);

/// The two filters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Commands {
    pub(super) encrypt_cmd: String,
    pub(super) decrypt_cmd: String,
}

/// What a configuration comes to, before it is adopted.
#[derive(Debug)]
pub(crate) struct Prepared {
    commands: Option<Commands>,
    /// Absent where the place stays.
    place: Option<Place>,
    /// Another path to the place that stays.
    renamed: Option<Place>,
}

/// What follows from a configuration.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing.
    Nothing,
    /// What is saved is to be read.
    Load,
    /// What is saved is to be saved in another way.
    SaveAnew,
    /// Nothing is saved any more; what was stays.
    Stop,
}

impl SavedState {
    /// The same at a start: a place that is taken may be held by a child of a daemon that has ended, which has not
    /// become its program yet.
    ///
    /// # Errors
    /// As of [`SavedState::prepare`].
    pub(crate) fn prepare_patiently(
        &self,
        options: Option<&config::SavedState>,
    ) -> Result<Prepared, Unusable> {
        let deadline = Deadline::after(PATIENCE_WITH_A_LOCK);
        loop {
            match self.prepare(options) {
                Err(Unusable::Taken { .. }) if deadline.left().is_ok() => thread::sleep(PAUSE),
                done => return done,
            }
        }
    }

    /// Looks at what a configuration wants, and takes the place that it names. Nothing else changes yet.
    ///
    /// # Errors
    /// There is no such place, or another daemon saves there.
    pub(crate) fn prepare(&self, options: Option<&config::SavedState>) -> Result<Prepared, Unusable> {
        let Some(options) = options else {
            return Ok(Prepared { commands: None, place: None, renamed: None });
        };
        let commands =
            Commands { encrypt_cmd: options.encrypt_cmd.clone(), decrypt_cmd: options.decrypt_cmd.clone() };
        let path = path_of(options.file.as_ref()).ok_or(Unusable::NoHome)?;
        let mut place = Place::at(path.clone())?;
        let (place, renamed) = if self.place.as_ref().is_some_and(|present| present.is(&place)) {
            (None, Some(place))
        } else {
            // A place that cannot be locked for another reason may be one from which can be read; the save will tell.
            if let Err(NotLocked::Taken(by)) = place.lock() {
                return Err(Unusable::Taken { path, by });
            }
            (Some(place), None)
        };
        Ok(Prepared { commands: Some(commands), place, renamed })
    }

    /// Takes what was prepared. Gives what follows, and what there is to say about it.
    pub(crate) fn adopt(&mut self, prepared: Prepared) -> (Next, Vec<String>) {
        let Prepared { commands, place, renamed } = prepared;
        let left = self.place.as_ref().map(|place| place.path().display().to_string());
        let is_moved = place.is_some();
        let is_other = self.commands != commands;
        self.commands = commands;
        if self.commands.is_none() {
            if left.is_some() {
                self.cancel();
            }
            (self.place, self.unread, self.unsaved, self.proven) = (None, None, None, None);
            self.told.clear();
            let next = if left.is_some() { Next::Stop } else { Next::Nothing };
            return (next, left.map(stays).into_iter().collect());
        }
        if is_moved {
            self.cancel();
            self.all_is_well();
            self.place = place;
            return (Next::Load, left.map(stays).into_iter().collect());
        }
        if let (Some(present), Some(other)) = (&mut self.place, renamed) {
            present.call(other);
        }
        let next = match (self.unread.is_some(), is_other) {
            (true, _) => Next::Load,
            (false, true) => Next::SaveAnew,
            (false, false) => Next::Nothing,
        };
        (next, Vec::new())
    }
}

fn stays(path: String) -> String {
    format!(
        "tokens are not saved to {path} any more: what was saved there stays, remove it if nobody needs it"
    )
}

/// Where tokens are saved.
pub(crate) fn path_of(file: Option<&UserPath>) -> Option<PathBuf> {
    let environment = &ProcessEnvironment;
    match file {
        None => paths::state_file(environment),
        Some(path) => path.resolve(environment.home().as_deref()),
    }
}
