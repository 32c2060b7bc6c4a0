//! Ends a command of the user's together with all that it has started: the shell gives each command a process group of
//! its own.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

/// How long a command that was asked to end (TERM) has until it is ended (KILL).
pub(crate) const GRACE: Duration = Duration::from_millis(500);

/// Sends `signal` to everybody in the group that the process `leader` leads.
pub(crate) fn signal_group(leader: u32, signal: Signal) {
    if let Some(group) = i32::try_from(leader).ok().and_then(Pid::from_raw) {
        // Nobody is left in it: fine.
        let _ = kill_process_group(group, signal);
    }
}
