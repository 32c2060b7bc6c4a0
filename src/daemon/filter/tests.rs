//! Real filters; what takes long in life is given less time.

use std::sync::mpsc::{Receiver, channel};

use super::*;
use crate::shell::Shell;
use crate::testing::private_directory;

const LARGEST: usize = 32 << 20;

fn start(command: &str, input: &[u8], limit: Option<Duration>) -> (Filter, Receiver<Filtered>) {
    let (sender, receiver) = channel();
    let done = move |filtered| drop(sender.send(filtered));
    let environment = Shell::inherited_environment();
    let shell = Shell { environment, socket: "/run/example.sock".into(), limits: Vec::new() };
    let limits = Limits { time: limit, bytes: LARGEST };
    let input = Zeroizing::new(input.to_vec());
    (
        Filter::start(shell.command_line(command), input, limits, done)
            .unwrap_or_else(|failed| panic!("{failed}")),
        receiver,
    )
}

/// What comes of a filter. Nobody else tells it of its child here, so that it is told again and again.
fn filtered(command: &str, input: &[u8], limit: Option<Duration>) -> Result<Vec<u8>, String> {
    let (filter, receiver) = start(command, input, limit);
    loop {
        if let Ok(filtered) = receiver.recv_timeout(Duration::from_millis(5)) {
            return filtered.map(|written| written.to_vec()).map_err(|failed| failed.to_string());
        }
        filter.child_changed();
    }
}

#[test]
fn what_a_filter_writes_comes_back_whole_however_much_it_is() {
    let much: Vec<u8> = (0..3 << 20).map(|number: u32| number as u8).collect();
    for input in [&b""[..], b"short", &much] {
        assert_eq!(filtered("cat", input, None).unwrap(), input);
    }
}

#[test]
fn a_filter_that_fails_is_told_with_its_last_words() {
    for (command, why) in [
        ("exit 7", "failed (exit 7)"),
        ("cat > /dev/null; echo one >&2; printf 'two\\033\\n\\n' >&2; exit 2", "failed (exit 2): two "),
        ("kill -KILL $$", "failed (signal 9)"),
    ] {
        assert_eq!(filtered(command, b"x", None).unwrap_err(), why, "{command}");
    }
    let deaf = filtered("exec sleep 0", &vec![0; 1 << 20], None);
    assert_eq!(deaf.unwrap_err(), "did not read all that it was given");
}

#[test]
fn a_filter_that_takes_too_long_or_writes_too_much_is_ended() {
    let limit = Some(Duration::from_millis(200));
    let late = filtered("trap '' TERM; while :; do sleep 0.05; done", b"x", limit);
    assert!(late.unwrap_err().starts_with("took longer than "));
    let much = format!("head -c {} /dev/zero; exec sleep 1000", LARGEST + 1);
    assert_eq!(filtered(&much, b"", None).unwrap_err(), "wrote more than 32 MiB");
}

#[test]
fn what_a_filter_leaves_behind_is_not_waited_for() {
    let directory = private_directory();
    let behind = format!("cat; (while test -d '{}'; do sleep 0.05; done) &", directory.path().display());
    assert_eq!(filtered(&behind, b"all of it", None).unwrap(), b"all of it");
}

#[test]
fn a_filter_is_ended_when_nobody_wants_to_know_any_more() {
    let (filter, receiver) = start("sleep 1000", b"x", None);
    let pid = filter.pid();
    filter.abort().0.join().unwrap();
    assert!(receiver.recv().unwrap().is_err());
    assert!(nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid as i32), None).is_err(), "it was reaped");
}
