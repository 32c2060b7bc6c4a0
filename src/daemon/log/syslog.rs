//! The local syslog, spoken to directly.
//!
//! Not through the `syslog` crate: it blocks when the reader is stuck, and stamps each message in UTC where the
//! local time zone is unsafe to read in a program with threads. RFC 3164 §4.3.2 lets the local syslog put the time
//! on a message that has none, which OpenBSD's libc relies on too, so we leave it out.

use std::io;
use std::os::fd::OwnedFd;

use pizauth_common::ipc::connect::unix_socket;
use rustix::io::{Errno, ioctl_fionbio};
use rustix::net::{SendFlags, SocketAddrUnix, SocketType, connect, send};

use super::Severity;
use super::backlog::Written;

/// Linux and OpenBSD; FreeBSD and NetBSD; macOS.
const PATHS: [&str; 3] = ["/dev/log", "/var/run/log", "/var/run/syslog"];
/// LOG_DAEMON of syslog(3).
const FACILITY_DAEMON: u8 = 3;

/// A connection to the local syslog, made when it is needed.
#[derive(Debug)]
pub(super) struct Syslog {
    paths: Vec<String>,
    connection: Option<(SocketType, OwnedFd)>,
}

impl Syslog {
    pub(super) fn new() -> Self {
        Self::at(PATHS.map(str::to_owned).to_vec())
    }

    /// For tests: a syslog somewhere else.
    pub(super) fn at(paths: Vec<String>) -> Self {
        Self { paths, connection: None }
    }

    /// Sends a line, over a new connection where the syslog was started again since the last one.
    pub(super) fn send(&mut self, severity: Severity, line: &str) -> Written {
        let message = format!("<{}>pizauthd[{}]: {line}", priority(severity), std::process::id());
        if self.connection.is_some() {
            match self.try_send(&message) {
                Written::Nobody => self.connection = None,
                written => return written,
            }
        }
        self.connection = self.paths.iter().find_map(|path| connect_to(path).ok());
        self.try_send(&message)
    }

    fn try_send(&mut self, message: &str) -> Written {
        let Some((kind, socket)) = &self.connection else { return Written::Nobody };
        let terminated = format!("{message}\0");
        // A datagram ends by itself; on a stream the NUL ends a message, as with syslog(3) of glibc.
        let bytes = if *kind == SocketType::STREAM { terminated.as_bytes() } else { message.as_bytes() };
        match send(socket, bytes, SendFlags::DONTWAIT) {
            Ok(sent) if sent == bytes.len() => Written::Whole,
            // Half a message on a stream: the next one needs a new connection.
            Ok(_) => Written::Nobody,
            Err(Errno::AGAIN | Errno::NOBUFS | Errno::INTR) => Written::Stuck,
            Err(_) => Written::Nobody,
        }
    }
}

/// Most listen for datagrams; s6 and old versions of syslog-ng listen for streams.
fn connect_to(path: &str) -> io::Result<(SocketType, OwnedFd)> {
    match connect_as(SocketType::DGRAM, path) {
        Err(Errno::PROTOTYPE) => Ok((SocketType::STREAM, connect_as(SocketType::STREAM, path)?)),
        connected => Ok((SocketType::DGRAM, connected?)),
    }
}

fn connect_as(kind: SocketType, path: &str) -> Result<OwnedFd, Errno> {
    let socket = unix_socket(kind)?;
    ioctl_fionbio(&socket, true)?;
    connect(&socket, &SocketAddrUnix::new(path)?)?;
    Ok(socket)
}

/// RFC 3164 §4.1.1.
fn priority(severity: Severity) -> u8 {
    let severity = match severity {
        Severity::Error => 3,
        Severity::Warning => 4,
        Severity::Notice => 5,
        Severity::Info => 6,
        Severity::Debug | Severity::Trace => 7,
    };
    FACILITY_DAEMON * 8 + severity
}
