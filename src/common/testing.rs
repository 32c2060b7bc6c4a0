//! What tests of several rooms stand on.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

/// A directory for us alone, whatever the umask is: one that others may write to is refused.
pub(crate) fn private_directory() -> TempDir {
    tempfile::Builder::new().permissions(Permissions::from_mode(0o700)).tempdir().unwrap()
}
