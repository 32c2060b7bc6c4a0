//! Detaching: the daemon is this program started anew in a session of its own, and its parent waits until it
//! accepts commands or says why it cannot.
//!
//! Started anew rather than forked: a fork of a process with threads is a trap, and nothing of the parent's
//! memory goes along. Working directory and umask stay. The parent reads no configuration. A descriptor that
//! holds one (`-c /dev/fd/63`, as `-c <(…)` becomes) is passed on instead, so that secrets in it are in one
//! process only and a pipe is read once; a named FIFO needs nothing. Standard input stays until it has been read,
//! for `-c /dev/stdin`; the daemon answers its parent on standard output.

use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io::{self, PipeReader, Read, Write, pipe};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use pizauth_common::cause::Cause;
use pizauth_common::deadline::Deadline;
use pizauth_common::sys;
use rustix::event::PollFlags;

use crate::supervisor::{ReadyFdError, take_ready_fd};

/// Tells the started daemon that its standard output leads to its parent. Hooks do not get to see it.
pub(crate) const VARIABLE: &str = "PIZAUTHD_DETACHED";
/// What the daemon says when it accepts commands, after its warnings, a line each; anything else is an error message.
const READY: &str = "ready\n";
const NULL: &str = "/dev/null";
/// Reading the configuration has 10 s, and a certificate and many accounts a moment.
const PATIENCE: Duration = Duration::from_secs(60);
/// The longest error message, which may tell of every error in a configuration file.
const MAX_MESSAGE: usize = 1024 * 1024;

/// A daemon in the background that is yet to be started.
#[derive(Debug, Default)]
pub(crate) struct Background {
    passed_on: Vec<OwnedFd>,
}

/// Why there is no daemon in the background.
#[derive(Debug)]
pub(crate) enum BackgroundError {
    /// It could not tell when it is ready.
    ReadyFd(ReadyFdError),
    /// The descriptor that a configuration is to be read from is not open.
    NoConfiguration(PathBuf, io::Error),
    /// There is nothing that its standard error could lead to.
    NoNull(io::Error),
    /// The system could not start it.
    NotStarted(io::Error),
    /// It said why it could not start.
    Failed(String),
    /// It ended without a word.
    Died(ExitStatus),
    /// It neither started nor ended, and was ended.
    TimedOut,
}

impl fmt::Display for BackgroundError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadyFd(error) => error.fmt(f),
            Self::NoConfiguration(path, error) => write!(
                f,
                "cannot read the configuration {}: {} (it has to be open at our start)",
                path.display(),
                Cause(error)
            ),
            Self::NoNull(error) => write!(f, "cannot open {NULL}: {}", Cause(error)),
            Self::NotStarted(error) => write!(f, "cannot start pizauthd in the background: {}", Cause(error)),
            Self::Failed(message) => f.write_str(message),
            Self::Died(status) => {
                write!(f, "pizauthd ended before it was ready: {status} (to see more, start it with -d)")
            }
            Self::TimedOut => {
                f.write_str("pizauthd was not ready after 60 s (to see more, start it with -d)")
            }
        }
    }
}

impl std::error::Error for BackgroundError {}

impl Background {
    /// Passes on a configuration that is a descriptor of this process, and the descriptor of `--ready-fd`.
    ///
    /// # Errors
    /// One of them is not open, or cannot be used.
    pub(crate) fn passing_on(
        configuration: Option<&Path>,
        ready_fd: Option<i32>,
    ) -> Result<Self, BackgroundError> {
        let mut passed_on = Vec::new();
        if let Some(number) = ready_fd {
            passed_on.push(take_ready_fd(number).map_err(BackgroundError::ReadyFd)?);
        }
        if let Some(path) = configuration
            && let Some(number) = descriptor_of(path)
            && Some(number) != ready_fd
        {
            let taken = sys::take_inherited_descriptor(number);
            passed_on.push(taken.map_err(|error| BackgroundError::NoConfiguration(path.to_owned(), error))?);
        }
        Ok(Self { passed_on })
    }

    /// Starts this program with these arguments in the background, and returns when it accepts commands, with
    /// the warnings that it has for the user. To be called before limits are changed and threads are started.
    ///
    /// # Errors
    /// It could not be started, or said why it ended.
    pub(crate) fn start(self) -> Result<Vec<String>, BackgroundError> {
        let mut arguments = std::env::args_os();
        let mut command = Command::new(own_executable());
        command.arg0(arguments.next().unwrap_or_else(|| "pizauthd".into())).args(arguments);
        self.start_as(command)
    }

    fn start_as(self, mut command: Command) -> Result<Vec<String>, BackgroundError> {
        let (from_daemon, to_parent) = pipe().map_err(BackgroundError::NotStarted)?;
        let null = File::options().write(true).open(NULL).map_err(BackgroundError::NoNull)?;
        command.env(VARIABLE, "1").stdin(Stdio::inherit()).stdout(to_parent).stderr(null);
        sys::isolate_child(&mut command, Vec::new(), self.passed_on);
        let daemon = command.spawn().map_err(BackgroundError::NotStarted)?;
        // It holds the writing end of the pipe, which only the daemon shall.
        drop(command);
        wait(daemon, from_daemon)
    }
}

fn wait(mut daemon: Child, from_daemon: PipeReader) -> Result<Vec<String>, BackgroundError> {
    let deadline = Deadline::after(PATIENCE);
    let (mut message, mut buffer) = (Vec::new(), [0; 4096]);
    while message.len() < MAX_MESSAGE {
        match deadline.transfer(&from_daemon, PollFlags::IN, |mut pipe| pipe.read(&mut buffer)) {
            Ok(0) => break,
            Ok(length) => message.extend_from_slice(&buffer[..length]),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                // It is past helping; that it cannot be killed means that it is gone.
                let _ = daemon.kill();
                return Err(BackgroundError::TimedOut);
            }
            Err(_) => break,
        }
    }
    if message.is_empty() {
        return Err(daemon.wait().map_or_else(BackgroundError::NotStarted, BackgroundError::Died));
    }
    let message = String::from_utf8_lossy(&message);
    match message.strip_suffix(READY) {
        Some(warnings) => Ok(warnings.lines().map(str::to_owned).collect()),
        None => Err(BackgroundError::Failed(message.into_owned())),
    }
}

/// By its name where that is still us, so that `ps` shows that name; else what the kernel has.
fn own_executable() -> PathBuf {
    let named = std::env::current_exe().ok().filter(|named| named.exists());
    named.unwrap_or_else(|| PathBuf::from("/proc/self/exe"))
}

/// The descriptor that a path names.
fn descriptor_of(path: &Path) -> Option<i32> {
    let directory = path.parent()?;
    let number = path.file_name()?.to_str()?.parse().ok();
    let names_descriptors = ["/dev/fd", "/proc/self/fd"].map(Path::new).contains(&directory);
    number.filter(|number| names_descriptors && *number > 2)
}

/// The process that waits for this one to be ready.
#[derive(Debug)]
pub(crate) struct Parent {
    channel: OwnedFd,
}

impl Parent {
    /// Our parent, if we are the daemon in the background. To be called once and first of all: standard
    /// output, which leads to the parent, becomes /dev/null.
    ///
    /// # Errors
    /// The system has no descriptor left, or no /dev/null.
    pub(crate) fn waiting() -> io::Result<Option<Self>> {
        if std::env::var_os(VARIABLE).as_deref() != Some(OsStr::new("1")) {
            return Ok(None);
        }
        let channel = io::stdout().as_fd().try_clone_to_owned()?;
        rustix::stdio::dup2_stdout(File::options().write(true).open(NULL)?)?;
        Ok(Some(Self { channel }))
    }

    /// Standard input becomes /dev/null, now that a configuration that may have come by it has been read.
    ///
    /// # Errors
    /// There is no /dev/null.
    pub(crate) fn let_go_of_stdin(&self) -> io::Result<()> {
        Ok(rustix::stdio::dup2_stdin(File::open(NULL)?)?)
    }

    /// We accept commands: the parent may go when it has told these warnings.
    pub(crate) fn ready(self, warnings: &[String]) {
        let warnings: String = warnings.iter().map(|warning| format!("{warning}\n")).collect();
        self.say(&(warnings + READY));
    }

    /// We cannot start: the parent tells why.
    pub(crate) fn failed(self, message: &str) {
        self.say(message);
    }

    fn say(self, message: &str) {
        // A parent that has gone (interrupted at the keyboard) needs no answer.
        let _ = File::from(self.channel).write_all(message.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(script: &str) -> Result<Vec<String>, String> {
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(script);
        Background::default().start_as(command).map_err(|error| error.to_string())
    }

    #[test]
    fn the_parent_tells_what_became_of_the_daemon() {
        assert_eq!(start("echo ready"), Ok(Vec::new()));
        assert_eq!(start("echo careful; echo ready"), Ok(vec!["careful".to_owned()]));
        assert_eq!(start("printf 'bad:1:2: no\\nmore'; exit 1"), Err("bad:1:2: no\nmore".to_owned()));
        assert_eq!(start("echo rea"), Err("rea\n".to_owned()));
        let died = start("exit 7").unwrap_err();
        assert!(died.contains("exit status: 7"), "{died}");
        assert_eq!(start("echo lost >&2; echo ready"), Ok(Vec::new()), "nothing else reaches the parent");
    }

    #[test]
    fn a_descriptor_that_holds_the_configuration_goes_along_and_no_other() {
        let (reader, mut writer) = pipe().unwrap();
        writer.write_all(b"account").unwrap();
        drop(writer);
        // As our parent would have opened it.
        rustix::io::fcntl_setfd(&reader, rustix::io::FdFlags::empty()).unwrap();
        // By its path: not every shell takes a number of two digits after `<&`.
        let path = format!("/dev/fd/{}", std::os::fd::IntoRawFd::into_raw_fd(reader));
        let script = format!("read line <{path}; test \"$line\" = account && echo ready");
        let command = |script: &str| {
            let mut command = Command::new("/bin/sh");
            command.arg("-c").arg(script);
            command
        };
        assert!(Background::default().start_as(command(&script)).is_err());
        let passes_it_on = Background::passing_on(Some(Path::new(&path)), None).unwrap();
        let again = Background::passing_on(Some(Path::new(&path)), None);
        assert!(matches!(again, Err(BackgroundError::NoConfiguration(..))), "it has one owner: {again:?}");
        assert!(passes_it_on.start_as(command(&script)).is_ok());
    }

    #[test]
    fn only_paths_of_descriptors_name_one() {
        assert_eq!(descriptor_of(Path::new("/dev/fd/63")), Some(63));
        assert_eq!(descriptor_of(Path::new("/proc/self/fd/5")), Some(5));
        for other in ["/dev/fd/2", "/dev/fd/-1", "/dev/fd/x", "/tmp/63", "63", "/", "/dev/fd/99999999999"] {
            assert_eq!(descriptor_of(Path::new(other)), None, "{other}");
        }
    }

    #[test]
    fn the_daemon_speaks_to_its_parent() {
        let (mut reader, writer) = pipe().unwrap();
        Parent { channel: writer.into() }.ready(&["careful".to_owned()]);
        let mut said = String::new();
        reader.read_to_string(&mut said).unwrap();
        assert_eq!(said, "careful\nready\n");
    }
}
