//! What keeps secrets out of core files and away from other processes of the same user.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Makes this process impossible to dump or to trace by others of the same user, as far as the system can.
///
/// To be called before any secret is read, by the daemon and by each command that handles a secret. Only the soft
/// limit on core files changes, so that hooks can be given the old one back. What the system does not offer is left
/// out silently: there is nothing a user could do about it.
pub fn harden_process() {
    forbid_dumps();
    let limit = getrlimit(Resource::Core);
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), ..limit });
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn forbid_dumps() {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

#[cfg(target_os = "freebsd")]
fn forbid_dumps() {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    let _ = set_dumpable_behavior(None, DumpableBehavior::NotDumpable);
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
fn forbid_dumps() {}
