//! What the daemon gives up once it has all that it needs, so that a bug in it can do less. OpenBSD alone lets us.
//!
//! Hooks are other programs: they are as free as the daemon was when it was started.

use std::path::Path;

/// Confines the process: it may read whatever its user may, since a reload can name any file, but write only in the
/// home directory and around `files`. What the system does not offer is left out silently, as in `harden_process`.
#[cfg(not(target_os = "openbsd"))]
pub(crate) fn confine<'a>(_files: impl IntoIterator<Item = &'a Path>) {}

/// Confines the process: it may read whatever its user may, since a reload can name any file, but write only in the
/// home directory and around `files`. A call that was overlooked here fails; it does not end the daemon, and all tokens
/// with it.
#[cfg(target_os = "openbsd")]
pub(crate) fn confine<'a>(files: impl IntoIterator<Item = &'a Path>) {
    use std::ffi::CString;
    use std::os::unix::ffi::OsStrExt;

    use pizauth_common::paths::{Environment, ProcessEnvironment};
    use pizauth_common::sys::{pledge, unveil};

    for (path, permissions) in [(c"/", c"rx"), (c"/dev/null", c"rw"), (c"/dev/log", c"rw")] {
        let _ = unveil(path, permissions);
    }
    // What ours is in, too: a directory that is removed and made again is another one to the system.
    let around = files.into_iter().flat_map(|file| file.ancestors().skip(1).take(2));
    let places = around.filter(|place| place.parent().is_some()).map(Path::to_owned);
    for place in places.chain(ProcessEnvironment.home()) {
        if let Ok(place) = CString::new(place.as_os_str().as_bytes()) {
            let _ = unveil(&place, c"rwxc");
        }
    }
    let _ = pledge(PROMISES);
}

/// `error`: what is not promised fails. `id` and `proc`: hooks get their limits, sessions and signals. `fattr`: the
/// sockets are touched every few hours.
#[cfg(target_os = "openbsd")]
const PROMISES: &std::ffi::CStr =
    c"error stdio rpath wpath cpath fattr flock unix inet dns getpw id proc exec";
