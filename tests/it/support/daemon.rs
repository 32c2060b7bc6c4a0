//! A daemon in the foreground: started and ready, its log at hand, ended by its pid.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;

use pizauth_test_server::sync::Watched;
use rustix::process::{Pid, Signal, kill_process};

use super::{Call, PATIENCE, Sandbox, eventually, sandbox};

/// What is known of the process.
#[derive(Default)]
struct Seen {
    ready: bool,
    log: String,
    exit: Option<ExitStatus>,
}

/// A running `pizauthd -d`.
pub(crate) struct Daemon {
    pid: Pid,
    seen: Arc<Watched<Seen>>,
}

impl Daemon {
    /// Starts `server` (with what arguments and environment it has) and waits until it is ready.
    #[track_caller]
    pub(crate) fn start(sandbox: &Sandbox, server: Call) -> Self {
        let daemon = Self::spawn(server);
        if sandbox::under_test().is_some() {
            eventually("the daemon", || (sandbox.applet("status").run().code() == 0).then_some(()));
            return daemon;
        }
        let ready = |seen: &mut Seen| (seen.ready || seen.exit.is_some()).then_some(seen.ready);
        let ready = daemon.seen.wait_for(PATIENCE, ready);
        assert_eq!(ready, Some(true), "the daemon did not get ready:\n{}", daemon.log());
        daemon
    }

    /// Starts `server` without waiting for anything.
    pub(crate) fn spawn(server: Call) -> Self {
        let mut child = with_ready_pipe(server).spawn().expect("starting the daemon");
        let seen = Arc::new(Watched::new(Seen::default()));
        let pid = Pid::from_child(&child);
        if let (Some(ready), Some(log)) = (child.stdout.take(), child.stderr.take()) {
            watch_readiness(ready, Arc::clone(&seen));
            watch_log(log, Arc::clone(&seen));
        }
        watch_exit(child, Arc::clone(&seen));
        Self { pid, seen }
    }

    pub(crate) fn pid(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid, signal).expect("sending a signal to the daemon");
    }

    /// Everything on stderr so far.
    pub(crate) fn log(&self) -> String {
        self.seen.lock().log.clone()
    }

    /// Waits for a whole line on stderr that holds all of `parts`.
    #[track_caller]
    pub(crate) fn wait_for_log(&self, parts: &[&str]) -> String {
        let fits = |line: &&str| parts.iter().all(|part| line.contains(part));
        let line = self.seen.wait_for(PATIENCE, |seen| seen.log.lines().find(fits).map(str::to_owned));
        line.unwrap_or_else(|| panic!("no line with {parts:?} in the log:\n{}", self.log()))
    }

    /// Waits for the end of the process.
    #[track_caller]
    pub(crate) fn wait(&self) -> ExitStatus {
        let status = self.seen.wait_for(PATIENCE, |seen| seen.exit);
        status.unwrap_or_else(|| panic!("the daemon does not end; its log:\n{}", self.log()))
    }

    pub(crate) fn is_running(&self) -> bool {
        self.seen.lock().exit.is_none()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if self.is_running() {
            let _ = kill_process(self.pid, Signal::CONT);
            let _ = kill_process(self.pid, Signal::KILL);
            let _ = self.seen.wait_for(PATIENCE, |seen| seen.exit);
        }
        if thread::panicking() {
            eprintln!("--- log of the daemon {}:\n{}", self.pid(), self.log());
        }
    }
}

/// `server -d --ready-fd 3`, with descriptor 3 as our end of its stdout, and its stdout as its stderr. The
/// shell moves the descriptors because that is the one way without `unsafe` that no other child inherits.
fn with_ready_pipe(server: Call) -> Command {
    let mut command = Command::new("/bin/sh");
    let ready_fd: &[&str] =
        if sandbox::under_test().is_some() { &["-d"] } else { &["-d", "--ready-fd", "3"] };
    command.args(["-c", r#"exec "$@" 3>&1 >&2"#, "sh"]).arg(server.command.get_program());
    command.args(server.command.get_args()).args(ready_fd).env_clear();
    for (name, value) in server.command.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    if let Some(directory) = server.command.get_current_dir() {
        command.current_dir(directory);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn watch_readiness(mut pipe: impl Read + Send + 'static, seen: Arc<Watched<Seen>>) {
    thread::spawn(move || {
        let mut byte = [0];
        if pipe.read_exact(&mut byte).is_ok() {
            seen.change(|seen| seen.ready = true);
        }
    });
}

fn watch_log(pipe: impl Read + Send + 'static, seen: Arc<Watched<Seen>>) {
    thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            seen.change(|seen| seen.log.push_str(&String::from_utf8_lossy(&line)));
            line.clear();
        }
    });
}

fn watch_exit(mut child: Child, seen: Arc<Watched<Seen>>) {
    thread::spawn(move || {
        if let Ok(status) = child.wait() {
            seen.change(|seen| seen.exit = Some(status));
        }
    });
}
