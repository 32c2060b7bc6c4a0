use std::net::{Ipv4Addr, TcpListener};

use super::*;

#[cfg(target_os = "linux")]
mod silence;

const LONG: Duration = Duration::from_secs(20);

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// An address where nobody listens.
fn refusing() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
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
    let stream = connect(&[refusing(), refusing(), there], Deadline::after(LONG)).unwrap();
    assert_eq!(stream.peer_addr().unwrap(), there);
    assert!(stream.nodelay().unwrap());
}

#[test]
fn when_all_refuse_that_is_the_error() {
    let error = connect(&[refusing(), refusing()], Deadline::after(LONG)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
}
