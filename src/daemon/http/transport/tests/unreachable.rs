//! Servers that nothing can be sent to.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;

use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket};

use super::*;

#[test]
fn a_server_that_is_not_there_was_not_reached() {
    let nobody = Refusing::new();
    let (why, sent) = lost(perform(&format!("http://{}/", nobody.address), limits()));
    assert!(why.starts_with("cannot reach 127.0.0.1: connection refused") && !sent, "{why}");
}

#[test]
fn a_name_without_an_address_is_told_from_whatever_else_keeps_from_a_server() {
    // Too long for a name (RFC 1035 §2.3.4), so that nobody is asked for it.
    let unresolved = perform(&format!("http://{}.example/", "a".repeat(64)), limits()).unwrap_err();
    assert!(unresolved.why.contains(": its name cannot be looked up: "), "{}", unresolved.why);
    assert!(unresolved.is_unresolved && !unresolved.sent);
    let nobody = Refusing::new();
    assert!(!perform(&format!("http://{}/", nobody.address), limits()).unwrap_err().is_unresolved);
}

/// An address where nobody listens, and nobody can begin to while it is held: it is bound, and that is all.
pub(super) struct Refusing {
    pub(super) address: SocketAddr,
    _socket: OwnedFd,
}

impl Refusing {
    pub(super) fn new() -> Self {
        let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        bind(&socket, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let address = SocketAddr::try_from(getsockname(&socket).unwrap()).unwrap();
        Self { address, _socket: socket }
    }
}
