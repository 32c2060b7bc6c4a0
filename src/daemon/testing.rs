//! What tests of several rooms stand on.

use std::fs::Permissions;
use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use mio::{Events, Poll};
use tempfile::TempDir;

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

/// A directory for us alone, whatever the umask is: one that others may write to is refused. Its path leaves room for
/// that of a socket, which the system limits to about a hundred bytes.
pub(crate) fn private_directory() -> TempDir {
    let usual = std::env::temp_dir();
    let place = if usual.as_os_str().len() <= 28 { &usual } else { Path::new("/tmp") };
    tempfile::Builder::new().permissions(Permissions::from_mode(0o700)).tempdir_in(place).unwrap()
}
