//! SIGKILL at random moments of a refresh: what a persisting hook has saved is what the next daemon goes on with.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use pizauth_test_server::{Endpoint, Entry};
use rustix::process::Signal;

use crate::support::consumption::bound;
use crate::support::{Running, Setup, eventually, process};

/// Longer than a refresh and its hook take on an idle machine.
const LATEST_MICROSECONDS: u64 = 150_000;

/// The access token that the hook has saved last, with all that belongs to it.
fn saved_last(running: &Running) -> Option<String> {
    running.sandbox.read("saved").lines().next_back().map(str::to_owned)
}

/// A dump with every event, taken back at the start.
fn persisting() -> Running {
    let [show, dump, restore] =
        ["show", "dump", "restore"].map(|applet| format!("'{}-{applet}'", env!("CARGO_BIN_EXE_pizauth")));
    let save = format!(
        "if {show} work > shown; then {dump} > new && mv new dump && cat shown >> saved; else rm dump; fi"
    );
    let hooks = format!(
        "token_event_cmd = \"{save}\"; startup_cmd = \"if test -e dump; then {restore} < dump; fi\";"
    );
    Setup::new().policy(|policy| policy.rotate = true).global(&hooks).start()
}

/// Kills the daemon somewhere in a refresh, waits for what its hook still does, and starts the next one.
fn kill_and_restart(running: &mut Running, random: u64) {
    running.refresh("work").exits(0);
    std::thread::sleep(Duration::from_micros(random % LATEST_MICROSECONDS));
    running.daemon.signal(Signal::KILL);
    running.daemon.wait();
    eventually("the end of the hook", || (!process::is_used(&running.sandbox.home())).then_some(()));
    running.daemon = running.sandbox.start();
}

/// How old a refresh token is: its place in the order in which the server issued them.
fn age(entries: &[Entry], refresh_token: &str) -> usize {
    let is_it = |entry: &Entry| entry.refresh_token().as_deref() == Some(refresh_token);
    entries.iter().position(is_it).expect("the server has issued it")
}

#[test]
fn no_refresh_token_is_lost_that_a_hook_has_saved_before_a_kill() {
    let mut running = persisting();
    let (random, kills) = (RandomState::new(), bound("PIZAUTH_TEST_KILLS", 8));
    let mut compared = 0;
    for round in 0..kills {
        // A rotated token that nobody has saved ends the session: that one the user has to make again.
        if running.show("work").code() == 1 {
            running.sign_in("work");
        }
        let saved = saved_last(&running);
        let before = running.server.log().entries().len();
        kill_and_restart(&mut running, random.hash_one(round));
        let entries = running.server.log().entries();
        let sent = entries[before..].iter().find(|entry| entry.endpoint == Endpoint::Refresh);
        if let (Some(saved), Some(sent)) = (saved, sent.and_then(|entry| entry.request.form("refresh_token")))
        {
            let is_it = |entry: &Entry| entry.access_token().as_ref() == Some(&saved);
            let saved = entries.iter().position(is_it).expect("the server has issued it");
            assert!(age(&entries, sent) >= saved, "kill {round}: an older refresh token than the saved one");
            compared += 1;
        }
    }
    assert!(compared * 4 >= kills, "only {compared} of {kills} kills came after a refresh had begun");
}
