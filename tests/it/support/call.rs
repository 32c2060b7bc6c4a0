//! One run of a program: arguments in, exit status and output out, never without a deadline.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};

use super::PATIENCE;

/// A program about to be run.
pub(crate) struct Call {
    pub(crate) command: Command,
    stdin: Vec<u8>,
}

/// How it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Call {
    pub(crate) fn new(command: Command) -> Self {
        Self { command, stdin: Vec::new() }
    }

    pub(crate) fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn without_env(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// Runs it to its end.
    #[track_caller]
    pub(crate) fn run(mut self) -> Ran {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.spawn();
        let stdin = child.stdin.take();
        let bytes = self.stdin;
        // A program that does not read its stdin closes it: that is its right.
        thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&bytes)));
        let stdout = collect(child.stdout.take());
        let stderr = collect(child.stderr.take());
        let status = wait(child);
        Ran {
            status,
            stdout: stdout.recv_timeout(PATIENCE).expect("stdout is still open after the program has ended"),
            stderr: text(
                stderr.recv_timeout(PATIENCE).expect("stderr is still open after the program has ended"),
            ),
        }
    }

    /// Runs it with this stdout; what it wrote to stderr is returned as usual.
    #[track_caller]
    pub(crate) fn run_with_stdout(mut self, stdout: impl Into<Stdio>) -> Ran {
        self.command.stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped());
        let mut child = self.spawn();
        // The command holds our copy of stdout: a pipe whose reader waits for the end needs it closed.
        drop(self.command);
        let stderr = collect(child.stderr.take());
        let status = wait(child);
        let stderr = text(stderr.recv_timeout(PATIENCE).expect("stderr is still open"));
        Ran { status, stdout: Vec::new(), stderr }
    }

    #[track_caller]
    fn spawn(&mut self) -> Child {
        self.command.spawn().unwrap_or_else(|error| panic!("starting {:?}: {error}", self.command))
    }
}

impl Ran {
    /// The exit status; a death by signal fails the test.
    #[track_caller]
    pub(crate) fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| panic!("ended by a signal: {self:?}"))
    }

    /// Asserts the exit status.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code(), code, "stdout: {}\nstderr: {}", self.out(), self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        self
    }

    /// Asserts that stderr holds `text`.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "stderr should hold {text:?}:\n{}", self.stderr);
        self
    }

    /// Asserts that stderr does not hold `text`.
    #[track_caller]
    pub(crate) fn says_not(self, text: &str) -> Self {
        assert!(!self.stderr.contains(text), "stderr should not hold {text:?}:\n{}", self.stderr);
        self
    }

    /// Asserts that nothing is on stdout.
    #[track_caller]
    pub(crate) fn prints_nothing(self) -> Self {
        assert_eq!(self.out(), "");
        self
    }

    /// Stdout as text.
    pub(crate) fn out(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// The one line on stdout.
    #[track_caller]
    pub(crate) fn line(&self) -> String {
        let out = self.out();
        let line = out.strip_suffix('\n').unwrap_or_else(|| panic!("no newline at the end of {out:?}"));
        assert!(!line.contains('\n'), "more than one line: {out:?}");
        line.to_owned()
    }
}

fn collect(stream: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = stream.map(|mut stream| stream.read_to_end(&mut bytes));
        // The test may have ended already.
        let _ = sender.send(bytes);
        read
    });
    receiver
}

/// Waits for the end of a child; one that outlives the deadline is killed, and fails the test.
#[track_caller]
pub(crate) fn wait(mut child: Child) -> ExitStatus {
    let pid = Pid::from_child(&child);
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait()));
    match receiver.recv_timeout(PATIENCE) {
        Ok(status) => status.expect("waiting for a child"),
        Err(_) => {
            let _ = kill_process(pid, Signal::KILL);
            panic!("a program did not end within {PATIENCE:?}");
        }
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("stderr is UTF-8")
}
