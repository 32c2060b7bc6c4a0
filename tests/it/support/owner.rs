//! Whose a sandbox can be instead of ours: a user without privileges. Only root can become one.

use std::os::unix::fs::chown;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// Somebody with a uid of their own, different for each test that runs at the same time.
pub(crate) struct Owner(u32);

impl Owner {
    pub(crate) fn new() -> Self {
        const FIRST: u32 = 20_000;
        const COUNT: u32 = 40_000;
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = std::process::id().wrapping_mul(16) + NEXT.fetch_add(1, Ordering::Relaxed);
        Self(FIRST + number % COUNT)
    }

    /// A file, or a directory with everything in it, is this user's from now on.
    pub(crate) fn take(&self, path: &Path) {
        chown(path, Some(self.0), Some(self.0)).expect("giving a file away");
        for entry in path.read_dir().into_iter().flatten() {
            self.take(&entry.expect("an entry of the directory").path());
        }
    }

    /// A program, run as this user.
    pub(crate) fn runs(&self, program: &Path) -> Command {
        let id = self.0.to_string();
        let mut command = Command::new("setpriv");
        command.args(["--reuid", &id, "--regid", &id, "--clear-groups", "--inh-caps=-all"]).arg(program);
        command
    }
}
