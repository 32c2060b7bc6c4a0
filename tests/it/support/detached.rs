//! A daemon that a command has started, and that has left it.

use std::num::NonZero;
use std::os::unix::net::UnixStream;
use std::path::Path;

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::{eventually, process};

/// A daemon that has detached, ended with the test.
pub(crate) struct Detached(Pid);

impl Detached {
    /// The process at the other end of the socket.
    pub(crate) fn behind(socket: &Path) -> Self {
        let stream = UnixStream::connect(socket).expect("a daemon at the socket");
        Self(rustix::net::sockopt::socket_peercred(&stream).expect("its process").pid)
    }

    pub(crate) fn pid(&self) -> NonZero<i32> {
        self.0.as_raw_nonzero()
    }

    pub(crate) fn wait_gone(&self) {
        let is_gone = || test_kill_process(self.0).is_err() || process::is_zombie(self.pid().get());
        eventually("the end of the daemon", || is_gone().then_some(()));
    }
}

impl Drop for Detached {
    fn drop(&mut self) {
        let _ = kill_process(self.0, Signal::KILL);
    }
}

/// Where pizauthd and the commands are.
pub(crate) fn executables() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_pizauthd")).parent().unwrap()
}
