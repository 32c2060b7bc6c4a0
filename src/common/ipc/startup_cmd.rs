//! How `startup_cmd` has fared, as `status` and `info` tell it: whether what it restores is there.

use serde::{Deserialize, Serialize};

/// How `startup_cmd` has fared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StartupCmd {
    /// There was none to run.
    #[default]
    None,
    /// It has not ended.
    Running,
    /// It has ended well, or a restore has made up for it.
    Ended,
    /// It has failed: what it restores may be missing.
    Failed,
}

impl StartupCmd {
    /// As it is written in a message.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Running => "running",
            Self::Ended => "ended",
            Self::Failed => "failed",
        }
    }
}
