//! Tokens that outlive the daemon: saved by the filters of the configuration, and read before anything is decided. The
//! encryption here is none, but no dump lies in it.

mod failures;
mod full_disk;
mod kills;
mod loading;
mod reload;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::process::Signal;
use serde_json::Value;

use crate::support::{Running, Setup, eventually, process};

const ENCRYPT: &str = "LC_ALL=C tr '\\\\000-\\\\377' '\\\\001-\\\\377\\\\000'";
const DECRYPT: &str = "LC_ALL=C tr '\\\\001-\\\\377\\\\000' '\\\\000-\\\\377'";

/// The two options.
fn filters(encrypt: &str, decrypt: &str) -> String {
    format!("state_encrypt_cmd = \"{encrypt}\"; state_decrypt_cmd = \"{decrypt}\";")
}

/// Who is told of errors writes them into a file.
const TELLS: &str = "error_notify_cmd = \"echo \\\"$PIZAUTH_ACCOUNT: $PIZAUTH_MSG\\\" >> told\";";

fn setup(encrypt: &str, decrypt: &str) -> Setup {
    Setup::new().policy(|policy| policy.rotate = true).global(&filters(encrypt, decrypt)).global(TELLS)
}

fn start() -> Running {
    setup(ENCRYPT, DECRYPT).start()
}

fn state_file(running: &Running) -> PathBuf {
    running.sandbox.home().join(".local/state/pizauth/tokens")
}

fn saved(running: &Running) -> Option<Vec<u8>> {
    fs::read(state_file(running)).ok()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// Waits until something else is saved than this.
fn wait_for_another(running: &Running, than: Option<&[u8]>) -> Vec<u8> {
    eventually("another file", || saved(running).filter(|saved| Some(saved.as_slice()) != than))
}

/// Signs in, and waits until that is saved.
fn sign_in_and_save(running: &Running) -> String {
    let before = saved(running);
    let token = running.sign_in("work");
    wait_for_another(running, before.as_deref());
    token
}

/// Ends the daemon as a power failure would, and starts the next.
fn kill_and_restart(running: &mut Running) {
    running.daemon.signal(Signal::KILL);
    running.daemon.wait();
    // A filter that has been forked and has not become its program holds the lock of the socket.
    eventually("the end of its children", || (!process::is_used(&running.sandbox.home())).then_some(()));
    running.daemon =
        crate::support::Daemon::start(&running.sandbox, running.sandbox.applet("server").args(["-vvv"]));
}

fn status(running: &Running) -> Value {
    let ran = running.sandbox.applet("status").args(["-j"]).run().exits(0);
    serde_json::from_slice(&ran.stdout).unwrap()
}

fn never_asked(running: &Running) {
    let log = running.daemon.log();
    assert!(!log.contains("event=authorization_pending"), "{log}");
}

#[test]
fn a_session_survives_a_kill_and_nobody_is_asked() {
    let mut running = start();
    let token = sign_in_and_save(&running);
    let file = state_file(&running);
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    for _ in 0..2 {
        kill_and_restart(&mut running);
        running.daemon.wait_for_log(&["event=state_loaded"]);
        assert_eq!(running.token("work"), token);
        never_asked(&running);
    }
    assert_eq!(
        (&status(&running)["saved"], &status(&running)["save_error"]),
        (&Value::Bool(true), &Value::Null)
    );
    let info = running.sandbox.applet("info").run().exits(0).out();
    assert!(info.contains(&format!("saved tokens: {}\n", file.display())), "{info}");
}

#[test]
fn a_refresh_token_that_was_replaced_is_saved_at_once_and_a_revoke_too() {
    let mut running = start();
    sign_in_and_save(&running);
    for _ in 0..3 {
        let before = saved(&running);
        running.refresh("work").exits(0);
        wait_for_another(&running, before.as_deref());
        kill_and_restart(&mut running);
        never_asked(&running);
    }
    running.token("work");
    let before = saved(&running);
    running.sandbox.applet("revoke").args(["work"]).run().exits(0);
    wait_for_another(&running, before.as_deref());
    kill_and_restart(&mut running);
    running.show("work").exits(1);
}

#[test]
fn what_has_not_changed_is_not_written() {
    let mut running = start();
    sign_in_and_save(&running);
    let before = saved(&running);
    for _ in 0..2 {
        running.sandbox.applet("reload").run().exits(0);
        running.token("work");
        running.stop();
        running.daemon = running.sandbox.start();
    }
    assert_eq!(saved(&running), before);
}

#[test]
fn the_daemon_saves_last_what_would_have_waited() {
    let mut running = setup(ENCRYPT, DECRYPT).policy(|policy| policy.rotate = false).start();
    let first = sign_in_and_save(&running);
    running.refresh("work").exits(0);
    let second = eventually("another token", || Some(running.token("work")).filter(|token| *token != first));
    running.stop();
    running.daemon = running.sandbox.start();
    assert_eq!(running.token("work"), second);
}

#[test]
fn a_stop_waits_for_a_save() {
    let encrypt = format!("until test -e go; do sleep 0.05; done; {ENCRYPT}");
    let mut running = setup(&encrypt, DECRYPT).start();
    let token = running.sign_in("work");
    running.daemon.signal(Signal::TERM);
    running.daemon.wait_for_log(&["event=stopping"]);
    running.sandbox.write("go", "");
    running.daemon.wait();
    running.daemon = running.sandbox.start();
    assert_eq!(running.token("work"), token);
}

#[test]
fn a_link_is_followed_once_and_what_it_names_is_made() {
    let running = start();
    running.stop();
    let file = state_file(&running);
    let target = running.sandbox.home().join("elsewhere/deep/tokens");
    let _ = fs::remove_file(&file);
    std::os::unix::fs::symlink(&target, &file).unwrap();
    let mut running = running;
    running.daemon = running.sandbox.start();
    let token = running.sign_in("work");
    eventually("the file", || fs::read(&target).ok());
    kill_and_restart(&mut running);
    assert_eq!(running.token("work"), token);
    assert!(fs::symlink_metadata(&file).unwrap().is_symlink());
    running.stop();
    fs::remove_file(&target).unwrap();
    std::os::unix::fs::symlink("other", &target).unwrap();
    running.sandbox.applet("server").args(["-d"]).run().exits(1).says("is a link to a link");
}
