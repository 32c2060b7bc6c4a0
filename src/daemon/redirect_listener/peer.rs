//! Whether the other end of a connection is a process of our user, or root's, where it is on this machine.
//!
//! Any user of the machine can connect to 127.0.0.1, from any address that the machine has, and a browser of another
//! user must not get in here. What comes from elsewhere has no row in our kernel's table, and cannot come to a loopback
//! address unless the kernel was told to route it there (route_localnet): then it is refused for want of a row.

use std::fmt;
use std::net::{SocketAddr, TcpStream};

#[cfg(target_os = "linux")]
mod proc_net;
#[cfg(target_os = "linux")]
mod sock_diag;
#[cfg(test)]
mod tests;

/// Both ends of a connection, as the kernel's table has them; IPv4 is never written as IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ends {
    peer: SocketAddr,
    ours: SocketAddr,
}

impl Ends {
    fn of(socket: &TcpStream) -> Option<Self> {
        let canonical = |address: SocketAddr| SocketAddr::new(address.ip().to_canonical(), address.port());
        Some(Self { peer: canonical(socket.peer_addr().ok()?), ours: canonical(socket.local_addr().ok()?) })
    }

    /// Whether both must be on this machine.
    fn are_local(self) -> bool {
        self.ours.ip().is_loopback() || self.peer.ip().is_loopback()
    }
}

/// Whose socket the peer's is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "only Linux tells"))]
enum Owner {
    /// That of a process with this uid.
    User(u32),
    /// The socket is gone, or no process has it any more: the kernel shows such as root's.
    Nobody,
    /// There is a table, but it cannot be read.
    Hidden,
    /// This kernel has no table of sockets.
    Untold,
}

/// Why a peer may not ask for anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It is a process of this other user.
    OtherUser(u32),
    /// No live socket is at the other end.
    NoSocket,
    /// The kernel's table of sockets cannot be read.
    Hidden,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherUser(uid) => write!(f, "the peer is a process of uid {uid}"),
            Self::NoSocket => f.write_str("the peer has no live socket"),
            Self::Hidden => f.write_str("the owner of the peer's socket cannot be read"),
        }
    }
}

/// Finds out about peers.
#[derive(Debug)]
pub(super) struct PeerCheck {
    #[cfg(target_os = "linux")]
    table: Result<sock_diag::Table, rustix::io::Errno>,
}

impl PeerCheck {
    pub(super) fn new() -> Self {
        Self {
            #[cfg(target_os = "linux")]
            table: sock_diag::Table::open(),
        }
    }

    /// Whether the peer may ask for something. One on another machine may: it is the firewall's affair.
    ///
    /// # Errors
    /// It may not.
    pub(super) fn check(&self, socket: &TcpStream) -> Result<(), Refusal> {
        let ends = Ends::of(socket).ok_or(Refusal::NoSocket)?;
        judge(self.owner(ends), ends.are_local(), rustix::process::geteuid().as_raw())
    }

    #[cfg(not(target_os = "linux"))]
    fn owner(&self, _: Ends) -> Owner {
        Owner::Untold
    }

    /// Asks for the one socket; where the kernel cannot be asked so, reads its whole table.
    #[cfg(target_os = "linux")]
    fn owner(&self, ends: Ends) -> Owner {
        if let Ok(table) = &self.table
            && let Ok(Some(found)) = table.find(ends)
        {
            return found.owner();
        }
        match proc_net::find(ends) {
            Ok(Some(found)) => found.owner(),
            Ok(None) => Owner::Nobody,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => self.owner_without_proc(ends),
            Err(_) => Owner::Hidden,
        }
    }

    /// "No such socket" and "no such table" are one answer of the kernel: our own end, which is there for
    /// certain, tells them apart.
    #[cfg(target_os = "linux")]
    fn owner_without_proc(&self, ends: Ends) -> Owner {
        use rustix::io::Errno;
        match &self.table {
            Ok(table) => match table.find(ends.reversed()) {
                Ok(None) => Owner::Untold,
                Ok(Some(_)) => Owner::Nobody,
                Err(_) => Owner::Hidden,
            },
            Err(Errno::AFNOSUPPORT | Errno::PROTONOSUPPORT | Errno::NOENT) => Owner::Untold,
            Err(_) => Owner::Hidden,
        }
    }
}

fn judge(owner: Owner, is_local: bool, our_uid: u32) -> Result<(), Refusal> {
    match owner {
        Owner::Nobody | Owner::Hidden if !is_local => Ok(()),
        Owner::User(uid) if uid == our_uid || uid == 0 => Ok(()),
        Owner::User(uid) => Err(Refusal::OtherUser(uid)),
        Owner::Nobody => Err(Refusal::NoSocket),
        Owner::Hidden => Err(Refusal::Hidden),
        Owner::Untold => {
            say_that_peers_are_unchecked();
            Ok(())
        }
    }
}

fn say_that_peers_are_unchecked() {
    use crate::log::{What, event};
    static SAID: std::sync::Once = std::sync::Once::new();
    SAID.call_once(|| {
        let reason = "this system does not tell whose a socket is: any user of this machine may connect";
        event(What::PeerUnchecked).field("reason", reason).write();
    });
}

#[cfg(target_os = "linux")]
impl Ends {
    fn reversed(self) -> Self {
        Self { peer: self.ours, ours: self.peer }
    }
}

/// A row of the kernel's table.
#[cfg(target_os = "linux")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    uid: u32,
    inode: u64,
}

#[cfg(target_os = "linux")]
impl Row {
    fn owner(self) -> Owner {
        if self.inode == 0 { Owner::Nobody } else { Owner::User(self.uid) }
    }
}

/// `TCP_LISTEN` of the kernel: a socket that listens where the peer's was is not the peer's.
#[cfg(target_os = "linux")]
const LISTENS: u8 = 10;
