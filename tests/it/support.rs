//! What the tests stand on: a sandbox, commands with a deadline, a running daemon, a signed-in account.

mod call;
pub(crate) mod callers;
pub(crate) mod consumption;
mod daemon;
pub(crate) mod detached;
mod door;
mod other_user;
mod owner;
mod pinned;
pub(crate) mod process;
mod running;
mod sandbox;
pub(crate) mod signing;
mod terminal;
pub(crate) mod upstream_dump;

use std::time::{Duration, Instant};

pub(crate) use call::{Call, Ran, wait};
pub(crate) use daemon::Daemon;
pub(crate) use door::{Answer, Door};
pub(crate) use other_user::{OTHER_UID, as_another_user, can_become_another_user};
use owner::Owner;
pub(crate) use running::{Running, Setup, server, state_in, url_in};
pub(crate) use sandbox::{Sandbox, private_directory};
pub(crate) use terminal::Terminal;

/// Longer than anything here takes on a busy machine; only a failing test waits this long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// How long a test watches for something that must not happen.
pub(crate) const WATCH: Duration = Duration::from_millis(1500);

/// Asks again and again until there is an answer; for what gives no event to wait for (a file that a hook
/// writes, a token that expires).
#[track_caller]
pub(crate) fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "gave up waiting for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
