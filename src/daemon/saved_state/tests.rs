//! Real files.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::error::NotLocked;
use super::place::Place;
use crate::testing::private_directory;

#[test]
fn a_file_is_replaced_whole_for_its_owner_alone_whatever_a_killed_daemon_left() {
    let directory = private_directory();
    let path = directory.path().join("a/b/tokens");
    let mut place = Place::at(path.clone()).unwrap();
    assert!(place.read().unwrap().is_none() && !place.is_occupied());
    let locked = place.lock().unwrap();
    fs::write(path.with_extension("new"), "half of").unwrap();
    for text in [&b"first"[..], b"second"] {
        locked.replace(text).unwrap();
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
    let locked = place.lock().unwrap();
    let mut other = Place::at(directory.path().join("./tokens")).unwrap();
    assert!(place.is(&other) && !place.is(&Place::at(directory.path().join("others")).unwrap()));
    assert!(matches!(other.lock(), Err(NotLocked::Taken(Some(pid))) if pid == std::process::id() as i32));
    drop(place);
    assert!(matches!(other.lock(), Err(NotLocked::Taken(_))), "a thread that writes holds it still");
    drop(locked);
    other.lock().unwrap();
}

#[test]
fn a_directory_that_was_replaced_is_locked_again_and_written_to() {
    let directory = private_directory();
    let path = directory.path().join("state/tokens");
    let mut place = Place::at(path.clone()).unwrap();
    place.lock().unwrap();
    fs::rename(directory.path().join("state"), directory.path().join("old")).unwrap();
    place.lock().unwrap().replace(b"text").unwrap();
    assert_eq!(fs::read(path).unwrap(), b"text");
    assert!(directory.path().join("state/tokens.lock").exists());
}
