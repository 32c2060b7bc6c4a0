//! The kernel's table of sockets, one row of it: sock_diag(7) by exact match.

use std::io;
use std::net::IpAddr;
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::netlink::{SOCK_DIAG, SocketAddrNetlink};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, connect, recv, send, socket_with,
};

use super::{Ends, LISTENS, Row};

/// `SOCK_DIAG_BY_FAMILY`, `NLM_F_REQUEST`, `NLMSG_ERROR`, `IPPROTO_TCP`.
const BY_FAMILY: u16 = 20;
const REQUEST: u16 = 1;
const ERROR: u16 = 2;
const TCP: u8 = 6;
const INET: u8 = AddressFamily::INET.as_raw() as u8;
const INET6: u8 = AddressFamily::INET6.as_raw() as u8;

const HEADER_BYTES: usize = 16;
/// Ports and addresses: the beginning of `struct inet_diag_sockid`.
const ID_BYTES: usize = 36;

/// A socket to ask the kernel through. It stays open: when descriptors run out there would be none for it.
#[derive(Debug)]
pub(super) struct Table(OwnedFd);

impl Table {
    /// Connected, so that it takes answers from nobody but the kernel.
    ///
    /// # Errors
    /// `NOENT`, `AFNOSUPPORT` or `PROTONOSUPPORT` where the kernel does not know of sock_diag at all.
    pub(super) fn open() -> Result<Self, Errno> {
        let protocol = Some(SOCK_DIAG);
        let socket = socket_with(AddressFamily::NETLINK, SocketType::DGRAM, SocketFlags::CLOEXEC, protocol)?;
        connect(&socket, &SocketAddrNetlink::new(0, 0))?;
        Ok(Self(socket))
    }

    /// The row of the peer's socket. `None`: there is no such socket, or the kernel has no such table.
    ///
    /// # Errors
    /// The kernel cannot be asked.
    pub(super) fn find(&self, ends: Ends) -> io::Result<Option<Row>> {
        send(&self.0, &request(ends), SendFlags::empty())?;
        let mut answer = [0; 512];
        // The kernel has answered before `send` returned.
        let (length, _) = recv(&self.0, &mut answer, RecvFlags::DONTWAIT)?;
        read(&answer[..length.min(answer.len())], ends)
    }
}

/// `struct nlmsghdr`, then `struct inet_diag_req_v2`.
fn request(ends: Ends) -> Vec<u8> {
    let family = if ends.peer.is_ipv4() { INET } else { INET6 };
    let mut body = vec![family, TCP, 0, 0];
    body.extend_from_slice(&u32::MAX.to_ne_bytes()); // every state
    body.extend_from_slice(&id(ends, family));
    body.extend_from_slice(&[0; 4]); // any interface
    body.extend_from_slice(&[0xff; 8]); // INET_DIAG_NOCOOKIE
    let mut message = Vec::with_capacity(HEADER_BYTES + body.len());
    message.extend_from_slice(&((HEADER_BYTES + body.len()) as u32).to_ne_bytes());
    message.extend_from_slice(&BY_FAMILY.to_ne_bytes());
    message.extend_from_slice(&REQUEST.to_ne_bytes());
    message.extend_from_slice(&[0; 8]); // sequence, port
    message.extend_from_slice(&body);
    message
}

/// As the peer's socket has it: its own end comes first. Network byte order. A socket for IPv6 that speaks IPv4
/// has mapped addresses.
fn id(ends: Ends, family: u8) -> [u8; ID_BYTES] {
    let mut id = [0; ID_BYTES];
    id[0..2].copy_from_slice(&ends.peer.port().to_be_bytes());
    id[2..4].copy_from_slice(&ends.ours.port().to_be_bytes());
    for (place, end) in [(4, ends.peer), (20, ends.ours)] {
        match end.ip() {
            IpAddr::V4(ip) if family == INET => id[place..place + 4].copy_from_slice(&ip.octets()),
            IpAddr::V4(ip) => id[place..place + 16].copy_from_slice(&ip.to_ipv6_mapped().octets()),
            IpAddr::V6(ip) => id[place..place + 16].copy_from_slice(&ip.octets()),
        }
    }
    id
}

/// `struct nlmsghdr`, then `struct inet_diag_msg` or a negative error number.
pub(super) fn read(answer: &[u8], ends: Ends) -> io::Result<Option<Row>> {
    let short = || io::Error::from(io::ErrorKind::InvalidData);
    let kind = array(answer, 4).map(u16::from_ne_bytes).ok_or_else(short)?;
    let body = answer.get(HEADER_BYTES..).ok_or_else(short)?;
    if kind == ERROR {
        let number = array(body, 0).map(i32::from_ne_bytes).ok_or_else(short)?;
        let error = io::Error::from_raw_os_error(number.saturating_neg());
        return if error.kind() == io::ErrorKind::NotFound { Ok(None) } else { Err(error) };
    }
    let [family, state] = array(body, 0).ok_or_else(short)?;
    let uid = array(body, 64).map(u32::from_ne_bytes).ok_or_else(short)?;
    let inode = array(body, 68).map(u32::from_ne_bytes).ok_or_else(short)?;
    // Where the socket is gone the kernel may come up with one that listens at its address.
    let is_the_one = kind == BY_FAMILY && state != LISTENS && array(body, 4) == Some(id(ends, family));
    Ok(is_the_one.then_some(Row { uid, inode: inode.into() }))
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}
