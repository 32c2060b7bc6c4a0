//! The shipped hooks that keep tokens (`etc/hooks/persist-common.sh`), with an encryption that is none: what has been
//! saved and is not restored is never replaced.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::support::{Call, Daemon, Ran, Running, Setup, eventually};

/// It cannot encrypt while there is a file `full`, nor decrypt while there is one `locked`; it decrypts when there is no
/// `wait` any more.
const HOOK: &str = r#"#!/bin/sh
PATH=EXECUTABLES:$PATH
suffix=test
encrypt() { test ! -e "$HOME/full" && cat; }
decrypt() {
    while test -e "$HOME/wait"; do sleep 0.05; done
    test ! -e "$HOME/locked" && cat
}
OTHER
. 'COMMON'
"#;

/// Where the hooks of a sandbox keep their file.
const FILE: &str = "dump.test";

struct Persisting(Running);

impl Persisting {
    /// The accounts `work` and `home`. `other` is a line of the hook.
    fn with(other: &str) -> Self {
        let running = Setup::new().account("work", "").account("home", "").start();
        running.stop();
        let mut this = Self(running);
        this.write_hook(other);
        let hook = this.0.sandbox.home().join("persist-test");
        let hook = hook.display();
        this.0.sandbox.prepend_config(&format!(
            "token_event_cmd = \"'{hook}' save\"; startup_cmd = \"'{hook}' restore\";"
        ));
        this.start();
        this
    }

    /// By another program: what is being written to by us or a child of another test cannot be executed.
    fn write_hook(&self, other: &str) {
        let common = concat!(env!("CARGO_MANIFEST_DIR"), "/etc/hooks/persist-common.sh");
        let executables = PathBuf::from(env!("CARGO_BIN_EXE_pizauth"));
        let text = HOOK
            .replace("EXECUTABLES", executables.parent().unwrap().to_str().unwrap())
            .replace("COMMON", common)
            .replace("OTHER", other);
        let written = self.0.sandbox.write("hook", text);
        let hook = self.0.sandbox.home().join("persist-test");
        let installed = Command::new("install").args(["-m", "700"]).args([written, hook]).status();
        assert!(installed.unwrap().success());
    }

    fn start(&mut self) {
        self.0.daemon = Daemon::start(&self.0.sandbox, self.0.sandbox.applet("server").args(["-vvv"]));
    }

    fn by_hand(&self, arguments: &[&str]) -> Call {
        self.0.sandbox.program(self.0.sandbox.home().join("persist-test")).args(arguments)
    }

    fn mark(&self, name: &str) {
        fs::write(self.0.sandbox.home().join(name), "").unwrap();
    }

    fn unmark(&self, name: &str) {
        fs::remove_file(self.0.sandbox.home().join(name)).unwrap();
    }

    fn state(&self) -> PathBuf {
        self.0.sandbox.home().join(".local/state/pizauth")
    }

    fn dump(&self) -> Option<Vec<u8>> {
        fs::read(self.state().join(FILE)).ok()
    }

    /// The names of the dump and of all that belongs to it.
    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(self.state()).into_iter().flatten();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name.starts_with("dump.")).collect();
        names.sort();
        names
    }

    /// What was set aside.
    fn aside(&self) -> Vec<PathBuf> {
        let is_aside = |name: &&String| name.starts_with("dump.test.before-");
        self.names().iter().filter(is_aside).map(|name| self.state().join(name)).collect()
    }

    /// Signs in, and waits until that is saved.
    fn sign_in(&self, account: &str) -> String {
        let before = self.dump();
        let token = self.0.sign_in(account);
        self.wait_for_another_dump(before.as_deref());
        token
    }

    fn wait_for_another_dump(&self, than: Option<&[u8]>) -> Vec<u8> {
        let dump = eventually("another dump", || self.dump().filter(|dump| Some(dump.as_slice()) != than));
        // The hook has a little to do after that.
        eventually("the end of the hook", || {
            let log = self.0.daemon.log();
            let ended = log.matches("event=hook_ended").count() + log.matches("event=hook_failed").count();
            (log.matches("event=hook_started").count() == ended).then_some(())
        });
        dump
    }
}

fn failed(ran: Ran, why: &str) {
    ran.exits(1).says(why);
}

#[test]
fn what_the_daemon_has_restored_or_written_is_replaced_and_nothing_lies_about() {
    let mut scene = Persisting::with("");
    let (work, home) = (scene.sign_in("work"), scene.sign_in("home"));
    for _ in 0..2 {
        scene.0.stop();
        scene.start();
        assert_eq!((scene.0.token("work"), scene.0.token("home")), (work.clone(), home.clone()));
        let before = scene.dump();
        scene.0.revoke("work").exits(0);
        scene.wait_for_another_dump(before.as_deref());
        scene.by_hand(&["restore", "no-such-file"]).run().exits(1).says("nothing in no-such-file");
        fs::write(scene.state().join("with-work"), before.unwrap()).unwrap();
        let with_work = scene.state().join("with-work");
        scene.by_hand(&["restore", with_work.to_str().unwrap()]).run().exits(0);
        fs::remove_file(with_work).unwrap();
    }
    assert_eq!(scene.names(), ["dump.test", "dump.test.lock", "dump.test.ours"]);
}

#[test]
fn after_a_restore_that_failed_a_save_replaces_nothing_and_everything_can_be_had_back() {
    let mut scene = Persisting::with("");
    let (_, home) = (scene.sign_in("work"), scene.sign_in("home"));
    let saved = scene.dump().unwrap();
    scene.0.stop();
    scene.mark("locked");
    scene.start();
    scene.0.sandbox.applet("status").run().exits(0).says("startup_cmd has failed");
    let work = scene.sign_in("work");
    let [aside] = &scene.aside()[..] else { panic!("{:?}", scene.names()) };
    assert_eq!(fs::read(aside).unwrap(), saved);
    scene.0.daemon.wait_for_log(&[
        "not written or restored by this pizauthd",
        "restore",
        aside.to_str().unwrap(),
    ]);
    scene.0.show("home").exits(1);
    let before = scene.dump();
    scene.0.revoke("home").exits(0);
    scene.unmark("locked");
    scene.by_hand(&["restore", aside.to_str().unwrap()]).run().exits(0);
    assert_eq!(scene.0.token("home"), home);
    scene.0.sandbox.applet("status").run().exits(0).says_not("startup_cmd");
    scene.wait_for_another_dump(before.as_deref());
    scene.0.stop();
    scene.start();
    assert_eq!((scene.0.token("work"), scene.0.token("home")), (work, home));
    assert_eq!(scene.aside().len(), 1, "what was made by hand is its own: {:?}", scene.names());
}

#[test]
fn a_restore_by_hand_makes_the_file_the_daemons_own() {
    let mut scene = Persisting::with("");
    let home = scene.sign_in("home");
    scene.0.stop();
    scene.mark("locked");
    scene.start();
    failed(scene.by_hand(&["restore"]).run(), "cannot restore");
    scene.unmark("locked");
    scene.by_hand(&["restore"]).run().exits(0);
    assert_eq!(scene.0.token("home"), home);
    scene.sign_in("work");
    assert_eq!(scene.aside(), [] as [PathBuf; 0]);
}

#[test]
fn a_token_event_while_startup_cmd_decrypts_waits_and_then_saves_all() {
    let mut scene = Persisting::with("");
    let home = scene.sign_in("home");
    scene.0.stop();
    scene.mark("wait");
    let hook = scene.0.sandbox.home().join("persist-test").display().to_string();
    let (show, config) = (env!("CARGO_BIN_EXE_pizauth-show"), scene.0.sandbox.config_file());
    let text = fs::read_to_string(config).unwrap();
    let asking =
        text.replace(&format!("'{hook}' restore"), &format!("'{show}' work 2> asked; '{hook}' restore"));
    scene.0.sandbox.write_config(&asking);
    scene.0.restart_without_waiting();
    let before = scene.dump();
    scene.0.approve_asked("asked");
    let work = scene.0.token("work");
    assert!(!scene.0.daemon.log().contains("event=hook_started account"), "{}", scene.0.daemon.log());
    scene.unmark("wait");
    scene.wait_for_another_dump(before.as_deref());
    assert_eq!(scene.aside(), [] as [PathBuf; 0]);
    scene.0.stop();
    scene.start();
    assert_eq!((scene.0.token("work"), scene.0.token("home")), (work, home));
}

#[test]
fn accounts_that_are_not_configured_any_more_are_not_lost() {
    let mut scene = Persisting::with("");
    scene.sign_in("work");
    let home = scene.sign_in("home");
    scene.0.stop();
    let text = fs::read_to_string(scene.0.sandbox.config_file()).unwrap();
    scene.0.sandbox.write_config(&text.replace("account \"home\"", "account \"hmoe\""));
    scene.start();
    scene.0.daemon.wait_for_log(&["skipped account 'home'"]);
    scene.sign_in("hmoe");
    let aside = scene.aside();
    assert_eq!(aside.len(), 1, "{:?}", scene.names());
    scene.0.stop();
    scene.0.sandbox.write_config(&text);
    scene.start();
    scene.by_hand(&["restore", aside[0].to_str().unwrap()]).run().exits(0);
    assert_eq!(scene.0.token("home"), home);
}

#[test]
fn of_two_daemons_with_one_file_neither_loses_its_tokens_and_the_files_are_few() {
    let scene = Persisting::with("");
    let work = scene.sign_in("work");
    let socket = scene.0.sandbox.home().join("other.sock");
    let server = scene.0.sandbox.applet("server").args(["-vvv"]).env("PIZAUTH_SOCKET", &socket);
    let other = Daemon::start(&scene.0.sandbox, server);
    let by_other = |arguments: &[&str]| scene.by_hand(arguments).env("PIZAUTH_SOCKET", &socket).run();
    for _ in 0..3 {
        // It has restored what the first one had written, but not what that writes from now on.
        scene.by_hand(&["save"]).run().exits(0);
        by_other(&["save"]).exits(0).says("not written or restored by this pizauthd");
    }
    assert_eq!(scene.aside().len(), 2, "the latest of each: {:?}", scene.names());
    other.signal(rustix::process::Signal::TERM);
    other.wait();
    scene.0.revoke("work").exits(0);
    for aside in scene.aside() {
        scene.by_hand(&["restore", aside.to_str().unwrap()]).run();
    }
    assert_eq!(scene.0.token("work"), work);
}

/// The lock is a descriptor where there is a flock(1), else a directory.
const LOCKS: [&str; 2] = ["", "flock() { return 69; }"];

#[test]
fn saves_at_once_wait_for_each_other_and_what_killed_ones_have_left_is_cleared() {
    for lock in LOCKS {
        let scene = Persisting::with(lock);
        scene.sign_in("work");
        for left in ["dump.test.new.aB3dE6", "dump.test.new.aB3dE6.failed"] {
            fs::write(scene.state().join(left), "half a dump").unwrap();
        }
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| scene.by_hand(&["save"]).run().exits(0));
            }
        });
        assert_eq!(scene.names(), ["dump.test", "dump.test.lock", "dump.test.ours"]);
        scene.0.revoke("work").exits(0);
        scene.by_hand(&["save"]).run().exits(0);
        assert_eq!(scene.aside(), [] as [PathBuf; 0]);
    }
}

#[test]
fn a_lock_that_a_killed_save_has_left_is_cleared() {
    let scene = Persisting::with(LOCKS[1]);
    let lock = scene.state().join("dump.test.lock.d");
    fs::create_dir_all(&lock).unwrap();
    assert!(Command::new("touch").args(["-t", "202001010000"]).arg(&lock).status().unwrap().success());
    scene.sign_in("work");
    assert!(!lock.exists());
}

#[test]
fn a_save_that_failed_is_made_up_for() {
    let scene = Persisting::with("");
    scene.mark("full");
    scene.0.sign_in("work");
    scene.0.daemon.wait_for_log(&["event=hook_failed", "hook=token_event_cmd", "retry_in=2"]);
    assert_eq!(scene.dump(), None);
    scene.unmark("full");
    scene.wait_for_another_dump(None);
}

#[test]
fn and_at_the_stop_if_not_before() {
    let mut scene = Persisting::with("");
    scene.mark("full");
    let work = scene.0.sign_in("work");
    for pause in ["retry_in=2", "retry_in=8"] {
        scene.0.daemon.wait_for_log(&["event=hook_failed", "hook=token_event_cmd", pause]);
    }
    scene.unmark("full");
    scene.0.stop();
    scene.start();
    assert_eq!(scene.0.token("work"), work);
}
