//! Real filters and real files; what takes long in life is given less time.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::mpsc::{Receiver, channel};

use super::conversation::LARGEST;
use super::filter::{Filter, Filtered};
use super::place::{NotHeld, Place};
use super::*;
use crate::testing::private_directory;

fn settings() -> HookSettings {
    let environment = HookSettings::inherited_environment();
    HookSettings { environment, socket: "/run/example.sock".into(), limits: Vec::new() }
}

fn start(command: &str, input: &[u8], limit: Option<Duration>) -> (Filter, Receiver<Filtered>) {
    let (sender, receiver) = channel();
    let done = move |filtered| drop(sender.send(filtered));
    (Filter::start(command, &settings(), Zeroizing::new(input.to_vec()), limit, done).unwrap(), receiver)
}

/// What comes of a filter. Nobody else tells it of its child here, so that it is told again and again.
fn filtered(command: &str, input: &[u8], limit: Option<Duration>) -> Result<Vec<u8>, String> {
    let (filter, receiver) = start(command, input, limit);
    loop {
        if let Ok(filtered) = receiver.recv_timeout(Duration::from_millis(5)) {
            return filtered.map(|written| written.to_vec());
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
    let gone = directory.path().join("gone");
    let behind = format!("cat; (until test -e '{}'; do sleep 0.05; done) &", gone.display());
    assert_eq!(filtered(&behind, b"all of it", None).unwrap(), b"all of it");
    fs::write(gone, "").unwrap();
}

#[test]
fn a_filter_is_ended_when_nobody_wants_to_know_any_more() {
    let (filter, receiver) = start("sleep 1000", b"x", None);
    let pid = filter.pid();
    filter.abort().join().unwrap();
    assert!(receiver.recv().unwrap().is_err());
    assert!(nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid as i32), None).is_err(), "it was reaped");
}

#[test]
fn a_file_is_replaced_whole_for_its_owner_alone_whatever_a_killed_daemon_left() {
    let directory = private_directory();
    let path = directory.path().join("a/b/tokens");
    let mut place = Place::at(path.clone()).unwrap();
    assert!(place.read().unwrap().is_none() && !place.is_occupied());
    let held = place.hold().unwrap();
    fs::write(path.with_extension("new"), "half of").unwrap();
    for text in [&b"first"[..], b"second"] {
        held.replace(text).unwrap();
        assert_eq!(place.read().unwrap().unwrap().as_slice(), text);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
        assert!(!path.with_extension("new").exists());
    }
    for made in ["a", "a/b"] {
        assert_eq!(fs::metadata(directory.path().join(made)).unwrap().permissions().mode() & 0o7777, 0o700);
    }
}

#[test]
fn a_place_is_one_daemons_and_the_same_by_every_path() {
    let directory = private_directory();
    let path = directory.path().join("tokens");
    let mut place = Place::at(path.clone()).unwrap();
    let held = place.hold().unwrap();
    let mut other = Place::at(directory.path().join("./tokens")).unwrap();
    assert!(place.is(&other) && !place.is(&Place::at(directory.path().join("others")).unwrap()));
    assert!(matches!(other.hold(), Err(NotHeld::Taken(Some(pid))) if pid == std::process::id() as i32));
    drop(place);
    assert!(matches!(other.hold(), Err(NotHeld::Taken(_))), "a thread that writes holds it still");
    drop(held);
    other.hold().unwrap();
}

#[test]
fn a_directory_that_was_replaced_is_locked_again_and_written_to() {
    let directory = private_directory();
    let path = directory.path().join("state/tokens");
    let mut place = Place::at(path.clone()).unwrap();
    place.hold().unwrap();
    fs::rename(directory.path().join("state"), directory.path().join("old")).unwrap();
    place.hold().unwrap().replace(b"text").unwrap();
    assert_eq!(fs::read(path).unwrap(), b"text");
    assert!(directory.path().join("state/tokens.lock").exists());
}
