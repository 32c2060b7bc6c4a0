//! The local syslog: the `syslog` crate's logger, over a socket of our own, since the crate's would wait for a reader
//! that is stuck.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::os::fd::OwnedFd;
use std::process;

use ::syslog::{Error, Facility, LogFormat, Logger};
use pizauth_common::ipc::connect::unix_socket;
use rustix::io::{Errno, ioctl_fionbio};
use rustix::net::{SendFlags, SocketAddrUnix, SocketType, connect, send};

use super::Severity;
use super::written::Written;

/// Linux and OpenBSD; FreeBSD and NetBSD; macOS.
const PATHS: [&str; 3] = ["/dev/log", "/var/run/log", "/var/run/syslog"];

/// Writes lines to the local syslog.
pub(super) struct Syslog(Logger<Socket, Untimed>);

impl Syslog {
    pub(super) fn new() -> Self {
        Self::at(PATHS.map(str::to_owned).to_vec())
    }

    /// For tests: a syslog somewhere else.
    pub(super) fn at(paths: Vec<String>) -> Self {
        Self(Logger::new(Socket { paths, connection: None }, Untimed))
    }

    /// Sends a line.
    pub(super) fn send(&mut self, severity: Severity, line: &str) -> Written {
        let sent = match severity {
            Severity::Error => self.0.err(line),
            Severity::Warning => self.0.warning(line),
            Severity::Notice => self.0.notice(line),
            Severity::Info => self.0.info(line),
            Severity::Debug | Severity::Trace => self.0.debug(line),
        };
        match sent {
            Ok(()) => Written::Whole,
            Err(Error::Write(error)) if error.kind() == ErrorKind::WouldBlock => Written::Stuck,
            Err(_) => Written::Nobody,
        }
    }
}

/// The format of RFC 3164 without a time: the crate's own would be in UTC, and the local syslog puts its own on a
/// message that has none (§4.3.2), which OpenBSD's libc relies on, too.
struct Untimed;

impl<T: Display> LogFormat<T> for Untimed {
    fn format<W: Write>(
        &self,
        writer: &mut W,
        severity: ::syslog::Severity,
        line: T,
    ) -> ::syslog::Result<()> {
        let priority = Facility::LOG_DAEMON as u8 | severity as u8;
        let message = format!("<{priority}>pizauthd[{}]: {line}", process::id());
        writer.write_all(message.as_bytes()).map_err(Error::Write)
    }
}

/// A connection to the local syslog, made when it is needed, and again where the syslog was started anew.
struct Socket {
    paths: Vec<String>,
    connection: Option<(SocketType, OwnedFd)>,
}

impl Write for Socket {
    /// Takes a message whole or not at all.
    ///
    /// # Errors
    /// [`ErrorKind::WouldBlock`] where the reader is there but takes nothing at the moment.
    fn write(&mut self, message: &[u8]) -> io::Result<usize> {
        if self.connection.is_some() {
            match self.try_send(message) {
                Err(error) if error.kind() != ErrorKind::WouldBlock => self.connection = None,
                sent => return sent,
            }
        }
        self.connection = self.paths.iter().find_map(|path| connect_to(path).ok());
        self.try_send(message)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Socket {
    fn try_send(&self, message: &[u8]) -> io::Result<usize> {
        let (kind, socket) = self.connection.as_ref().ok_or(ErrorKind::NotConnected)?;
        // A datagram ends by itself; on a stream the NUL ends a message, as with syslog(3) of glibc.
        let end: &[u8] = if *kind == SocketType::STREAM { b"\0" } else { b"" };
        let bytes = [message, end].concat();
        match send(socket, &bytes, SendFlags::DONTWAIT) {
            Ok(sent) if sent == bytes.len() => Ok(message.len()),
            // Half a message on a stream: the next one needs a new connection.
            Ok(_) => Err(ErrorKind::WriteZero.into()),
            Err(Errno::AGAIN | Errno::NOBUFS | Errno::INTR) => Err(ErrorKind::WouldBlock.into()),
            Err(error) => Err(error.into()),
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
