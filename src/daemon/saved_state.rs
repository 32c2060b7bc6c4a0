//! Keeps tokens beyond the life of the daemon: what the keeper wants saved goes through the user's command into a file,
//! and comes back through another one. What the tokens are and when they are to be saved is not known here.

mod error;
mod place;
mod run;
mod settings;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use pizauth_common::config;
use pizauth_common::ipc::message;
use pizauth_core::keeper::{JobId, NotSaved};
use pizauth_core::moment::Moment;
use pizauth_core::snapshot::Snapshot;
use zeroize::Zeroizing;

use crate::filter::{Aborted, Tell};
use crate::log::{self, What};
use crate::shell::Shell;
use error::Failure;
pub(crate) use error::Unusable;
use place::Place;
pub(crate) use run::Done;
use run::{Run, Step};
use settings::Commands;
pub(crate) use settings::{Next, Prepared, path_of};

/// The options that name the filters.
const ENCRYPT: &str = config::SavedState::ENCRYPT_CMD;
const DECRYPT: &str = config::SavedState::DECRYPT_CMD;
/// A filter that writes has so long.
const PATIENCE: Duration = Duration::from_secs(60);
/// The most that a filter may write, in bytes.
const LARGEST: usize = 32 << 20;
/// One that reads may wait for a passphrase: after this time it stands in the log that it is waited for.
const WORTH_A_LINE: Duration = Duration::from_secs(60);
/// So many causes are remembered as told.
const TOLD_CAUSES: usize = 16;

/// What the event loop has to know.
#[derive(Debug)]
pub(crate) enum News {
    /// The load has ended, with what was saved, if that is known.
    Loaded(Option<Snapshot>),
    /// A save has ended.
    Saved {
        /// The ticket that it was asked for with.
        job: JobId,
        /// What came of it.
        result: Result<(), NotSaved>,
    },
    /// Something that the user has to know, and does not yet.
    Trouble(String),
}

/// The room. Without the options it does nothing.
pub(crate) struct SavedState {
    shell: Shell,
    tell: Tell<Done>,
    commands: Option<Commands>,
    place: Option<Place>,
    /// Commands that have brought back what they were given.
    proven: Option<Commands>,
    /// Why what is saved could not be read: until it can, or is gone, nothing replaces it.
    unread: Option<Failure>,
    /// Why the last save failed.
    unsaved: Option<Failure>,
    told: Vec<String>,
    run: Option<Run>,
    cancelled: Option<Aborted>,
    /// Of the last run that was begun. What comes of an earlier one counts no more.
    last_ticket: u64,
    news: VecDeque<News>,
}

impl SavedState {
    /// A room that saves nothing yet. What its threads have done, `tell` is to bring to [`SavedState::done`].
    pub(crate) fn new(shell: Shell, tell: impl Fn(Done) + Send + Sync + 'static) -> Self {
        Self {
            shell,
            tell: Arc::new(tell),
            commands: None,
            place: None,
            proven: None,
            unread: None,
            unsaved: None,
            told: Vec::new(),
            run: None,
            cancelled: None,
            last_ticket: 0,
            news: VecDeque::new(),
        }
    }

    /// Whether what was saved is being read.
    pub(crate) fn is_loading(&self) -> bool {
        self.run.as_ref().is_some_and(|run| matches!(run.step, Step::Load))
    }

    /// The child that runs for us, if one does.
    pub(crate) fn child(&self) -> Option<u32> {
        self.run.as_ref()?.child()
    }

    /// To be called on CHLD.
    pub(crate) fn children_changed(&self) {
        self.run.iter().for_each(Run::child_changed);
    }

    /// The next thing that has happened.
    pub(crate) fn poll_news(&mut self) -> Option<News> {
        self.news.pop_front()
    }

    /// When [`SavedState::handle_timeout`] has something to do.
    pub(crate) fn poll_timeout(&self) -> Option<Moment> {
        self.run.as_ref()?.told_at
    }

    /// Says of a command that is waited for without limit that it is.
    pub(crate) fn handle_timeout(&mut self, now: Moment) {
        let Some(run) = self.run.as_mut().filter(|run| run.told_at.is_some_and(|at| at <= now)) else {
            return;
        };
        run.told_at = None;
        log::event(What::StateWaits).field("command", DECRYPT).write();
    }

    /// What is told of us.
    pub(crate) fn told(&self) -> message::SavedState {
        let error = self.trouble();
        message::SavedState {
            file: self.place.as_ref().map(|place| place.path().display().to_string()),
            loading: self.is_loading(),
            saved: self.place.as_ref().map(|_| error.is_none()),
            error,
        }
    }

    /// The daemon stops: who reads may be waiting for a person, and is not waited for.
    pub(crate) fn stop(&mut self) {
        if self.is_loading() {
            self.cancel();
        }
    }

    /// The daemon ends, whatever is under way.
    pub(crate) fn end(mut self) {
        let is_under_way = self.run.is_some();
        self.cancel();
        // No command outlives us. A thread that writes ends with us: the file is the old one or the new one.
        self.cancelled.into_iter().for_each(Aborted::wait);
        if is_under_way {
            log::event(What::StateSaveFailed)
                .field("reason", "the daemon has ended before it was done")
                .write();
        }
    }

    /// Nobody wants to know what comes of the present run.
    fn cancel(&mut self) {
        self.last_ticket += 1;
        self.cancelled = self.run.take().and_then(Run::cancel).or(self.cancelled.take());
    }

    fn path(&self) -> String {
        self.place.as_ref().map(Place::path).unwrap_or(Path::new("")).display().to_string()
    }

    fn trouble(&self) -> Option<String> {
        let unread = self.unread.as_ref().map(|why| {
            format!(
                "saved tokens could not be read: {why}; nothing will be saved over {} until \"pizauth reload\" reads \
                 it, or you move it away",
                self.path()
            )
        });
        unread.or_else(|| {
            let why = self.unsaved.as_ref()?;
            Some(format!(
                "tokens could not be saved to {}: {why}; what was saved before is still there",
                self.path()
            ))
        })
    }

    /// Tells the user, once for each cause until all is well again.
    fn tell_trouble(&mut self) {
        let Some(trouble) = self.trouble() else { return };
        if !self.told.contains(&trouble) && self.told.len() < TOLD_CAUSES {
            self.told.push(trouble.clone());
            self.news.push_back(News::Trouble(trouble));
        }
    }

    /// Begins to read what was saved. It ends with [`News::Loaded`].
    pub(crate) fn load(&mut self, now: Moment) {
        self.cancel();
        self.unread = None;
        let Some(place) = &self.place else { return };
        match place.read() {
            Ok(None) => self.news.push_back(News::Loaded(None)),
            Ok(Some(saved)) => {
                if let Err(why) = self.begin(Step::Load, saved, now) {
                    self.not_loaded(why);
                }
            }
            Err(why) => self.not_loaded(why),
        }
    }

    fn not_loaded(&mut self, why: Failure) {
        log::event(What::StateLoadFailed).field("file", self.path()).field("reason", &why).write();
        self.unread = Some(why);
        self.tell_trouble();
        self.news.push_back(News::Loaded(None));
    }

    fn loaded(&mut self, snapshot: Snapshot) {
        log::event(What::StateLoaded).field("file", self.path()).write();
        self.all_is_well();
        self.news.push_back(News::Loaded(Some(snapshot)));
    }

    /// Begins to save a dump. It ends with [`News::Saved`].
    pub(crate) fn save(&mut self, job: JobId, dump: Zeroizing<Vec<u8>>, now: Moment) {
        if self.unread.is_some() {
            if self.place.as_ref().is_some_and(Place::is_occupied) {
                self.news.push_back(News::Saved { job, result: Err(NotSaved::Failed) });
                return;
            }
            self.unread = None;
        }
        let locked = self.place.as_mut().map(Place::lock);
        let begun = match locked {
            Some(Ok(locked)) => self.begin(Step::Encrypt { job, dump: dump.clone(), locked }, dump, now),
            Some(Err(not_locked)) => Err(Failure::NotLocked(not_locked)),
            None => Err(Failure::NoPlace),
        };
        if let Err(why) = begun {
            self.not_saved(job, NotSaved::Failed, why);
        }
    }

    fn not_saved(&mut self, job: JobId, how: NotSaved, why: Failure) {
        log::event(What::StateSaveFailed).field("file", self.path()).field("reason", &why).write();
        self.unsaved = Some(why);
        self.tell_trouble();
        self.news.push_back(News::Saved { job, result: Err(how) });
    }

    fn saved(&mut self, job: JobId) {
        log::event(What::StateSaved).field("file", self.path()).write();
        self.all_is_well();
        self.news.push_back(News::Saved { job, result: Ok(()) });
    }

    fn all_is_well(&mut self) {
        (self.unread, self.unsaved) = (None, None);
        self.told.clear();
    }
}
