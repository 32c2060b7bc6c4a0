//! A program at a pseudo-terminal of its own, and a person at the other end of it.

use std::fs::File;
use std::io::{PipeReader, Read, Write, pipe};
use std::os::fd::OwnedFd;
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Instant;

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, OptionalActions, Winsize, tcgetattr, tcsetattr, tcsetwinsize};

use super::{Call, PATIENCE};

/// Leads the session until the test has let go of it, and tells how the program ended after all that it said: the end of
/// a leader hangs up the terminal, and the system may throw away what has not been read by then. Its standard output is a
/// pipe that whoever it starts holds open: a descriptor that is made for all to inherit goes to other tests' programs, too.
const LEADER: &str = r#"exec 3>&1 >&2; trap : INT QUIT; "$@"; printf '\000%d\n' "$?"; kill -STOP "$$""#;

/// The program, and what has been seen of it.
pub(crate) struct Terminal {
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    /// Since the beginning, as bytes and as text: a character may come in pieces.
    bytes: Vec<u8>,
    shown: String,
    /// Up to where somebody has looked at it.
    past: usize,
    leader: Child,
    /// Who runs in it holds the other end.
    held: PipeReader,
}

impl Terminal {
    /// Runs it with the terminal as its controlling one: Ctrl-C is a signal to it.
    #[track_caller]
    pub(crate) fn run(call: Call) -> Self {
        Self::run_in(0, call)
    }

    /// The same where the terminal has so many columns; 0: it does not say.
    #[track_caller]
    pub(crate) fn run_in(columns: u16, call: Call) -> Self {
        let (keyboard, terminal) = pair();
        let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&terminal, size).expect("it takes a size");
        let mut command = std::process::Command::new("setsid");
        command.args(["--ctty", "/bin/sh", "-c", LEADER, "sh"]);
        command.arg(call.command.get_program()).args(call.command.get_args());
        command.env_clear();
        for (name, value) in call.command.get_envs() {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        if let Some(directory) = call.command.get_current_dir() {
            command.current_dir(directory);
        }
        let (held, holder) = pipe().expect("a pipe");
        let end = || Stdio::from(terminal.try_clone().expect("a descriptor"));
        let leader = command.stdin(end()).stdout(holder).stderr(end()).spawn().expect("setsid runs");
        let screen = screen(keyboard.try_clone().expect("a descriptor"));
        Self { keyboard, screen, bytes: Vec::new(), shown: String::new(), past: 0, leader, held }
    }

    /// Waits until this can be read on it; what came before is past.
    #[track_caller]
    pub(crate) fn shows(&mut self, text: &str) -> &mut Self {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.ahead().find(text) {
                self.past += at + text.len();
                return self;
            }
            self.see(text, deadline);
        }
    }

    /// More of it, while this is waited for: it may go on for ever with something else.
    #[track_caller]
    fn see(&mut self, wanted: &str, deadline: Instant) {
        if let Err(why) = self.look(deadline) {
            panic!("{wanted:?} is not shown ({why}), but: {}", self.ahead());
        }
    }

    fn look(&mut self, deadline: Instant) -> Result<(), RecvTimeoutError> {
        let left = deadline.checked_duration_since(Instant::now()).ok_or(RecvTimeoutError::Timeout)?;
        self.bytes.extend(self.screen.recv_timeout(left)?);
        self.shown = String::from_utf8_lossy(&self.bytes).into_owned();
        Ok(())
    }

    /// The rest of the line that begins with this, and it.
    #[track_caller]
    pub(crate) fn line_with(&mut self, beginning: &str) -> String {
        self.shows(beginning);
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some((rest, _)) = self.ahead().split_once('\n') {
                return beginning.to_owned() + rest.trim_end();
            }
            self.see(beginning, deadline);
        }
    }

    /// Whether this was ever to be seen on it.
    pub(crate) fn has_shown(&self, text: &str) -> bool {
        self.shown.contains(text)
    }

    fn ahead(&self) -> &str {
        &self.shown[self.past..]
    }

    /// Types this.
    pub(crate) fn types(&mut self, text: &str) -> &mut Self {
        self.keyboard.write_all(text.as_bytes()).expect("typing");
        self
    }

    /// Waits for its end; asserts that it is a good one, and returns everything that was shown.
    #[track_caller]
    pub(crate) fn everything(mut self) -> String {
        self.past = 0;
        self.ends(0)
    }

    /// Waits for its end; asserts the status, and returns what was shown last.
    #[track_caller]
    pub(crate) fn ends(mut self, code: i32) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some((last, status)) = self.end() {
                assert_eq!(status, code, "{last}");
                return last;
            }
            self.see("its end", deadline);
        }
    }

    /// Closes the terminal, and waits for the end of what runs in it.
    pub(crate) fn closes(self) {
        let mut held = self.held.try_clone().expect("a descriptor");
        drop(self);
        let (sender, end) = mpsc::channel();
        thread::spawn(move || sender.send(held.read(&mut [0])));
        let read = end.recv_timeout(PATIENCE).expect("it ends where its terminal is gone");
        assert_eq!(read.expect("a pipe that nobody writes to"), 0);
    }

    /// What was shown last, and the status as a shell tells it, once it has ended.
    fn end(&self) -> Option<(String, i32)> {
        let (last, status) = self.ahead().split_once('\0')?;
        let (status, _) = status.split_once('\n')?;
        Some((last.replace("\r\n", "\n"), status.trim_end().parse().expect("a status")))
    }
}

impl Drop for Terminal {
    /// Whoever has it as the controlling terminal is hung up on.
    fn drop(&mut self) {
        let _ = self.leader.kill();
        let _ = self.leader.wait();
    }
}

fn pair() -> (File, OwnedFd) {
    let keyboard =
        openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a terminal");
    grantpt(&keyboard).expect("it is ours");
    unlockpt(&keyboard).expect("it is open");
    let name = ptsname(&keyboard, Vec::new()).expect("its name");
    let terminal = open(&*name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty());
    let terminal = terminal.expect("its other end");
    // Else Ctrl-C throws away what the program says just then.
    let mut modes = tcgetattr(&terminal).expect("its modes");
    modes.local_modes.insert(LocalModes::NOFLSH);
    tcsetattr(&terminal, OptionalActions::Now, &modes).expect("it takes them");
    (keyboard.into(), terminal)
}

/// Everything until nobody has the terminal open any more, which is an error on Linux.
fn screen(mut keyboard: File) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = vec![0; 4096];
        while let Ok(read @ 1..) = keyboard.read(&mut bytes) {
            if sender.send(bytes[..read].to_vec()).is_err() {
                return;
            }
        }
    });
    receiver
}
