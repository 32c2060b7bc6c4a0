//! What tests of several rooms stand on.

use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use mio::{Events, Poll};
use pizauth_core::moment::Moment;

/// The same file, since a library does not show what its tests stand on.
#[path = "../common/testing.rs"]
mod of_common;
pub(crate) use of_common::private_directory;

/// Where tests begin whose clock is set by hand.
pub(crate) const START: Moment = Moment(1_000_000);

/// So many seconds after that.
pub(crate) fn after(seconds: u64) -> Moment {
    START.plus(Duration::from_secs(seconds))
}

/// Both ends of a connection over loopback: who connected, and who accepted. `None`: there is no such address.
pub(crate) fn connection_over(address: &str) -> Option<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind(address).ok()?;
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    Some((client, listener.accept().unwrap().0))
}

/// The same over IPv4.
pub(crate) fn connection() -> (TcpStream, TcpStream) {
    connection_over("127.0.0.1:0").unwrap()
}

/// Waits for news, at most for so long. A signal that is for another test is none.
pub(crate) fn wait_for_events(poll: &mut Poll, events: &mut Events, patience: Duration) {
    while let Err(error) = poll.poll(events, Some(patience)) {
        assert_eq!(error.kind(), ErrorKind::Interrupted);
    }
}

/// What a datagram says.
pub(crate) fn received(socket: &UnixDatagram) -> String {
    let mut buffer = [0; 8192];
    let length = socket.recv(&mut buffer).unwrap();
    String::from_utf8(buffer[..length].to_vec()).unwrap()
}
