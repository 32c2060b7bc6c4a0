//! Whatever goes wrong: the old file stays, the user is told once and how to mend it, and it is tried again.

use std::fs;

use rustix::process::Signal;
use serde_json::Value;

use super::{
    DECRYPT, ENCRYPT, filters, kill_and_restart, saved, setup, sign_in_and_save, start, state_file, status,
};
use crate::support::{Daemon, Running, eventually};

/// Puts other filters into the configuration, which the daemon has not read yet.
fn replace_filters(running: &Running, encrypt: &str, decrypt: &str) {
    let config = fs::read_to_string(running.sandbox.config_file()).unwrap();
    let rest: Vec<_> = config.lines().filter(|line| !line.starts_with("state_encrypt_cmd")).collect();
    running.sandbox.write_config(&format!("{}\n{}", filters(encrypt, decrypt), rest.join("\n")));
}

fn told(running: &Running) -> String {
    running.sandbox.read("told")
}

#[test]
fn a_save_that_cannot_be_made_leaves_the_old_file_and_is_told() {
    for (encrypt, why) in [
        ("cat", "state_encrypt_cmd does not encrypt"),
        ("true", "state_encrypt_cmd"),
        ("nonexistent-command", "(exit 127)"),
        (
            "cat >/dev/null; echo no key for you >&2; exit 3",
            "state_encrypt_cmd failed (exit 3): no key for you",
        ),
        ("cat >/dev/null", "state_encrypt_cmd has written nothing"),
        ("cat >/dev/null; head -c 34603008 /dev/zero", "state_encrypt_cmd wrote more than 32 MiB"),
        ("cat >/dev/null; kill -9 $$", "state_encrypt_cmd failed (signal 9)"),
        ("cat | tr a b", "state_encrypt_cmd does not encrypt"),
        (
            "cat >/dev/null; echo foreign",
            "the saved state cannot be read back: state_decrypt_cmd has written something else",
        ),
    ] {
        let running = start();
        sign_in_and_save(&running);
        let before = saved(&running);
        replace_filters(&running, encrypt, DECRYPT);
        running.sandbox.applet("reload").run().exits(0);
        running.daemon.wait_for_log(&["event=state_save_failed", why]);
        let line =
            eventually("a word to the user", || Some(told(&running)).filter(|told| told.ends_with('\n')));
        assert!(line.starts_with("*: tokens could not be saved to ") && line.contains(why), "{line}");
        assert_eq!(status(&running)["saved"], Value::Bool(false));
        running.sandbox.applet("status").run().exits(0).says(why);
        assert_eq!(saved(&running), before, "{encrypt}");
        let names = fs::read_dir(state_file(&running).parent().unwrap()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        assert!(names.into_iter().all(|name| !name.ends_with(".new")), "something is left behind");

        replace_filters(&running, ENCRYPT, DECRYPT);
        running.sandbox.applet("reload").run().exits(0);
        eventually("a good save", || (status(&running)["saved"] == Value::Bool(true)).then_some(()));
        assert_eq!(told(&running).lines().count(), 1, "{}", told(&running));
    }
}

#[test]
fn a_place_that_cannot_be_written_to_is_told_and_mail_goes_on() {
    let mut running = setup(ENCRYPT, DECRYPT).start();
    running.stop();
    fs::create_dir_all(state_file(&running).join("in the way")).unwrap();
    running.daemon = running.sandbox.start();
    running.daemon.wait_for_log(&["event=state_load_failed", "it is not a regular file"]);
    let token = running.sign_in("work");
    fs::remove_dir_all(state_file(&running)).unwrap();
    running.refresh("work").exits(0);
    eventually("a save once it has gone", || saved(&running));
    assert_ne!(running.token("work"), token);
}

#[test]
fn what_cannot_be_read_is_never_overwritten() {
    let mut running = start();
    sign_in_and_save(&running);
    let token = running.token("work");
    let whole = saved(&running).unwrap();
    running.stop();
    for (bytes, why) in [
        (whole[..whole.len() / 2].to_vec(), "truncated"),
        (Vec::new(), "it is empty"),
        (b"something else".to_vec(), "no dump"),
    ] {
        fs::write(state_file(&running), &bytes).unwrap();
        let _ = fs::remove_file(running.sandbox.path("told"));
        running.daemon = Daemon::start(&running.sandbox, running.sandbox.applet("server").args(["-vvv"]));
        running.daemon.wait_for_log(&["event=state_load_failed", why]);
        running
            .sandbox
            .applet("status")
            .run()
            .exits(0)
            .says("saved tokens could not be read: ")
            .says("until \"pizauth reload\" reads it, or you move it away");
        assert_eq!(status(&running)["saved"], Value::Bool(false));
        eventually("a word to the user", || {
            told(&running).starts_with("*: saved tokens could").then_some(())
        });
        running.sign_in("work");
        running.stop();
        assert_eq!(saved(&running).unwrap(), bytes);
    }

    running.daemon = Daemon::start(&running.sandbox, running.sandbox.applet("server").args(["-vvv"]));
    fs::write(state_file(&running), &whole).unwrap();
    running.sandbox.applet("reload").run().exits(0);
    running.daemon.wait_for_log(&["event=state_loaded"]);
    assert_eq!(running.token("work"), token);
    assert_eq!(status(&running)["saved"], Value::Bool(true));
}

#[test]
fn what_was_revoked_while_it_could_not_be_read_stays_revoked() {
    let mut running = start();
    sign_in_and_save(&running);
    let whole = saved(&running).unwrap();
    running.stop();
    fs::write(state_file(&running), "something else").unwrap();
    running.daemon = Daemon::start(&running.sandbox, running.sandbox.applet("server").args(["-vvv"]));
    running.daemon.wait_for_log(&["event=state_load_failed"]);
    running.sandbox.applet("revoke").args(["work"]).run().exits(0);
    fs::write(state_file(&running), &whole).unwrap();
    running.sandbox.applet("reload").run().exits(0);
    running.daemon.wait_for_log(&["event=state_skipped", "it was revoked after it was saved"]);
    running.show("work").exits(1);
    super::wait_for_another(&running, Some(&whole));
    kill_and_restart(&mut running);
    running.show("work").exits(1);
}

#[test]
fn what_was_moved_away_makes_room() {
    let mut running = start();
    sign_in_and_save(&running);
    running.stop();
    fs::write(state_file(&running), "something else").unwrap();
    running.daemon = running.sandbox.start();
    running.sign_in("work");
    fs::rename(state_file(&running), running.sandbox.path("away")).unwrap();
    running.refresh("work").exits(0);
    eventually("a save", || saved(&running));
    kill_and_restart(&mut running);
    running.token("work");
}

#[test]
fn a_command_that_hangs_is_ended_when_the_daemon_stops() {
    let running = setup("sleep 1000", DECRYPT).start();
    running.sign_in("work");
    running.daemon.signal(Signal::TERM);
    running.daemon.wait_for_log(&["event=state_save_failed", "the daemon has ended"]);
    running.daemon.wait();
    assert_eq!(saved(&running), None);
}
