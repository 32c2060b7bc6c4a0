//! The options that say how tokens are saved: two filters, which go together, and a file.

use super::options::{Given, Seen};
use crate::config::model::SavedState;
use crate::config::problems::Problems;
use crate::config::user_path::UserPath;

pub(super) const ENCRYPT: &str = SavedState::ENCRYPT_CMD;
pub(super) const DECRYPT: &str = SavedState::DECRYPT_CMD;
pub(super) const FILE: &str = "state_file";

/// What these options say.
#[derive(Default)]
pub(super) struct SavedStateDraft {
    pub(super) encrypt_cmd: Option<String>,
    pub(super) decrypt_cmd: Option<String>,
    pub(super) file: Option<UserPath>,
}

impl SavedStateDraft {
    /// How tokens are saved, if they are.
    pub(super) fn check<'a>(self, seen: &Seen<'_, 'a>, problems: &mut Problems<'a>) -> Option<SavedState> {
        for (given, other) in [(ENCRYPT, DECRYPT), (DECRYPT, ENCRYPT)] {
            let why = format!("'{given}' needs '{other}' beside it: one reads what the other has written");
            seen.report_without(given, other, &why, problems);
        }
        // Where there is a `state_decrypt_cmd` alone the missing one is reported already.
        if seen.get(DECRYPT).is_none() {
            let why = format!("'{FILE}' needs '{ENCRYPT}' and '{DECRYPT}': without them nothing is saved");
            seen.report_without(FILE, ENCRYPT, &why, problems);
        }
        Some(SavedState { encrypt_cmd: self.encrypt_cmd?, decrypt_cmd: self.decrypt_cmd?, file: self.file })
    }
}

impl<'a> Given<'_, 'a> {
    /// A command, which must not be empty.
    pub(super) fn filter(&self, problems: &mut Problems<'a>) -> Option<String> {
        let command = self.command(problems)?;
        if command.trim().is_empty() {
            problems
                .error(self.value.place(), format!("'{}' is empty: to save nothing leave it out", self.name));
            return None;
        }
        Some(command)
    }

    /// PATH, of a file.
    pub(super) fn path(&self, problems: &mut Problems<'a>) -> Option<UserPath> {
        let text = self.string(problems)?;
        let path = UserPath::parse(&text).filter(|_| !text.ends_with('/'));
        if path.is_none() {
            let message = format!("'{}' is the path of a file, absolute or beginning with ~/", self.name);
            problems.error(self.value.place(), message);
        }
        path
    }
}
