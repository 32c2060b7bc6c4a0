//! Who makes room for whom.

use std::io::{ErrorKind, Read};
use std::thread;

use super::*;
use crate::testing::connection;

const PATIENCE: Duration = Duration::from_secs(20);

/// A connection's two ends. The first is a patient reader.
fn pair() -> (TcpStream, TcpStream) {
    let (client, accepted) = connection();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    (client, accepted)
}

/// A worker that reads until it is told to go.
fn admit_reader(connections: &Arc<Connections>) -> TcpStream {
    let (client, ours) = pair();
    let place = connections.admit(ours, true).unwrap();
    thread::spawn(move || {
        let _ = (&mut place.socket()).read(&mut [0]);
    });
    client
}

/// Waits for the end: on a busy machine it is on its way for a moment.
fn is_closed(mut client: &TcpStream) -> bool {
    matches!(client.read(&mut [0]), Ok(0))
}

fn is_open(mut client: &TcpStream) -> bool {
    client.set_nonblocking(true).unwrap();
    let read = client.read(&mut [0]);
    client.set_nonblocking(false).unwrap();
    read.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

#[test]
fn the_oldest_reader_makes_room() {
    let connections = Arc::new(Connections::new(2, PATIENCE));
    let first = admit_reader(&connections);
    let second = admit_reader(&connections);
    let third = admit_reader(&connections);
    assert!(is_closed(&first));
    assert!(is_open(&second) && is_open(&third));
}

#[test]
fn what_is_being_answered_is_not_disturbed() {
    let connections = Arc::new(Connections::new(2, PATIENCE));
    let (_client, ours) = pair();
    let answering = connections.admit(ours, true).unwrap();
    assert!(answering.begin_answer());
    let reader = admit_reader(&connections);
    let newcomer = admit_reader(&connections);
    assert!(is_closed(&reader) && is_open(&newcomer));
    assert!(answering.begin_closing(), "it was disturbed");
}

#[test]
fn where_all_are_being_answered_there_is_no_room() {
    let connections = Arc::new(Connections::new(1, PATIENCE));
    let (_client, ours) = pair();
    let place = connections.admit(ours, true).unwrap();
    assert!(connections.have_room(), "a reader makes room");
    assert!(place.begin_answer());
    assert!(!connections.have_room());
    assert!(connections.admit(pair().1, true).is_none());
    drop(place);
    assert!(connections.have_room());
    assert!(connections.admit(pair().1, true).is_some());
}

#[test]
fn one_that_has_its_page_goes_before_a_reader() {
    let connections = Arc::new(Connections::new(2, PATIENCE));
    let reader = admit_reader(&connections);
    let (closing, ours) = pair();
    let place = connections.admit(ours, true).unwrap();
    assert!(place.begin_answer() && place.begin_closing());
    thread::spawn(move || {
        let _ = (&mut place.socket()).read(&mut [0]);
    });
    let _newcomer = admit_reader(&connections);
    assert!(is_closed(&closing) && is_open(&reader));
}

#[test]
fn an_unwelcome_peer_goes_before_an_older_reader() {
    let connections = Arc::new(Connections::new(2, PATIENCE));
    let reader = admit_reader(&connections);
    let (unwelcome, ours) = pair();
    let place = connections.admit(ours, false).unwrap();
    thread::spawn(move || {
        let _ = (&mut place.socket()).read(&mut [0]);
    });
    let _newcomer = admit_reader(&connections);
    assert!(is_closed(&unwelcome) && is_open(&reader));
}

#[test]
fn nothing_comes_of_a_connection_that_had_to_go() {
    let connections = Arc::new(Connections::new(1, Duration::ZERO));
    let (_client, ours) = pair();
    let place = connections.admit(ours, true).unwrap();
    connections.end(Duration::ZERO);
    assert!(!place.begin_answer());
}
