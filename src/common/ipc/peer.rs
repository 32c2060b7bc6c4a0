//! Who is at the other end of a Unix socket: the system says so, not the other end.

use std::io;
use std::os::fd::AsFd;
use std::sync::LazyLock;

const ROOT_UID: u32 = 0;
/// Our own user id. It does not change, so the system is asked once, and not for each caller.
static OUR_UID: LazyLock<u32> = LazyLock::new(|| rustix::process::geteuid().as_raw());

/// The process at the other end: when it connected, or when it began to listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its effective user id.
    pub uid: u32,
    /// Its process id, where the system tells and it is in our process namespace.
    pub pid: Option<i32>,
}

impl Peer {
    /// Asks the system about the other end of a connected socket.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn of(socket: &impl AsFd) -> io::Result<Self> {
        peer(socket)
    }

    /// Whether it runs as us or as root: nobody else's requests are heard, and nobody else's answers believed.
    pub fn is_trusted(self) -> bool {
        self.uid == *OUR_UID || self.uid == ROOT_UID
    }
}

/// By nix, since the process id of a peer outside our process namespace is 0, which rustix's type for it cannot hold.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn peer(socket: &impl AsFd) -> io::Result<Peer> {
    use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
    let credentials = getsockopt(socket, PeerCredentials)?;
    let pid = Some(credentials.pid()).filter(|pid| *pid > 0);
    Ok(Peer { uid: credentials.uid(), pid })
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn peer(socket: &impl AsFd) -> io::Result<Peer> {
    let (uid, _) = nix::unistd::getpeereid(socket)?;
    Ok(Peer { uid: uid.as_raw(), pid: pid_of_peer(socket) })
}

#[cfg(target_vendor = "apple")]
fn pid_of_peer(socket: &impl AsFd) -> Option<i32> {
    use nix::sys::socket::{getsockopt, sockopt::LocalPeerPid};
    getsockopt(socket, LocalPeerPid).ok().filter(|pid| *pid > 0)
}

/// The BSDs tell the process id in structures that neither nix nor rustix reads.
#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn pid_of_peer(_: &impl AsFd) -> Option<i32> {
    None
}

#[cfg(test)]
mod tests {
    use super::Peer;
    use std::os::unix::net::UnixStream;

    #[test]
    fn the_other_end_of_a_pair_is_this_process() {
        let (one, _other) = UnixStream::pair().unwrap();
        let peer = Peer::of(&one).unwrap();
        assert_eq!(peer.uid, rustix::process::geteuid().as_raw());
        assert!(peer.is_trusted());
        assert!(!Peer { uid: peer.uid.wrapping_add(1), pid: None }.is_trusted());
    }
}
