//! Standard error, without ever waiting for whoever reads it (a stopped terminal, a stuck supervisor).

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;

use pizauth_common::unix_time::UnixTime;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, OFlags, fstat};
use rustix::io::Errno;
use rustix::net::{SendFlags, send};

use super::stamp::stamp;
use super::written::Written;

const AT_ONCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

/// Our standard error.
///
/// O_NONBLOCK is a property of the open file, which the shell and our hooks share: it is not ours to set.
/// A socket takes a flag with each message instead; a terminal or a pipe is opened a second time; where that is
/// not allowed we ask before each line whether there is room. A regular file always has room, and has one position
/// for all who share it: opened a second time, it would be written over by them.
#[derive(Debug)]
pub(super) struct Stderr {
    file: OpenFile,
    /// A terminal and a file keep what they are given; who reads a pipe or a socket for us notes the time.
    is_stamped: bool,
    /// The last line was cut off, by a full disk: the next one must not be taken for its end.
    is_cut_off: bool,
}

#[derive(Debug)]
enum OpenFile {
    /// One of our own.
    Own(File),
    /// Shared with others: a socket, a regular file, or what cannot be opened again.
    Shared,
}

impl Stderr {
    pub(super) fn new() -> Self {
        let is_regular_file = is_regular_file();
        let file = if is_regular_file { OpenFile::Shared } else { OpenFile::reopened() };
        Self { file, is_stamped: is_regular_file || io::stderr().is_terminal(), is_cut_off: false }
    }

    #[cfg(test)]
    pub(super) fn shared() -> Self {
        Self { file: OpenFile::Shared, is_stamped: false, is_cut_off: false }
    }

    #[cfg(test)]
    pub(super) fn to(file: File, is_stamped: bool) -> Self {
        Self { file: OpenFile::Own(file), is_stamped, is_cut_off: false }
    }

    /// Writes a line of that time.
    pub(super) fn send(&mut self, line: &str, at: UnixTime) -> Written {
        let begin = if self.is_cut_off { "\n" } else { "" };
        let time = if self.is_stamped { stamp(at) + " " } else { String::new() };
        let line = format!("{begin}{time}pizauthd: {line}\n");
        match self.file.write(line.as_bytes()) {
            Ok(0) => Written::Nobody,
            Ok(written) => {
                self.is_cut_off = written < line.len();
                Written::Whole
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Written::Stuck,
            Err(_) => Written::Nobody,
        }
    }
}

impl OpenFile {
    fn reopened() -> Self {
        let flags = i32::try_from((OFlags::NONBLOCK | OFlags::NOCTTY).bits()).unwrap_or(0);
        // Only Linux opens anew here; elsewhere /dev/fd duplicates, and the flag would do nothing.
        match OpenOptions::new().write(true).custom_flags(flags).open("/proc/self/fd/2") {
            Ok(own) => Self::Own(own),
            Err(_) => Self::Shared,
        }
    }

    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match self {
            Self::Own(own) => own.write(line),
            Self::Shared => send_shared(line),
        }
    }
}

fn is_regular_file() -> bool {
    fstat(io::stderr()).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile)
}

fn send_shared(line: &[u8]) -> io::Result<usize> {
    let stderr = io::stderr();
    match send(&stderr, line, SendFlags::DONTWAIT) {
        Err(Errno::NOTSOCK) => {}
        sent => return Ok(sent?),
    }
    let mut room = [PollFd::from_borrowed_fd(stderr.as_fd(), PollFlags::OUT)];
    if poll(&mut room, Some(&AT_ONCE))? == 0 {
        return Err(ErrorKind::WouldBlock.into());
    }
    // A pipe with room has it for a line: lines are shorter than PIPE_BUF.
    Ok(rustix::io::write(&stderr, line)?)
}
