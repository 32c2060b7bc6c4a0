use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::{Call, CallError, PATIENCE, call_any};
use crate::exit::Exit;
use crate::ipc::connect::{connect_to, unix_socket};
use crate::ipc::frame::{Decoder, encode};
use crate::ipc::message::{Answer, Pending, Report, Request, Response};
use crate::paths::{OwnDirectory, SocketCandidate};
use crate::testing::private_directory;

const SHORT: Duration = Duration::from_millis(50);

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(private_directory())
    }

    fn socket(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn named(&self, name: &str) -> SocketCandidate {
        SocketCandidate::Named(self.socket(name))
    }

    /// A daemon for one caller.
    fn daemon(&self, name: &str, serve: impl FnOnce(UnixStream) + Send + 'static) -> JoinHandle<()> {
        let listener = UnixListener::bind(self.socket(name)).unwrap();
        thread::spawn(move || serve(listener.accept().unwrap().0))
    }
}

fn read_request(stream: &mut UnixStream) -> Request {
    let mut decoder = Decoder::default();
    let mut byte = [0];
    loop {
        stream.read_exact(&mut byte).unwrap();
        if let Some(request) = decoder.push(&byte).unwrap() {
            return request;
        }
    }
}

fn answer(stream: &mut UnixStream, answer: impl Into<Answer>) {
    stream.write_all(&encode(&answer.into()).unwrap()).unwrap();
}

fn ask(candidates: &[SocketCandidate]) -> Result<(Answer, Call), CallError> {
    call_any(candidates, Vec::new, &Request::Status {}, PATIENCE, &mut |_| ())
}

#[test]
fn the_first_live_candidate_gets_the_request() {
    let place = Place::new();
    drop(UnixListener::bind(place.socket("stale")).unwrap());
    let daemon = place.daemon("live", |mut stream| {
        assert_eq!(read_request(&mut stream), Request::Status {});
        answer(&mut stream, Response::Revoked { remote: None });
    });
    let (response, _) = ask(&[place.named("absent"), place.named("stale"), place.named("live")]).unwrap();
    assert_eq!(response, Response::Revoked { remote: None }.into());
    daemon.join().unwrap();
}

#[test]
fn siblings_are_asked_last_and_not_spoken_of() {
    let place = Place::new();
    let siblings = || vec![place.named("stale"), place.named("sibling")];
    let ask = || {
        call_any::<Response>(&[place.named("absent")], siblings, &Request::Status {}, PATIENCE, &mut |_| ())
    };
    drop(UnixListener::bind(place.socket("stale")).unwrap());
    let error = ask().unwrap_err();
    assert!(error.to_string().contains("absent: no such file"), "{error}");
    let daemon =
        place.daemon("sibling", |mut stream| answer(&mut stream, Response::Revoked { remote: None }));
    assert_eq!(ask().unwrap().0, Response::Revoked { remote: None });
    daemon.join().unwrap();
}

#[test]
fn a_large_answer_arrives_whole() {
    let place = Place::new();
    let dump = vec![7; 1_000_000].into();
    let sent = Answer::from(Report::Dump { dump });
    let daemon = place.daemon("live", {
        let sent = sent.clone();
        move |mut stream| answer(&mut stream, sent)
    });
    assert_eq!(ask(&[place.named("live")]).unwrap().0, sent);
    daemon.join().unwrap();
}

#[test]
fn nobody_there_is_said_with_the_path_and_what_to_do() {
    let place = Place::new();
    let error = ask(&[place.named("absent")]).unwrap_err();
    let path = place.socket("absent");
    assert_eq!(
        error.to_string(),
        format!(
            "cannot reach pizauthd at {}: no such file (is it running? start it with: pizauthd)",
            path.display()
        )
    );
    assert_eq!(error.exit(), Exit::Unreachable);
    drop(UnixListener::bind(place.socket("stale")).unwrap());
    let error = ask(&[place.named("absent"), place.named("stale")]).unwrap_err();
    assert!(error.to_string().contains("stale: nobody listens there"), "{error}");
    assert_eq!(ask(&[]).unwrap_err().exit(), Exit::Unreachable);
}

#[test]
fn an_unsafe_directory_is_not_talked_to() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let own = std::fs::canonicalize(place.0.path()).unwrap().join("pizauth");
    std::fs::create_dir(&own).unwrap();
    std::fs::set_permissions(&own, std::fs::Permissions::from_mode(0o755)).unwrap();
    let _listener = UnixListener::bind(own.join("pizauth.sock")).unwrap();
    let base = own.parent().unwrap().to_owned();
    let own = SocketCandidate::Own(OwnDirectory { base, below: "pizauth".into() });
    let error = ask(std::slice::from_ref(&own)).unwrap_err().to_string();
    assert!(error.starts_with("cannot trust") && error.contains("chmod 700"), "{error}");
    let error = ask(&[own, place.named("absent")]).unwrap_err().to_string();
    let absent =
        format!("cannot reach pizauthd at {}: no such file (is it ", place.socket("absent").display());
    assert!(error.starts_with(&absent) && error.contains("; not looked at, since "), "{error}");
}

#[test]
fn a_mute_daemon_is_given_up() {
    let place = Place::new();
    let _listener = UnixListener::bind(place.socket("mute")).unwrap();
    let error =
        call_any::<Response>(&[place.named("mute")], Vec::new, &Request::Status {}, SHORT, &mut |_| ())
            .unwrap_err();
    assert!(matches!(error, CallError::NoAnswer(..)), "{error:?}");
    assert_eq!(error.exit(), Exit::Unreachable);
}

/// A listener whose queue is full, and who is in it.
fn full_queue(place: &Place) -> (OwnedFd, UnixStream) {
    let listener = unix_socket(rustix::net::SocketType::STREAM).unwrap();
    let address = rustix::net::SocketAddrUnix::new(place.socket("full")).unwrap();
    rustix::net::bind(&listener, &address).unwrap();
    rustix::net::listen(&listener, 0).unwrap();
    (listener, UnixStream::connect(place.socket("full")).unwrap())
}

#[test]
fn who_does_not_want_to_wait_is_told_of_a_full_queue_and_of_a_listener() {
    let place = Place::new();
    let _full = full_queue(&place);
    let error = connect_to(&place.named("full"), Duration::ZERO).unwrap_err();
    assert!(!error.is_nobody(), "{error}");
    assert!(error.to_string().contains("it accepts no connection"), "{error}");
    let _listener = UnixListener::bind(place.socket("live")).unwrap();
    connect_to(&place.named("live"), Duration::ZERO).unwrap();
}

#[test]
fn a_full_queue_is_given_up() {
    let place = Place::new();
    let _full = full_queue(&place);
    let error =
        call_any::<Response>(&[place.named("full")], Vec::new, &Request::Status {}, SHORT, &mut |_| ())
            .unwrap_err();
    assert_eq!(error.exit(), Exit::Unreachable);
    assert!(!matches!(error, CallError::HungUp(_)), "{error:?}");
}

#[test]
fn another_version_garbage_and_silence_are_told_apart() {
    let place = Place::new();
    let newer = place.daemon("newer", |mut stream| stream.write_all(&[0, 0, 0, 3, 2, b'{', b'}']).unwrap());
    let error = ask(&[place.named("newer")]).unwrap_err();
    assert!(error.to_string().contains("version 2") && error.to_string().contains("restart"), "{error}");
    newer.join().unwrap();

    let other =
        place.daemon("other", |mut stream| stream.write_all(&[0, 0, 0, 4, 1, 3, b'{', b'}']).unwrap());
    assert!(matches!(ask(&[place.named("other")]).unwrap_err(), CallError::Garbled(..)));
    other.join().unwrap();

    let long = place.daemon("long", |mut stream| {
        stream.write_all(&[&[0, 0, 64, 0, 1, 3], &[b'x'; 0x4000 - 2][..]].concat()).unwrap()
    });
    assert!(matches!(ask(&[place.named("long")]).unwrap_err(), CallError::Garbled(..)));
    long.join().unwrap();

    let mute = place.daemon("mute", |mut stream| drop(read_request(&mut stream)));
    assert!(matches!(ask(&[place.named("mute")]).unwrap_err(), CallError::HungUp(_)));
    mute.join().unwrap();
}

/// As the original pizauth: it answers when the request has ended, and not what it does not understand.
fn original(place: &Place, answer: &'static [u8]) -> JoinHandle<UnixListener> {
    let listener = UnixListener::bind(place.socket("original")).unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
        stream.write_all(answer).unwrap();
        listener
    })
}

#[test]
fn what_does_not_speak_our_protocol_is_told_with_its_process() {
    for words in [&b""[..], b"error:unknown command"] {
        let place = Place::new();
        let daemon = original(&place, words);
        let error = ask(&[place.named("original")]).unwrap_err();
        assert!(matches!(error, CallError::Stranger(..)) && error.exit() == Exit::Unreachable, "{error:?}");
        let (text, pid) = (error.to_string(), std::process::id());
        assert!(text.contains("the original pizauth") && text.ends_with(&format!("kill {pid})")), "{text}");
        daemon.join().unwrap();
    }
}

#[test]
fn a_daemon_that_ends_while_it_is_asked_is_no_stranger() {
    let place = Place::new();
    let socket = place.socket("ending");
    let daemon = place.daemon("ending", move |mut stream| {
        std::fs::remove_file(socket).unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
    });
    let error = ask(&[place.named("ending")]).unwrap_err();
    assert!(matches!(error, CallError::HungUp(_)), "{error:?}");
    daemon.join().unwrap();
}

/// The system closes what a process had open one by one, the connection perhaps before the socket.
#[test]
fn a_daemon_that_is_just_ending_is_no_stranger() {
    let place = Place::new();
    let listener = UnixListener::bind(place.socket("killed")).unwrap();
    let daemon = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
        drop(stream);
        drop(listener.accept().unwrap());
    });
    let error = ask(&[place.named("killed")]).unwrap_err();
    assert!(matches!(error, CallError::HungUp(_)), "{error:?}");
    daemon.join().unwrap();
}

#[test]
fn a_refusal_that_comes_while_we_write_is_read() {
    let place = Place::new();
    let refusing =
        place.daemon("live", |mut stream| answer(&mut stream, Response::Exchanging { last_error: None }));
    let request = Request::Restore { dump: vec![7; 3_000_000].into() };
    let (response, _) =
        call_any::<Response>(&[place.named("live")], Vec::new, &request, PATIENCE, &mut |_| ()).unwrap();
    assert_eq!(response, Response::Exchanging { last_error: None });
    refusing.join().unwrap();
}

/// Less at a time than a request is long, and each time before the caller's patience would begin anew.
#[test]
fn a_daemon_that_takes_a_large_request_bit_by_bit_is_given_up() {
    let place = Place::new();
    let (told, heard) = std::sync::mpsc::channel();
    let daemon = place.daemon("slow", move |mut stream| {
        let mut decoder = Decoder::<Request>::default();
        let mut some = [0; 32 * 1024];
        let whole = loop {
            thread::sleep(SHORT / 5);
            let read = stream.read(&mut some).unwrap();
            let request = decoder.push(&some[..read]).unwrap();
            if read == 0 || request.is_some() {
                break request.is_some();
            }
        };
        told.send(whole).unwrap();
    });
    let request = Request::Restore { dump: vec![7; 3_000_000].into() };
    let error =
        call_any::<Response>(&[place.named("slow")], Vec::new, &request, SHORT, &mut |_| ()).unwrap_err();
    assert!(matches!(error, CallError::NoAnswer(..)), "{error:?}");
    assert!(!heard.recv().unwrap(), "it was given the whole request");
    daemon.join().unwrap();
}

#[test]
fn the_connection_can_be_kept_until_the_daemon_has_gone() {
    let place = Place::new();
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let daemon = place.daemon("live", move |mut stream| {
        read_request(&mut stream);
        answer(&mut stream, Report::ShuttingDown { wait: true });
        let _ = stopped.recv();
    });
    let (_, connection) = ask(&[place.named("live")]).unwrap();
    assert!(!connection.wait_until_closed(SHORT), "it is still there");
    stop.send(()).unwrap();
    daemon.join().unwrap();

    let gone = place.daemon("gone", |mut stream| answer(&mut stream, Response::Revoked { remote: None }));
    let (_, connection) = ask(&[place.named("gone")]).unwrap();
    assert!(connection.wait_until_closed(PATIENCE));
    gone.join().unwrap();
}

#[test]
fn what_comes_before_the_end_is_told_also_where_both_come_at_once() {
    let place = Place::new();
    let pending = Response::Pending(Pending { more: true, ..Pending::at("https://login.test/".to_owned()) });
    let first = pending.clone();
    let daemon = place.daemon("live", move |mut stream| {
        read_request(&mut stream);
        let both = [encode(&first).unwrap(), encode(&Response::Revoked { remote: None }).unwrap()].concat();
        stream.write_all(&both).unwrap();
    });
    let mut told = Vec::new();
    let candidates = [place.named("live")];
    let (answer, _) =
        call_any(&candidates, Vec::new, &Request::Status {}, PATIENCE, &mut |more| told.push(more)).unwrap();
    assert_eq!((answer, told), (Response::Revoked { remote: None }, vec![pending]));
    daemon.join().unwrap();
}
