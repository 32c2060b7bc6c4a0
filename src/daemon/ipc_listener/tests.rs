use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::time::Duration;

use mio::{Events, Poll};
use pizauth_common::ipc::frame::{Decoder, MAX_REQUEST, encode};
use pizauth_common::ipc::message::{Answer, Refusal, Report, Request, Response, Show};
use pizauth_common::secret::Secret;
use pizauth_core::moment::Moment;
use rustix::net::{AddressFamily, SocketType};
use rustix::process::{Resource, getrlimit};

use super::accepting::{ACCEPT_PAUSE, GRACE};
use super::bounds::{BYTES_UNDER_WAY, MUCH};
use super::{AnyCaller, Door, IpcListener};
use crate::testing::{private_directory, wait_for_events};

/// After this time a test has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// An event loop in little, whose clock is set by hand. Callers are sockets of the same thread.
struct World {
    directory: tempfile::TempDir,
    poll: Poll,
    ipc: IpcListener,
    now: Moment,
}

impl World {
    fn new() -> Self {
        let directory = private_directory();
        let listener = std::os::unix::net::UnixListener::bind(directory.path().join("s")).unwrap();
        listener.set_nonblocking(true).unwrap();
        let poll = Poll::new().unwrap();
        let ipc = IpcListener::new(listener, Rc::new(poll.registry().try_clone().unwrap())).unwrap();
        Self { directory, poll, ipc, now: Moment(1_000_000) }
    }

    fn connect(&self) -> UnixStream {
        let caller = UnixStream::connect(self.directory.path().join("s")).unwrap();
        caller.set_read_timeout(Some(PATIENCE)).unwrap();
        caller
    }

    fn ask(&self, request: &Request) -> UnixStream {
        let mut caller = self.connect();
        caller.write_all(&encode(request).unwrap()).unwrap();
        caller
    }

    /// Handles what is ready by now.
    fn turn(&mut self) {
        let mut events = Events::with_capacity(64);
        loop {
            self.poll.poll(&mut events, Some(Duration::ZERO)).unwrap();
            if events.is_empty() {
                break;
            }
            for event in &events {
                self.ipc.ready(event, self.now);
            }
            while self.ipc.admit_next() {}
        }
        self.ipc.handle_timeout(self.now);
    }

    /// Handles what becomes ready until `condition` holds. A hang-up may come late: a process that another
    /// test starts holds our sockets too, until it has become its program.
    fn turn_until(&mut self, condition: impl Fn(&IpcListener) -> bool) {
        let mut events = Events::with_capacity(64);
        while !condition(&self.ipc) {
            wait_for_events(&mut self.poll, &mut events, PATIENCE);
            assert!(!events.is_empty(), "nothing happens any more: {:?}", self.ipc.callers);
            for event in &events {
                self.ipc.ready(event, self.now);
            }
        }
    }

    fn sleep(&mut self, by: Duration) {
        self.now = self.now.plus(by);
        self.turn();
    }

    fn only_request(&mut self) -> (AnyCaller, Request) {
        self.turn();
        let request = self.ipc.take_request().expect("a request");
        assert_eq!(self.ipc.take_request(), None);
        request
    }

    /// Has no state left that could leak.
    fn assert_empty(&self) {
        assert!(self.ipc.callers.is_empty(), "{:?}", self.ipc.callers);
        assert!(self.ipc.deadlines.is_empty());
        assert_eq!(self.ipc.bytes_under_way, 0);
        assert_eq!(self.ipc.poll_timeout(), None);
    }
}

fn received(caller: &mut UnixStream) -> Answer {
    let mut bytes = Vec::new();
    if let Err(error) = caller.read_to_end(&mut bytes) {
        // Closed by the daemon with bytes of ours unread; its answer came before.
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }
    Decoder::default().push(&bytes).unwrap().expect("a whole answer")
}

fn is_open(caller: &mut UnixStream) -> bool {
    caller.set_nonblocking(true).unwrap();
    let result = caller.read(&mut [0; 16]);
    caller.set_nonblocking(false).unwrap();
    result.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

/// Waits for the hang-up.
fn assert_closed(caller: &mut UnixStream) {
    match caller.read(&mut [0; 16]) {
        Ok(read) => assert_eq!(read, 0, "there is more to read"),
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
}

fn token(length: usize) -> Answer {
    Response::AccessToken { access_token: Secret::new("t".repeat(length)) }.into()
}

fn warning(length: usize) -> Answer {
    Report::Reloaded { warnings: vec!["w".repeat(length)] }.into()
}

#[test]
fn a_request_is_handed_out_and_answered() {
    let mut world = World::new();
    let mut caller = world.ask(&Request::Show(Show::of("work".to_owned())));
    let (id, request) = world.only_request();
    assert_eq!(request, Request::Show(Show::of("work".to_owned())));
    assert_eq!(world.ipc.caller_pid(id), Some(i32::try_from(std::process::id()).unwrap()));
    world.ipc.answer(id.id(), &token(20));
    assert_eq!(received(&mut caller), token(20));
    world.assert_empty();
}

#[test]
fn a_request_may_arrive_in_pieces() {
    let mut world = World::new();
    let mut caller = world.connect();
    for byte in encode(&Request::Status {}).unwrap() {
        assert_eq!(world.ipc.take_request(), None);
        caller.write_all(&[byte]).unwrap();
        world.sleep(Duration::from_millis(100));
    }
    let (id, request) = world.only_request();
    assert_eq!(request, Request::Status {});
    world.ipc.answer(id.id(), &Response::Revoked { remote: None }.into());
    assert_eq!(received(&mut caller), Response::Revoked { remote: None }.into());
    world.assert_empty();
}

#[test]
fn bad_frames_get_a_typed_refusal() {
    let long = (u32::try_from(MAX_REQUEST).unwrap() + 1).to_be_bytes();
    let too_long = [&long[..], b"\x01\x01{\"show\":{\"account\":\"x"].concat();
    let cases: [(&[u8], Refusal); 6] = [
        (b"\0\0\0\0", Refusal::BadRequest),
        (b"\0\0\0\x03\x02{}", Refusal::UnsupportedVersion),
        (b"\0\0\0\x04\x01\x01{}", Refusal::BadRequest),
        (b"\0\0\0\x04\x01\x03{}", Refusal::BadRequest),
        (b"GET / HTTP/1.1\r\n\r\n", Refusal::UnsupportedVersion),
        (&too_long, Refusal::TooLarge),
    ];
    let mut world = World::new();
    for (bytes, expected) in cases {
        let mut caller = world.connect();
        caller.write_all(bytes).unwrap();
        world.turn();
        match received(&mut caller) {
            Answer::Response(Response::Refused { kind, message, .. }) => {
                assert_eq!(kind, expected, "{message}")
            }
            other => panic!("{bytes:?}: {other:?}"),
        }
        world.assert_empty();
    }
}

#[test]
fn a_request_has_5_seconds_however_it_drips() {
    let mut world = World::new();
    let mut caller = world.connect();
    let bytes = encode(&Request::Status {}).unwrap();
    for byte in &bytes[..4] {
        caller.write_all(&[*byte]).unwrap();
        world.sleep(Duration::from_secs(1));
        assert!(is_open(&mut caller));
    }
    assert_eq!(world.ipc.poll_timeout(), Some(Moment(1_000_000).plus(Duration::from_secs(6))));
    world.sleep(Duration::from_millis(1_999));
    assert!(is_open(&mut caller));
    world.sleep(Duration::from_millis(1));
    assert_closed(&mut caller);
    world.assert_empty();
}

#[test]
fn an_answer_that_is_not_taken_is_given_up_after_10_seconds() {
    let mut world = World::new();
    let (mut lazy, mut late) = (world.ask(&Request::Dump {}), world.ask(&Request::Dump {}));
    world.turn();
    while let Some((id, _)) = world.ipc.take_request() {
        world.ipc.answer(id.id(), &warning(2_000_000));
    }
    world.sleep(Duration::from_millis(9_999));
    let reader = std::thread::spawn(move || received(&mut late));
    while world.ipc.callers.len() > 1 {
        world.turn();
    }
    assert_eq!(reader.join().unwrap(), warning(2_000_000));
    world.sleep(Duration::from_millis(1));
    world.assert_empty();
    let mut bytes = Vec::new();
    let _ = lazy.read_to_end(&mut bytes);
    assert!(bytes.len() < 2_000_000, "only what fitted into the socket");
}

#[test]
fn who_takes_nothing_of_what_it_is_told_gets_no_more_time_by_hearing_more() {
    let mut world = World::new();
    let _lazy = world.ask(&Request::Dump {});
    let (id, _) = world.only_request();
    for _ in 0..5 {
        world.ipc.tell(id.id(), &warning(2_000_000));
        world.sleep(Duration::from_secs(2));
    }
    world.assert_empty();
}

#[test]
fn an_answer_over_the_cap_becomes_a_refusal() {
    let mut world = World::new();
    let mut caller = world.ask(&Request::Dump {});
    let (id, _) = world.only_request();
    world.ipc.answer(id.id(), &Report::Dump { dump: vec![7; 13 << 20].into() }.into());
    assert!(matches!(
        received(&mut caller),
        Answer::Response(Response::Refused { kind: Refusal::TooLarge, .. })
    ));
}

#[test]
fn a_held_connection_stays_until_one_side_goes() {
    let mut world = World::new();
    let (mut patient, mut impatient) = (world.ask(&Request::Shutdown {}), world.ask(&Request::Shutdown {}));
    world.turn();
    while let Some((id, _)) = world.ipc.take_request() {
        world.ipc.answer_and_hold(id.id(), &Report::ShuttingDown { wait: true }.into());
    }
    let _ = patient.read(&mut [0; 200]).unwrap();
    let _ = impatient.read(&mut [0; 200]).unwrap();
    // It has said all, and waits.
    patient.shutdown(std::net::Shutdown::Write).unwrap();
    world.turn();
    world.sleep(Duration::from_secs(3600));
    assert_eq!(world.ipc.poll_timeout(), None);
    assert!(is_open(&mut patient));
    drop(impatient);
    world.turn_until(|ipc| ipc.callers.len() == 1);
    drop(world);
    assert_closed(&mut patient);
}

#[test]
fn callers_that_go_away_are_forgotten() {
    let mut world = World::new();
    let silent = world.connect();
    world.turn();
    drop(silent);
    world.turn_until(|ipc| ipc.callers.is_empty());
    drop(world.ask(&Request::Status {}));
    world.turn();
    let (id, _) = world.ipc.take_request().unwrap();
    world.ipc.answer(id.id(), &Response::Revoked { remote: None }.into());
    world.ipc.answer(id.id(), &Response::Revoked { remote: None }.into());
    world.assert_empty();
}

#[test]
fn a_request_may_be_answered_in_a_later_turn() {
    let mut world = World::new();
    let (mut caller, request) = (world.connect(), encode(&Request::Status {}).unwrap());
    caller.write_all(&request[..3]).unwrap();
    world.turn();
    assert_ne!(world.ipc.poll_timeout(), None, "until it is whole, a request has a deadline");
    caller.write_all(&request[3..]).unwrap();
    let (id, _) = world.only_request();
    for _ in 0..3 {
        world.sleep(Duration::from_secs(3600));
        assert!(is_open(&mut caller));
    }
    assert_eq!(world.ipc.poll_timeout(), None, "the loop may sleep meanwhile");
    world.ipc.answer(id.id(), &token(20));
    assert_eq!(received(&mut caller), token(20));
    world.assert_empty();
}

#[test]
fn who_has_said_all_and_waits_has_not_gone() {
    let mut world = World::new();
    let mut caller = world.ask(&Request::Status {});
    caller.shutdown(std::net::Shutdown::Write).unwrap();
    let (id, _) = world.only_request();
    world.sleep(Duration::from_secs(1));
    world.ipc.answer(id.id(), &token(20));
    assert_eq!(received(&mut caller), token(20));
    world.assert_empty();
}

#[test]
fn who_goes_away_while_the_answer_is_awaited_is_forgotten() {
    let mut world = World::new();
    let request = encode(&Request::Status {}).unwrap();
    let at_once = world.ask(&Request::Status {});
    let (mut in_pieces, mut after_all) = (world.connect(), world.connect());
    in_pieces.write_all(&request[..3]).unwrap();
    after_all.write_all(&request[..3]).unwrap();
    world.turn();
    in_pieces.write_all(&request[3..]).unwrap();
    after_all.write_all(&request[3..]).unwrap();
    // Its end is told together with its request.
    drop(after_all);
    world.turn();
    let taken: Vec<_> = std::iter::from_fn(|| world.ipc.take_request()).collect();
    assert_eq!(taken.len(), 3);
    drop((at_once, in_pieces));
    world.turn_until(|ipc| ipc.callers.is_empty());
    world.assert_empty();
    taken.into_iter().for_each(|(id, _)| world.ipc.answer(id.id(), &token(20)));
    world.assert_empty();
}

#[test]
fn without_descriptors_stalled_callers_make_room_and_others_wait() {
    let mut world = World::new();
    let _stalled = world.connect();
    world.turn();
    assert!(!world.ipc.make_room(), "it has just come");
    assert_eq!(
        world.ipc.accept_again,
        Some(world.now.plus(GRACE)),
        "no turn of the loop is wasted until then"
    );
    world.sleep(GRACE);
    assert!(world.ipc.make_room());
    world.ipc.handle_timeout(world.now);
    world.assert_empty();
    let mut caller = world.ask(&Request::Status {});
    assert!(!world.ipc.make_room());
    world.sleep(GRACE);
    let (id, _) = world.ipc.take_request().unwrap();
    world.ipc.answer(id.id(), &Response::Revoked { remote: None }.into());
    assert_eq!(received(&mut caller), Response::Revoked { remote: None }.into());
}

#[test]
fn who_hoards_memory_makes_room_for_the_next() {
    let mut world = World::new();
    let request = encode(&Request::Dump {}).unwrap();
    let hoarders: Vec<_> = (0..36)
        .map(|_| {
            let mut caller = world.connect();
            caller.write_all(&request).unwrap();
            let (id, _) = world.only_request();
            world.ipc.answer(id.id(), &warning(2_000_000));
            assert!(world.ipc.bytes_under_way <= BYTES_UNDER_WAY + MUCH);
            caller
        })
        .collect();
    let mut caller = world.ask(&Request::Status {});
    let (id, _) = world.only_request();
    world.ipc.answer(id.id(), &Response::Revoked { remote: None }.into());
    assert_eq!(received(&mut caller), Response::Revoked { remote: None }.into());
    drop(hoarders);
    world.turn_until(|ipc| ipc.callers.is_empty());
    world.assert_empty();
}

#[test]
fn a_replaced_listener_serves_new_callers_and_keeps_the_old() {
    let mut world = World::new();
    let mut old = world.connect();
    world.turn();
    let path = world.directory.path().join("s");
    std::fs::remove_file(&path).unwrap();
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    listener.set_nonblocking(true).unwrap();
    world.ipc.replace_listener(Door::Command, listener).unwrap();
    old.write_all(&encode(&Request::Info {}).unwrap()).unwrap();
    assert_eq!(world.only_request().1, Request::Info {});
    let _new = world.ask(&Request::Status {});
    assert_eq!(world.only_request().1, Request::Status {});
}

#[test]
fn many_callers_at_once_are_served() {
    let mut world = World::new();
    // Both ends of each are ours, and other tests need some descriptors, too.
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let callers: Vec<_> = (0..300.min(limit / 4)).map(|_| world.ask(&Request::Status {})).collect();
    let mut answered = 0;
    while answered < callers.len() {
        world.turn();
        while let Some((id, _)) = world.ipc.take_request() {
            world.ipc.answer(id.id(), &Response::Revoked { remote: None }.into());
            answered += 1;
        }
    }
    for mut caller in callers {
        assert_eq!(received(&mut caller), Response::Revoked { remote: None }.into());
    }
    world.assert_empty();
}

#[test]
fn who_is_admitted_is_served_before_the_next_is() {
    let mut world = World::new();
    let _callers: Vec<_> = (0..3).map(|_| world.ask(&Request::Status {})).collect();
    let mut events = Events::with_capacity(64);
    wait_for_events(&mut world.poll, &mut events, PATIENCE);
    events.iter().for_each(|event| world.ipc.ready(event, world.now));
    for answered in 0..3 {
        let (caller, _) = world.ipc.take_request().unwrap();
        assert_eq!(world.ipc.callers.len(), 1, "after {answered} answers");
        world.ipc.answer(caller.id(), &Response::Revoked { remote: None }.into());
    }
    assert!(world.ipc.take_request().is_none());
    world.assert_empty();
}

/// A socket that is not listened on refuses every accept for a reason that nobody has thought of.
#[test]
fn an_error_that_lasts_is_no_reason_to_spin_and_ends_with_another_socket() {
    let mut world = World::new();
    let broken = rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None).unwrap();
    rustix::io::ioctl_fionbio(&broken, true).unwrap();
    world.ipc.replace_listener(Door::Command, broken.into()).unwrap();
    for _ in 0..3 {
        world.ipc.handle_timeout(world.now);
        world.ipc.open(Door::Command);
        assert!(!world.ipc.admit_next());
        assert!(world.ipc.is_failing);
        assert_eq!(world.ipc.poll_timeout(), Some(world.now.plus(ACCEPT_PAUSE)), "not at once");
        world.now = world.now.plus(ACCEPT_PAUSE);
    }
    std::fs::remove_file(world.directory.path().join("s")).unwrap();
    let mended = std::os::unix::net::UnixListener::bind(world.directory.path().join("s")).unwrap();
    mended.set_nonblocking(true).unwrap();
    world.ipc.replace_listener(Door::Command, mended).unwrap();
    let _caller = world.ask(&Request::Status {});
    assert_eq!(world.only_request().1, Request::Status {});
    assert!(!world.ipc.is_failing);
}
