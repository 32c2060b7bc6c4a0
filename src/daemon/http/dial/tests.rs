use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::OwnedFd;

use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket};

use super::*;

#[cfg(target_os = "linux")]
mod silence;

const LONG: Duration = Duration::from_secs(20);

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// An address where nobody listens, and nobody can begin to while it is held: it is bound, and that is all.
pub(crate) struct Refusing {
    pub(crate) address: SocketAddr,
    socket: OwnedFd,
}

impl Refusing {
    pub(crate) fn new() -> Self {
        let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        bind(&socket, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let address = SocketAddr::try_from(getsockname(&socket).unwrap()).unwrap();
        Self { address, socket }
    }
}

#[test]
fn the_families_take_turns_beginning_with_the_one_that_comes_first() {
    let all = ["[::1]:1", "[::2]:1", "[::3]:1", "127.0.0.1:1", "127.0.0.2:1"].map(address);
    let turns = ["[::1]:1", "127.0.0.1:1", "[::2]:1", "127.0.0.2:1", "[::3]:1"].map(address);
    assert_eq!(interleaved(&all), turns);
}

#[test]
fn an_address_that_refuses_is_passed_over() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let there = listener.local_addr().unwrap();
    let (one, other) = (Refusing::new(), Refusing::new());
    let stream = connect(&[one.address, other.address, there], Deadline::after(LONG)).unwrap();
    assert_eq!(stream.peer_addr().unwrap(), there);
    assert!(stream.nodelay().unwrap());
}

#[test]
fn when_all_refuse_that_is_the_error() {
    let (one, other) = (Refusing::new(), Refusing::new());
    let error = connect(&[one.address, other.address], Deadline::after(LONG)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
}
