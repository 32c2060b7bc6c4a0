//! Directories beside the one of this machine: of other hosts that share the home, and of daemons that knew this
//! machine by another name.

use rustix::fs::{CWD, Dir, Mode, OFlags, openat};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::{
    Environment, OwnDirectory, RUN_PREFIX, SocketCandidate, home_directory_of_machine, named_socket,
};

/// The sockets that a daemon of this user may have beside the listed places. A home that hosts share has those of the
/// other hosts, too, where nobody of this one listens. None with a `PIZAUTH_SOCKET`.
pub fn sibling_candidates(environment: &impl Environment) -> Vec<SocketCandidate> {
    if named_socket(environment).is_some() {
        return Vec::new();
    }
    home_directory_of_machine(environment)
        .map(|own| beside(&own).into_iter().map(SocketCandidate::Own).collect())
        .unwrap_or_default()
}

fn beside(own: &OwnDirectory) -> Vec<OwnDirectory> {
    let (path, below) = (own.path(), own.below.parent());
    let (Some(parent), Some(below), Some(own_name)) = (path.parent(), below, path.file_name()) else {
        return Vec::new();
    };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let Ok(entries) = openat(CWD, parent, flags, Mode::empty()).and_then(Dir::new) else {
        return Vec::new();
    };
    let names = entries.filter_map(Result::ok).map(|entry| entry.file_name().to_bytes().to_vec());
    names
        .filter(|name| name.starts_with(RUN_PREFIX.as_bytes()) && name != own_name.as_bytes())
        .map(|name| OwnDirectory { base: own.base.clone(), below: below.join(OsStr::from_bytes(&name)) })
        .collect()
}
