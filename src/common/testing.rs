//! What tests of several rooms stand on.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::TempDir;

/// A directory for us alone, whatever the umask is: one that others may write to is refused. Its path leaves room for
/// that of a socket, which the system limits to about a hundred bytes.
pub(crate) fn private_directory() -> TempDir {
    let usual = std::env::temp_dir();
    let place = if usual.as_os_str().len() <= 28 { &usual } else { Path::new("/tmp") };
    tempfile::Builder::new().permissions(Permissions::from_mode(0o700)).tempdir_in(place).unwrap()
}
