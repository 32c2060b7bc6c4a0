//! A `pizauth login` that runs: what it says at hand as it comes, and its end.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::Arc;
use std::thread;

use pizauth_test_server::sync::Watched;
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::support::{Call, PATIENCE, Running};

/// What has come so far, and whether there is more.
#[derive(Default)]
struct Text {
    so_far: String,
    is_whole: bool,
}

pub(super) struct Led {
    child: Child,
    pub(super) stdin: Option<ChildStdin>,
    out: Arc<Watched<Text>>,
    err: Arc<Watched<Text>>,
}

/// How it has ended.
pub(super) struct End {
    pub(super) code: Option<i32>,
    pub(super) out: String,
    pub(super) err: String,
}

/// A login with these words that has been started, and whose stdin is open.
pub(super) fn login(running: &Running, words: &[&str]) -> Led {
    Led::start(running.sandbox.multiplexer().args(["login"]).args(words))
}

impl Led {
    pub(super) fn start(mut call: Call) -> Self {
        call.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = call.command.spawn().expect("starting pizauth login");
        let (stdin, out, err) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        Self { child, stdin, out: collect(out.unwrap()), err: collect(err.unwrap()) }
    }

    /// With all streams on a terminal, whose other end is returned, too. What it says comes together.
    pub(super) fn start_on_terminal(mut call: Call) -> (Self, File) {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
        grantpt(&master).expect("granting it");
        unlockpt(&master).expect("unlocking it");
        let name = ptsname(&master, Vec::new()).expect("its name").into_string().expect("its name");
        let terminal = OpenOptions::new().read(true).write(true).open(name).expect("its other side");
        let stream = || terminal.try_clone().expect("a descriptor");
        call.command.stdin(stream()).stdout(stream()).stderr(stream());
        let child = call.command.spawn().expect("starting pizauth login");
        drop(call);
        let master = File::from(master);
        let out = collect(master.try_clone().expect("a descriptor"));
        (Self { child, stdin: None, err: Arc::clone(&out), out }, master)
    }

    /// Waits until it has told where to sign in; the URL.
    #[track_caller]
    pub(super) fn url(&self) -> String {
        let out = self.out_with("\n  http");
        let url = out.lines().find_map(|line| line.strip_prefix("  http")).expect("it was there");
        format!("http{}", url.trim_end())
    }

    /// Waits until stdout has this in a line that is whole; all of it.
    #[track_caller]
    pub(super) fn out_with(&self, part: &str) -> String {
        told(&self.out, part)
    }

    /// The same of stderr.
    #[track_caller]
    pub(super) fn err_with(&self, part: &str) -> String {
        told(&self.err, part)
    }

    pub(super) fn types(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("stdin is open");
        stdin.write_all(format!("{line}\n").as_bytes()).expect("typing");
    }

    pub(super) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("sending a signal");
    }

    /// Waits for its end.
    #[track_caller]
    pub(super) fn end(mut self) -> End {
        let pid = Pid::from_child(&self.child);
        let ended = Arc::new(Watched::new(None));
        let seen = Arc::clone(&ended);
        // Whoever reads its stdin to the end is not kept waiting by the test.
        let _stdin = self.stdin.take();
        thread::spawn(move || {
            let status = self.child.wait();
            seen.change(|ended| *ended = Some(status));
        });
        let status = ended.wait_for(PATIENCE, |ended| ended.take());
        let Some(status) = status else {
            let _ = kill_process(pid, Signal::KILL);
            panic!("it goes on: {} {}", self.out.lock().so_far, self.err.lock().so_far);
        };
        let all = |text: &Watched<Text>| {
            text.wait_for(PATIENCE, |text| text.is_whole.then(|| text.so_far.clone()))
                .expect("a stream is open")
        };
        End { code: status.expect("waiting for it").code(), out: all(&self.out), err: all(&self.err) }
    }
}

impl End {
    #[track_caller]
    pub(super) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout: {}\nstderr: {}", self.out, self.err);
        assert!(!self.err.contains("panicked"), "{}", self.err);
        self
    }

    #[track_caller]
    pub(super) fn says(self, text: &str) -> Self {
        assert!(self.err.contains(text), "stderr should hold {text:?}:\n{}", self.err);
        self
    }

    #[track_caller]
    pub(super) fn prints(self, text: &str) -> Self {
        assert!(self.out.contains(text), "stdout should hold {text:?}:\n{}", self.out);
        self
    }
}

fn collect(mut stream: impl Read + Send + 'static) -> Arc<Watched<Text>> {
    let text = Arc::new(Watched::new(Text::default()));
    let told = Arc::clone(&text);
    thread::spawn(move || {
        let mut chunk = [0; 1024];
        // A terminal whose other side is closed is an error.
        while let Ok(length @ 1..) = stream.read(&mut chunk) {
            told.change(|text| text.so_far.push_str(&String::from_utf8_lossy(&chunk[..length])));
        }
        told.change(|text| text.is_whole = true);
    });
    text
}

#[track_caller]
fn told(text: &Watched<Text>, part: &str) -> String {
    let is_there = |text: &mut Text| {
        let (_, rest) = text.so_far.split_once(part)?;
        rest.contains(['\n', '\r', ':']).then(|| text.so_far.clone())
    };
    let found = text.wait_for(PATIENCE, is_there);
    found.unwrap_or_else(|| panic!("no {part:?} in {:?}", text.lock().so_far))
}
