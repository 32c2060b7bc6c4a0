//! Thousands of callers, and how long one more has to wait.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use pizauth_test_server::sync::Watched;
use pizauth_test_server::{Endpoint, Fault, Gate, Policy};

use crate::support::callers::{REQUEST, VERSION, answer, ask, call, frame, show};
use crate::support::consumption::{bound, can_open, memory_now, memory_peak, threads};
use crate::support::{PATIENCE, Running, Setup, eventually};

#[test]
fn five_thousand_callers_at_once_all_get_their_answer() {
    let count = bound("PIZAUTH_TEST_CALLERS", 5000);
    if !can_open(count as u64 + 1000, "5,000 callers at once") {
        return;
    }
    let running = Running::start();
    let token = running.sign_in("work");
    let mut callers: Vec<UnixStream> = (0..count).map(|_| call(&running.sandbox.socket())).collect();
    for caller in &mut callers {
        caller.write_all(&show("work")).unwrap();
    }
    for caller in callers {
        assert_eq!(answer(caller)["access_token"]["access_token"], token);
    }
    let peak = memory_peak(running.daemon.pid());
    assert!(peak < 48, "the daemon had {peak} MiB");
}

#[test]
fn five_thousand_callers_wait_for_one_refresh_and_cost_no_thread() {
    let count = bound("PIZAUTH_TEST_CALLERS", 5000);
    // The daemon lets as many wait as leave descriptors to others.
    if !can_open(count as u64 * 3 / 2, "5,000 callers that wait") {
        return;
    }
    let lifetime =
        |seconds| move |policy: &mut Policy| policy.access_token_lifetime = Duration::from_secs(seconds);
    let running = Setup::new().policy(lifetime(2)).start();
    let gate = Gate::closed();
    running.server.script(Endpoint::Refresh, Fault::none().held(&gate));
    running.sign_in("work");
    running.wait_arrived(Endpoint::Refresh, 1);
    running.server.change_policy(lifetime(3600));
    eventually("the expiry", || Some(running.show("work")).filter(|ran| ran.code() == 1));
    let (pid, socket) = (running.daemon.pid(), running.sandbox.socket());
    let (threads_before, memory_before) = (threads(pid), memory_now(pid));
    let mut callers: Vec<UnixStream> = (0..count).map(|_| call(&socket)).collect();
    let waiting = frame(VERSION, REQUEST, r#"{"show":{"account":"work","wait":600}}"#);
    callers.iter_mut().for_each(|caller| caller.write_all(&waiting).unwrap());
    // Whoever comes later is answered later, and nobody else is kept waiting.
    running.status_of("work");
    assert_eq!(threads(pid), threads_before);
    let memory = memory_now(pid).saturating_sub(memory_before);
    assert!(memory < 20, "they take {memory} MiB");
    gate.open();
    let tokens: Vec<_> = callers.into_iter().map(answer).collect();
    let token = running.show("work").exits(0).line();
    assert!(tokens.iter().all(|answer| answer["access_token"]["access_token"] == token));
    assert_eq!(running.server.log().count(Endpoint::Refresh), 1);
}

/// The time within which 99 of 100 calls of `show` are answered.
fn p99_of_show(socket: &Path) -> Duration {
    const CALLS: usize = 500;
    let mut times: Vec<Duration> = (0..CALLS)
        .map(|_| {
            let begun = Instant::now();
            assert!(ask(socket, &show("work"))["access_token"].is_object());
            begun.elapsed()
        })
        .collect();
    times.sort();
    times[CALLS * 99 / 100]
}

#[test]
fn callers_that_idle_and_drip_do_not_keep_others_waiting() {
    if !can_open(3000, "500 idle and 500 dripping callers") {
        return;
    }
    let running = Running::start();
    running.sign_in("work");
    let socket = running.sandbox.socket();
    let undisturbed = p99_of_show(&socket);
    let nuisances = Nuisances::hold(500, socket.clone());
    let disturbed = p99_of_show(&socket);
    nuisances.end();
    eprintln!("p99 of show: {undisturbed:?} undisturbed, {disturbed:?} with 1,000 callers that idle or drip");
    assert!(disturbed < undisturbed * 20 + Duration::from_millis(200), "{disturbed:?} after {undisturbed:?}");
    running.sandbox.applet("show").args(["work"]).run().exits(0);
}

/// Callers that say nothing, and as many that say a byte now and then. Whoever is turned away comes back.
struct Nuisances {
    state: Arc<Watched<Presence>>,
    thread: JoinHandle<()>,
}

#[derive(Default)]
struct Presence {
    all_there: bool,
    stop: bool,
}

impl Nuisances {
    /// Returns when all of them are connected.
    fn hold(of_each_kind: usize, socket: PathBuf) -> Self {
        let state = Arc::new(Watched::new(Presence::default()));
        let seen = Arc::clone(&state);
        let thread = thread::spawn(move || keep_bothering(&socket, of_each_kind, &seen));
        let there = state.wait_for(PATIENCE, |state| state.all_there.then_some(()));
        assert!(there.is_some(), "the crowd did not get in");
        Self { state, thread }
    }

    fn end(self) {
        self.state.change(|state| state.stop = true);
        self.thread.join().unwrap();
    }
}

fn keep_bothering(socket: &Path, of_each_kind: usize, state: &Watched<Presence>) {
    const PAUSE: Duration = Duration::from_millis(20);
    let come = || {
        let stream = call(socket);
        stream.set_nonblocking(true).unwrap();
        stream
    };
    let mut idle: Vec<UnixStream> = (0..of_each_kind).map(|_| come()).collect();
    let mut dripping: Vec<UnixStream> = (0..of_each_kind).map(|_| come()).collect();
    state.change(|state| state.all_there = true);
    while state.wait_for(PAUSE, |state| state.stop.then_some(())).is_none() {
        for caller in idle.iter_mut().filter(|caller| is_turned_away((&**caller).read(&mut [0]))) {
            *caller = come();
        }
        // The length of a request that is never to be whole, and its first bytes.
        for caller in dripping.iter_mut().filter(|caller| is_turned_away((&**caller).write(&[0]))) {
            *caller = come();
        }
    }
}

fn is_turned_away(moved: std::io::Result<usize>) -> bool {
    match moved {
        Ok(bytes) => bytes == 0,
        Err(error) => error.kind() != ErrorKind::WouldBlock,
    }
}
