//! Directories beside the one of this machine: of other hosts that share the home, and of daemons that knew this
//! machine by another name.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{CWD, Dir, Mode, OFlags, openat};

use super::{
    Environment, OwnDirectory, RUN_PREFIX, SocketCandidate, home_directory_of_machine, named_socket,
};

/// The sockets that a daemon of this user may have beside the listed places. A home that machines share has those of
/// the other machines, too, where nobody of this one listens. None with a `PIZAUTH_SOCKET`.
pub fn sibling_candidates(environment: &impl Environment) -> Vec<SocketCandidate> {
    let mut siblings = Vec::new();
    let own = if named_socket(environment).is_some() { None } else { home_directory_of_machine(environment) };
    if let Some(own) = own
        && let Some(parent) = own.path().parent()
        && let Ok(directory) = openat(CWD, parent, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
        && let Ok(mut entries) = Dir::new(directory)
    {
        while let Some(Ok(entry)) = entries.read() {
            let name = entry.file_name().to_bytes();
            let below = own.below.with_file_name(OsStr::from_bytes(name));
            if name.starts_with(RUN_PREFIX.as_bytes()) && below != own.below {
                siblings.push(SocketCandidate::Own(OwnDirectory { base: own.base.clone(), below }));
            }
        }
    }
    siblings
}
