//! Callers that send without end, and callers that do not take what they are sent.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;

use super::noise;
use crate::support::callers::{LONG_REQUEST, VERSION, ask, call, everything, frame, in_frame, request, show};
use crate::support::consumption::{bound, memory_now, memory_peak};
use crate::support::{Daemon, Running, Setup, eventually};

const MIB: usize = 1 << 20;
/// The most that a request may have after its length.
const LARGEST: usize = 16 * MIB;
/// MiB that requests and answers under way may take together, and as many for one that is just growing.
const UNDER_WAY: u64 = 2 * 64;

/// A `restore` as large as may be, of a dump that is none.
fn largest_restore() -> Vec<u8> {
    let (begin, end) = (r#"{"restore":{"dump":""#, r#""}}"#);
    frame(
        VERSION,
        LONG_REQUEST,
        &format!("{begin}{}{end}", "A".repeat(LARGEST - 2 - begin.len() - end.len())),
    )
}

fn assert_within_bounds(daemon: &Daemon, before: u64) {
    let peak = memory_peak(daemon.pid());
    assert!(peak <= before + UNDER_WAY, "{peak} MiB at its peak, {before} before");
    // Callers that have gone are noticed one after the other.
    eventually("the memory to be given back", || (memory_now(daemon.pid()) <= before + 8).then_some(()));
}

#[test]
fn junk_does_not_make_the_daemon_grow() {
    let mebibytes = bound("PIZAUTH_TEST_JUNK_MIB", 32);
    let running = Running::start();
    let token = running.sign_in("work");
    let (socket, before) = (running.sandbox.socket(), memory_now(running.daemon.pid()));
    let junk = noise(0, MIB);
    for _ in 0..mebibytes {
        // Most of it is never read.
        let _ = call(&socket).write_all(&junk);
    }
    let restore = largest_restore();
    for _ in 0..mebibytes.div_ceil(LARGEST / MIB) {
        assert!(ask(&socket, &restore)["refused"].is_object());
    }
    assert_within_bounds(&running.daemon, before);
    assert_eq!(running.token("work"), token);
}

#[test]
fn callers_that_hoard_memory_make_room_for_others() {
    let running = Running::start();
    let token = running.sign_in("work");
    let (socket, before) = (running.sandbox.socket(), memory_now(running.daemon.pid()));
    let restore = largest_restore();
    let hoard = |socket: &Path| -> UnixStream {
        let mut caller = call(socket);
        // All but the last byte; or until it has to make room.
        let _ = caller.write_all(&restore[..restore.len() - 1]);
        caller
    };
    let hoarders: Vec<_> = (0..12).map(|_| hoard(&socket)).collect();
    assert_eq!(running.token("work"), token);
    drop(hoarders);
    assert!(ask(&socket, &show("work"))["access_token"].is_object());
    assert_within_bounds(&running.daemon, before);
}

#[test]
fn an_answer_that_is_never_taken_is_given_up_and_delays_nobody() {
    // Enough accounts for an answer that no socket buffer holds.
    let name = |number: usize| format!("{number:0>200}");
    let setup = (0..2000).fold(Setup::new().account("work", ""), |setup, n| setup.account(&name(n), ""));
    let running = setup.start();
    let token = running.sign_in("work");
    let socket = running.sandbox.socket();
    let mute: Vec<UnixStream> = (0..20)
        .map(|_| {
            let mut caller = call(&socket);
            caller.write_all(&request("status")).unwrap();
            caller
        })
        .collect();
    assert_eq!(running.token("work"), token);
    running.sandbox.applet("status").run().exits(0);
    let hung_up = mute.into_iter().map(|caller| thread::spawn(move || wait_until_hung_up(caller)));
    for caller in hung_up.collect::<Vec<_>>() {
        let taken = caller.join().unwrap();
        assert!(!taken.is_empty() && in_frame(&taken).is_none(), "the answer was whole after all");
    }
}

/// Reads nothing before the daemon has hung up; returns what was sent until then.
fn wait_until_hung_up(caller: UnixStream) -> Vec<u8> {
    use rustix::event::{PollFd, PollFlags, poll};
    let mut hang_up = [PollFd::new(&caller, PollFlags::empty())];
    rustix::io::retry_on_intr(|| poll(&mut hang_up, None)).expect("waiting for a hang-up");
    everything(caller).unwrap_or_default()
}
