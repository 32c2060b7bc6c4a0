//! Addresses that neither accept nor refuse a connection.

use std::process::Command;
use std::{env, fs, thread};

use rustix::net::listen;

use super::*;

/// An address that says nothing: a listener with room for one connection, which is taken.
struct Silent {
    address: SocketAddr,
    _held: (Refusing, TcpStream),
}

impl Silent {
    fn new() -> Self {
        let bound = Refusing::new();
        listen(&bound.socket, 0).unwrap();
        let taken = TcpStream::connect(bound.address).unwrap();
        Self { address: bound.address, _held: (bound, taken) }
    }
}

fn addresses(silent: &[Silent]) -> Vec<SocketAddr> {
    silent.iter().map(|silent| silent.address).collect()
}

#[test]
fn addresses_that_say_nothing_do_not_keep_the_others_waiting() {
    // More than are tried at a time.
    let silent: Vec<_> = (0..=AT_ONCE).map(|_| Silent::new()).collect();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let there = listener.local_addr().unwrap();
    let all: Vec<_> = addresses(&silent).into_iter().chain([there]).collect();
    let stream = connect(&all, Deadline::after(LONG)).unwrap();
    assert_eq!(stream.peer_addr().unwrap(), there);
}

fn threads() -> usize {
    fs::read_dir("/proc/self/task").unwrap().count()
}

/// In a process of its own, since other tests have threads, too.
#[test]
fn addresses_that_say_nothing_cost_no_thread() {
    const ALONE: &str = "PIZAUTH_TEST_ALONE";
    if env::var_os(ALONE).is_none() {
        let name = "http::dial::tests::silence::addresses_that_say_nothing_cost_no_thread";
        let alone = ["--exact", name, "--test-threads=1"];
        let output = Command::new(env::current_exe().unwrap()).args(alone).env(ALONE, "1").output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && told.contains("1 passed"), "{told}");
        return;
    }
    let silent: Vec<_> = (0..28).map(|_| Silent::new()).collect();
    let all = addresses(&silent);
    let before = threads();
    let deadline = Deadline::after(Duration::from_secs(1));
    let dial = || connect(&all, deadline).unwrap_err().kind();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..8).map(|_| scope.spawn(dial)).collect();
        let mut most = 0;
        while !workers.iter().all(|worker| worker.is_finished()) {
            most = most.max(threads());
            thread::park_timeout(Duration::from_millis(5));
        }
        assert!(most <= before + workers.len(), "{most} threads, of which {before} were there");
        let ends: Vec<_> = workers.into_iter().map(|worker| worker.join().unwrap()).collect();
        assert_eq!(ends, [io::ErrorKind::TimedOut; 8]);
    });
}
