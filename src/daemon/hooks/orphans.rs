//! What processes leave behind that have lost their parent: the system gives them to process 1, which in a container
//! may be us. Nobody else would reap them.

/// Reaps ended children that are not ours. The system shows one that has ended, and the same again until it is reaped:
/// so this stops at one that is ours, and is to be called again when its room has reaped that.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
pub(super) fn reap(is_ours: impl Fn(u32) -> bool) {
    use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};

    const PROCESS_1: u32 = 1;
    // No other process is given orphans: there a child that we do not know was started by another part of this program,
    // which reaps it.
    if std::process::id() != PROCESS_1 {
        return;
    }
    let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    while let Some(pid) = waitid(Id::All, look).ok().as_ref().and_then(WaitStatus::pid) {
        if u32::try_from(pid.as_raw()).is_ok_and(&is_ours)
            || waitpid(pid, Some(WaitPidFlag::WNOHANG)).is_err()
        {
            return;
        }
    }
}

/// Nobody runs this as process 1 here.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
pub(super) fn reap(_: impl Fn(u32) -> bool) {}
