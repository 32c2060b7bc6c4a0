//! How the saving of tokens fares.

use serde::{Deserialize, Serialize};

/// What a daemon says of the tokens that it saves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SavedState {
    /// The file. Absent where nothing is saved.
    pub file: Option<String>,
    /// Whether what was saved is still being read.
    pub loading: bool,
    /// Whether the last load and the last save were good. Absent where nothing is saved.
    pub saved: Option<bool>,
    /// Why one was not, and what to do.
    pub error: Option<String>,
}
