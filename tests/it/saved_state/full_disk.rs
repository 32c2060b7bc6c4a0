//! Disks that are full and directories that nobody may write to: the old file stays, whole, and everything else goes on.

use std::fs::{self, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{
    DECRYPT, ENCRYPT, kill_and_restart, saved, setup, sign_in_and_save, start, state_file, status,
    wait_for_another,
};
use crate::support::{Daemon, Running, can_become_another_user, eventually};

/// A path as the daemon sees it, which may have a disk of its own.
fn seen_by_daemon(running: &Running, path: &Path) -> PathBuf {
    Path::new("/proc")
        .join(running.daemon.pid().to_string())
        .join("root")
        .join(path.strip_prefix("/").unwrap())
}

/// Refreshes until saves have failed for `why` so often; what is in the file by then must be what was there.
fn saves_fail(running: &Running, file: &Path, why: &str) {
    let before = fs::read(file).unwrap();
    let open = || fs::read_dir(format!("/proc/{}/fd", running.daemon.pid())).unwrap().count();
    let mut opened = None;
    // After a third one the next would have to wait for its turn.
    for _ in 0..2 {
        let failures = running.daemon.log().matches("event=state_save_failed").count();
        running.refresh("work").exits(0);
        eventually("a save that fails", || {
            (running.daemon.log().matches("event=state_save_failed").count() > failures).then_some(())
        });
        assert_eq!(fs::read(file).unwrap(), before, "{why}");
        assert_eq!(names_in(file.parent().unwrap()), ["tokens", "tokens.lock"]);
        // A connection may be there still.
        let most = *opened.get_or_insert_with(open);
        eventually("the end of what was opened", || (open() <= most).then_some(()));
    }
    running.daemon.wait_for_log(&["event=state_save_failed", "cannot write tokens.new: ", why]);
    running.sandbox.applet("status").run().exits(0).says(why).says("what was saved before is still there");
    assert_eq!(status(running)["saved"], Value::Bool(false));
    let told = eventually("a word to the user", || {
        Some(running.sandbox.read("told")).filter(|told| told.contains(why) && told.ends_with('\n'))
    });
    assert_eq!(told.lines().count(), 1, "{told}");
}

fn names_in(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = entries.map(|name| name.into_string().unwrap()).collect();
    names.retain(|name| name.starts_with("tokens"));
    names.sort();
    names
}

/// There is room again: the next change is saved.
fn saves_again(running: &Running, file: &Path) {
    let before = fs::read(file).unwrap();
    running.refresh("work").exits(0);
    eventually("another file", || fs::read(file).ok().filter(|saved| *saved != before));
    eventually("a good save", || (status(running)["saved"] == Value::Bool(true)).then_some(()));
}

#[test]
fn a_full_disk_leaves_the_old_file() {
    let mut running = setup(ENCRYPT, DECRYPT).start();
    if running.sandbox.program("unshare").args(["-m", "true"]).run().code() != 0 {
        return; // Not everybody may mount something; see the limit below.
    }
    let directory = state_file(&running).parent().unwrap().display().to_string();
    let script = format!("mkdir -p {directory} && mount -t tmpfs -o size=64k,mode=700 none {directory}");
    running.restart_by(&format!("exec unshare -m sh -c '{script} && exec \"$@\"' sh \"$@\""));
    running.sign_in("work");
    let file = seen_by_daemon(&running, &state_file(&running));
    eventually("the file", || fs::read(&file).ok());
    eventually("a good save", || (status(&running)["saved"] == Value::Bool(true)).then_some(()));
    let filler = file.with_file_name("filler");
    let mut filling = OpenOptions::new().create(true).append(true).open(&filler).unwrap();
    while filling.write_all(&[0; 512]).is_ok() {}
    drop(filling);
    saves_fail(&running, &file, "no space left on device");
    fs::remove_file(&filler).unwrap();
    saves_again(&running, &file);
}

#[test]
fn a_file_that_may_not_be_written_whole_leaves_the_old_one() {
    let mut running = start();
    sign_in_and_save(&running);
    let limit = |bytes: &str| {
        let pid = running.daemon.pid().to_string();
        running.sandbox.program("prlimit").args(["--pid", &pid, &format!("--fsize={bytes}:")]).run().exits(0);
    };
    let all_but_one = fs::metadata(state_file(&running)).unwrap().len() - 1;
    limit(&all_but_one.to_string());
    saves_fail(&running, &state_file(&running), "file too large");
    limit("unlimited");
    saves_again(&running, &state_file(&running));
    let token = running.token("work");
    kill_and_restart(&mut running);
    assert_eq!(running.token("work"), token);
}

#[test]
fn a_directory_that_cannot_be_written_to_leaves_the_old_file() {
    let mut running = start();
    // Root may write anywhere.
    if rustix::process::getuid().is_root() {
        if !can_become_another_user("a directory that cannot be written to") {
            return;
        }
        running.stop();
        running.sandbox.give_away();
        running.daemon = Daemon::start(&running.sandbox, running.sandbox.applet("server").args(["-vvv"]));
    }
    sign_in_and_save(&running);
    let file = state_file(&running);
    let may = |mode| fs::set_permissions(file.parent().unwrap(), Permissions::from_mode(mode)).unwrap();
    may(0o500);
    saves_fail(&running, &file, "permission denied");
    may(0o700);
    saves_again(&running, &file);
}

#[test]
fn half_of_what_was_encrypted_with_exit_status_0_shows_at_the_next_start_and_is_not_replaced() {
    let halves = format!("if test -e halve; then head -c 100; else cat; fi | {ENCRYPT}");
    let mut running = setup(&halves, DECRYPT).start();
    sign_in_and_save(&running);
    let before = saved(&running);
    running.sandbox.write("halve", "");
    running.refresh("work").exits(0);
    let half = wait_for_another(&running, before.as_deref());
    fs::remove_file(running.sandbox.path("halve")).unwrap();
    running.stop();
    running.daemon = Daemon::start(&running.sandbox, running.sandbox.applet("server").args(["-vvv"]));
    running.daemon.wait_for_log(&["event=state_load_failed", "truncated"]);
    running.sign_in("work");
    running.daemon.wait_for_log(&["event=token_new"]);
    assert_eq!(saved(&running), Some(half));
    assert_eq!(status(&running)["saved"], Value::Bool(false));
    eventually("a word to the user", || {
        running.sandbox.read("told").starts_with("*: saved tokens could not be read: ").then_some(())
    });
    fs::rename(state_file(&running), running.sandbox.path("away")).unwrap();
    running.refresh("work").exits(0);
    eventually("a file once it has gone", || saved(&running));
}
