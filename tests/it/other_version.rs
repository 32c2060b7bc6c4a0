//! A daemon or a caller of another version: a clear error on both sides.

use std::io::{Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixListener;
use std::sync::mpsc;
use std::time::Duration;

use crate::support::callers::{ask, frame};
use crate::support::{PATIENCE, Running, Sandbox};

/// A daemon of the future that answers one caller with these bytes, and then tells us that it did.
fn answer_once(sandbox: &Sandbox, answer: Vec<u8>) -> mpsc::Receiver<()> {
    let directory = sandbox.runtime_dir().join("pizauth");
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).unwrap();
    let _ = std::fs::remove_file(sandbox.socket());
    let listener = UnixListener::bind(sandbox.socket()).unwrap();
    let (answered, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut request = [0; 5];
        stream.read_exact(&mut request).unwrap();
        stream.write_all(&answer).unwrap();
        // Until the caller has gone, whatever it still sends.
        let _ = stream.read_to_end(&mut Vec::new());
        let _ = answered.send(());
    });
    receiver
}

#[test]
fn a_daemon_of_another_version_is_told_apart_from_an_absent_one() {
    let sandbox = Sandbox::new();
    let daemon = answer_once(&sandbox, frame(99, "{\"answer\":\"from the future\"}"));
    sandbox.applet("show").args(["work"]).run().exits(2).prints_nothing().says("version");
    daemon.recv_timeout(PATIENCE).unwrap();
}

#[test]
fn answers_that_are_none_are_errors_and_no_panics() {
    let sandbox = Sandbox::new();
    let hostile = [
        frame(1, "{\"answer\":\"from the future\"}"),
        frame(1, "not json"),
        frame(1, ""),
        vec![0xff; 64],
        b"HTTP/1.1 200 OK\r\n\r\n".to_vec(),
    ];
    for answer in hostile {
        let daemon = answer_once(&sandbox, answer);
        sandbox.applet("show").args(["work"]).run().exits(2).prints_nothing();
        daemon.recv_timeout(PATIENCE).unwrap();
    }
}

#[test]
fn a_caller_of_another_version_gets_a_typed_error() {
    let running = Running::start();
    for request in [frame(99, "{\"request\":\"status\"}"), frame(1, "{\"request\":\"dance\"}"), frame(1, "[")]
    {
        let answer = ask(&running.sandbox.socket(), &request);
        assert_eq!(answer["answer"], "refused", "{answer}");
    }
    running.pending_url("work");
}
