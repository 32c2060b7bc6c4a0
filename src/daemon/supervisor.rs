//! Tells whoever supervises us how we are: systemd over `NOTIFY_SOCKET` (sd_notify(3)), s6 and dinit over a
//! descriptor that they have opened for it.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use pizauth_common::cause::Cause;
use pizauth_common::sys;
use pizauth_core::keeper::Summary;

use crate::clock::Clock;
use crate::log::{self, What};

/// Where systemd listens. Hooks do not get to see it: they are not the service.
pub(crate) const VARIABLE: &str = "NOTIFY_SOCKET";

/// The supervisors that want to know.
#[derive(Debug)]
pub(crate) struct Supervisor {
    notify_socket: Option<OsString>,
    ready_fd: Option<OwnedFd>,
    /// A reload before that is nobody's business: its end would be taken for readiness.
    is_ready: bool,
}

/// Why `--ready-fd` cannot be used.
#[derive(Debug)]
pub(crate) enum ReadyFdError {
    /// Standard input, output and error are in use.
    Standard(i32),
    /// Nobody has opened it for us.
    NotOpen(i32, io::Error),
}

impl fmt::Display for ReadyFdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standard(number) => {
                write!(f, "cannot tell readiness on descriptor {number}: choose one from 3 on for --ready-fd")
            }
            Self::NotOpen(number, error) => {
                write!(
                    f,
                    "cannot tell readiness on descriptor {number}: {} (it has to be open at our start)",
                    Cause(error)
                )
            }
        }
    }
}

impl std::error::Error for ReadyFdError {}

impl Supervisor {
    /// `NOTIFY_SOCKET` of the environment, if it is set, and the descriptor `ready_fd`, if one is given.
    ///
    /// # Errors
    /// The descriptor is not one that can be used.
    pub(crate) fn new(ready_fd: Option<i32>) -> Result<Self, ReadyFdError> {
        let ready_fd = ready_fd.map(take_ready_fd).transpose()?;
        let notify_socket = std::env::var_os(VARIABLE).filter(|path| !path.is_empty());
        Ok(Self { notify_socket, ready_fd, is_ready: false })
    }

    /// We accept commands, and what `startup_cmd` restores is there, or has been waited for since our start.
    pub(crate) fn ready(&mut self) {
        self.is_ready = true;
        // The process that systemd started may have been the parent of this one.
        self.notify(&format!("READY=1\nMAINPID={}\nSTATUS=ready", std::process::id()));
        if let Some(ready_fd) = self.ready_fd.take() {
            report("ready_fd", File::from(ready_fd).write_all(b"\n"));
        }
    }

    /// The configuration is about to be read again.
    pub(crate) fn reloading(&self) {
        if self.is_ready {
            self.notify(&format!("RELOADING=1\nMONOTONIC_USEC={}", Clock::monotonic_microseconds()));
        }
    }

    /// It has been read, or stays as it was.
    pub(crate) fn reloaded(&self) {
        if self.is_ready {
            self.notify("READY=1");
        }
    }

    /// How the accounts are. Asks for it only where it is worth something.
    pub(crate) fn accounts(&self, summary: impl FnOnce() -> Summary) {
        if self.is_ready && self.notify_socket.is_some() {
            self.notify(&format!("STATUS={}", summary()));
        }
    }

    /// We are about to end.
    pub(crate) fn stopping(&self) {
        self.notify("STOPPING=1\nSTATUS=stopping");
    }

    fn notify(&self, message: &str) {
        if let Some(socket) = &self.notify_socket {
            report(VARIABLE, send(socket, message));
        }
    }
}

/// Takes over the descriptor of `--ready-fd`.
///
/// # Errors
/// It is not one that can be used.
pub(crate) fn take_ready_fd(number: i32) -> Result<OwnedFd, ReadyFdError> {
    sys::take_inherited_descriptor(number).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidInput => ReadyFdError::Standard(number),
        _ => ReadyFdError::NotOpen(number, error),
    })
}

/// A supervisor that cannot be told is no reason to end.
fn report(means: &str, result: io::Result<()>) {
    if let Err(error) = result {
        log::event(What::ReadinessFailed).field("means", means).field("reason", Cause(&error)).write();
    }
}

fn send(socket: &OsStr, message: &str) -> io::Result<()> {
    let address = address(socket)?;
    let sender = UnixDatagram::unbound()?;
    sender.set_nonblocking(true)?;
    sender.send_to_addr(message.as_bytes(), &address)?;
    Ok(())
}

fn address(socket: &OsStr) -> io::Result<SocketAddr> {
    match socket.as_bytes() {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        [b'@', name @ ..] => {
            #[cfg(target_os = "android")]
            use std::os::android::net::SocketAddrExt;
            #[cfg(target_os = "linux")]
            use std::os::linux::net::SocketAddrExt;
            SocketAddr::from_abstract_name(name)
        }
        [b'/', ..] => SocketAddr::from_pathname(socket),
        _ => {
            Err(io::Error::new(io::ErrorKind::InvalidInput, "neither an absolute path nor an abstract name"))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, pipe};

    use super::*;
    use crate::testing::{private_directory, received};

    #[test]
    fn systemd_hears_the_whole_story() {
        let dir = private_directory();
        let path = dir.path().join("notify");
        let receiver = UnixDatagram::bind(&path).unwrap();
        let mut supervisor = Supervisor { notify_socket: Some(path.into()), ready_fd: None, is_ready: false };
        supervisor.reloading();
        supervisor.reloaded();
        supervisor.accounts(|| panic!("nobody wants to know yet"));
        supervisor.ready();
        supervisor.reloading();
        supervisor.reloaded();
        supervisor.accounts(|| Summary { usable: 3, needs_user: 1 });
        supervisor.accounts(|| Summary { usable: 0, needs_user: 2 });
        supervisor.stopping();
        assert_eq!(received(&receiver), format!("READY=1\nMAINPID={}\nSTATUS=ready", std::process::id()));
        let reloading = received(&receiver);
        let micros: u64 = reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap().parse().unwrap();
        assert!(micros > 0);
        assert_eq!(received(&receiver), "READY=1");
        assert_eq!(received(&receiver), "STATUS=3 active, 1 needs you");
        assert_eq!(received(&receiver), "STATUS=0 active, 2 need you");
        assert_eq!(received(&receiver), "STOPPING=1\nSTATUS=stopping");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_abstract_name_is_one_too() {
        use std::os::linux::net::SocketAddrExt;
        let name = format!("pizauth-test-{}", std::process::id());
        let receiver = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        send(OsStr::new(&format!("@{name}")), "READY=1").unwrap();
        assert_eq!(received(&receiver), "READY=1");
    }

    #[test]
    fn a_socket_that_is_not_there_is_only_logged() {
        let notify_socket = Some("/nonexistent/notify".into());
        Supervisor { notify_socket, ready_fd: None, is_ready: false }.ready();
        assert!(send(OsStr::new("relative"), "READY=1").is_err());
    }

    #[test]
    fn a_descriptor_gets_a_newline_and_is_closed() {
        let (mut reader, writer) = pipe().unwrap();
        let mut supervisor =
            Supervisor { notify_socket: None, ready_fd: Some(writer.into()), is_ready: false };
        supervisor.ready();
        supervisor.ready();
        let mut told = String::new();
        reader.read_to_string(&mut told).unwrap();
        assert_eq!(told, "\n");
    }

    #[test]
    fn a_descriptor_that_is_not_ours_to_use_is_refused() {
        assert!(matches!(Supervisor::new(Some(1)), Err(ReadyFdError::Standard(1))));
        assert!(matches!(Supervisor::new(Some(-1)), Err(ReadyFdError::Standard(-1))));
        assert!(matches!(Supervisor::new(Some(1_000_000)), Err(ReadyFdError::NotOpen(1_000_000, _))));
        let ours = std::fs::File::open("/dev/null").unwrap();
        let number = std::os::fd::AsRawFd::as_raw_fd(&ours);
        assert!(
            matches!(Supervisor::new(Some(number)), Err(ReadyFdError::NotOpen(..))),
            "it is not inherited"
        );
    }
}
