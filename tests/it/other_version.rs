//! A daemon or a caller of another version: a clear error on both sides.

use std::io::{Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixListener;
use std::sync::mpsc;
use std::time::Duration;

use crate::support::callers::{REQUEST, RESPONSE, VERSION, ask, frame};
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
        let mut request = [0; 6];
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
    let daemon = answer_once(&sandbox, frame(99, RESPONSE, "{\"from_the_future\":{}}"));
    sandbox.applet("show").args(["work"]).run().exits(2).prints_nothing().says("version");
    daemon.recv_timeout(PATIENCE).unwrap();
}

#[test]
fn answers_that_are_none_are_errors_and_no_panics() {
    let sandbox = Sandbox::new();
    let hostile = [
        frame(VERSION, RESPONSE, "{\"from_the_future\":{}}"),
        frame(VERSION, 99, "{\"revoked\":{}}"),
        frame(VERSION, REQUEST, "{\"show\":{\"account\":\"work\"}}"),
        frame(VERSION, RESPONSE, "not json"),
        frame(VERSION, RESPONSE, ""),
        vec![0xff; 64],
        b"HTTP/1.1 200 OK\r\n\r\n".to_vec(),
    ];
    for answer in hostile {
        let daemon = answer_once(&sandbox, answer);
        sandbox.applet("show").args(["work"]).run().exits(2).prints_nothing();
        daemon.recv_timeout(PATIENCE).unwrap();
    }
}

/// It reads a request to its end, which ours do not tell, and does not understand it.
#[test]
fn the_original_that_still_runs_is_told_with_its_process() {
    let sandbox = Sandbox::configured();
    std::fs::DirBuilder::new().mode(0o700).create(sandbox.runtime_dir().join("pizauth")).unwrap();
    let original = UnixListener::bind(sandbox.socket()).unwrap();
    std::thread::spawn(move || {
        for mut caller in original.incoming().map_while(Result::ok) {
            std::thread::spawn(move || std::io::copy(&mut caller, &mut std::io::sink()));
        }
    });
    let process = format!("kill {}", std::process::id());
    std::thread::scope(|scope| {
        for (applet, arguments, status) in
            [("show", &["work"][..], 2), ("status", &[], 2), ("shutdown", &[], 2), ("server", &[], 1)]
        {
            let call = sandbox.applet(applet).args(arguments);
            let process = &process;
            scope.spawn(move || call.run().exits(status).says("the original pizauth").says(process));
        }
    });
    assert!(sandbox.socket().exists());
}

#[test]
fn what_a_false_daemon_calls_a_token_is_not_printed() {
    let sandbox = Sandbox::new();
    for token in ["", r"a\nb", r"\u001b[2J", r"\u0000", r"tok\u202een", "é"] {
        let answer = format!("{{\"access_token\":{{\"access_token\":\"{token}\"}}}}");
        let daemon = answer_once(&sandbox, frame(VERSION, RESPONSE, &answer));
        sandbox.applet("show").args(["work"]).run().exits(1).prints_nothing().says("does not fit");
        daemon.recv_timeout(PATIENCE).unwrap();
    }
    let daemon =
        answer_once(&sandbox, frame(VERSION, RESPONSE, r#"{"access_token":{"access_token":"a b~"}}"#));
    assert_eq!(sandbox.applet("show").args(["work"]).run().exits(0).out(), "a b~\n");
    daemon.recv_timeout(PATIENCE).unwrap();
}

#[test]
fn a_caller_of_another_version_gets_a_typed_error() {
    let running = Running::start();
    let requests = [
        (frame(99, REQUEST, "{\"status\":{}}"), "unsupported_version"),
        (frame(VERSION, 99, "{\"status\":{}}"), "bad_request"),
        (frame(VERSION, REQUEST, "{\"dance\":{}}"), "bad_request"),
        (frame(VERSION, REQUEST, "["), "bad_request"),
    ];
    for (request, kind) in requests {
        let answer = ask(&running.sandbox.socket(), &request);
        assert_eq!(answer["refused"]["kind"], kind, "{answer}");
    }
    running.pending_url("work");
}
