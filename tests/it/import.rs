//! `pizauth import`: a refresh token of another program is taken over, or nothing happens.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::Stdio;

use nix::pty::openpty;
use pizauth_test_server::{Endpoint, Fault, browser};
use rustix::process::Signal;
use rustix::termios::{LocalModes, tcgetattr};

use crate::support::{Daemon, Ran, Running, Setup, eventually, process, wait};

const CLIENT: &str = "client-of-work";

fn import(running: &Running, arguments: &[&str], input: impl Into<Vec<u8>>) -> Ran {
    running.sandbox.applet("import").args(arguments).stdin(input).run()
}

/// A refresh token that the server knows and the daemon does not.
fn elsewhere(running: &Running) -> String {
    let known = running.server.log().count(Endpoint::Exchange);
    running.sign_in("work");
    let refresh_token = running.wait_finished(Endpoint::Exchange, known + 1).refresh_token().unwrap();
    running.revoke("work").exits(0);
    refresh_token
}

/// As mutt_oauth2.py writes it.
fn mutt(refresh_token: &str) -> String {
    format!(
        r#"{{"registration": "microsoft", "authflow": "authcode", "email": "me@example.org", "access_token": "x",
        "access_token_expiration": "2026-11-28T14:05:11.123456", "refresh_token": "{refresh_token}",
        "client_id": "{CLIENT}", "client_secret": "hunter2"}}"#
    )
}

fn refreshes(running: &Running) -> usize {
    running.server.log().count(Endpoint::Refresh)
}

#[test]
fn a_refresh_token_is_taken_and_tried_at_once() {
    let running = Running::start();
    let refresh_token = elsewhere(&running);
    let ran = import(&running, &["work"], mutt(&refresh_token)).exits(0);
    let (line, said) = (ran.line(), &ran.stderr);
    assert!(line.starts_with("work: imported; the access token is valid until "), "{line}");
    assert!(!line.contains("copy") && said.is_empty(), "{line} {said}");
    let entry = running.wait_finished(Endpoint::Refresh, 1);
    assert_eq!(entry.request.form("refresh_token"), Some(&*refresh_token));
    assert!(running.server.is_live(&running.token("work")));
    running.daemon.wait_for_log(&["event=imported", "account=\"work\""]);
    running.daemon.wait_for_log(&["event=token_new", "account=\"work\""]);
    assert!(!running.daemon.log().contains(&refresh_token));
}

#[test]
fn who_may_have_a_dead_copy_now_is_named() {
    let running = Setup::new().policy(|policy| policy.rotate = true).start();
    let refresh_token = elsewhere(&running);
    let line = import(&running, &["work"], mutt(&refresh_token)).exits(0).line();
    assert!(
        line.ends_with(
            "; mutt_oauth2.py's own copy of the refresh token may be dead now: stop using it there"
        )
    );
    running.revoke("work").exits(0);
    let refresh_token = elsewhere(&running);
    let line = import(&running, &["work"], refresh_token).exits(0).line();
    assert!(line.contains("; the old program's own copy"), "{line}");
}

#[test]
fn a_token_of_another_client_goes_nowhere() {
    let running = Running::start();
    let refresh_token = elsewhere(&running);
    let foreign = mutt(&refresh_token).replace(CLIENT, "another-client");
    for arguments in [&["work"][..], &["-n", "work"]] {
        let ran = import(&running, arguments, &*foreign).exits(1);
        ran.says("the refresh token belongs to client another-client, the account has client-of-work");
    }
    assert_eq!((refreshes(&running), running.status_of("work")["state"].as_str()), (0, Some("empty")));
}

#[test]
fn tokens_that_are_there_are_left_alone() {
    let running = Running::start();
    let refresh_token = elsewhere(&running);
    let token = running.sign_in("work");
    for arguments in [&["work"][..], &["-n", "work"]] {
        let ran = import(&running, arguments, mutt(&refresh_token)).exits(1);
        ran.says("work is signed in already; revoke it first (pizauth revoke work)");
    }
    assert_eq!((running.token("work"), refreshes(&running)), (token, 0));
}

#[test]
fn who_waits_for_a_sign_in_need_not_any_more() {
    let running = Running::start();
    let refresh_token = elsewhere(&running);
    let url = running.pending_url("work");
    import(&running, &["work"], mutt(&refresh_token)).exits(0);
    let page = browser::approve(&url).unwrap();
    assert!(page.body.contains("signed in"), "{}", page.body);
    assert_eq!(running.server.log().count(Endpoint::Exchange), 1, "that of the other program");
}

#[test]
fn a_dry_run_says_what_there_is_and_changes_nothing() {
    let running = Running::start();
    let refresh_token = elsewhere(&running);
    let ran = import(&running, &["-n", "work"], mutt(&refresh_token)).exits(0);
    assert_eq!(
        ran.out(),
        "// client_id = \"client-of-work\";\n// client_secret: there is one, not shown here\n\
         // user = \"me@example.org\";\n\
         work: the refresh token of mutt_oauth2.py would be taken; nothing was sent\n"
    );
    assert!(ran.stderr.is_empty(), "{}", ran.stderr);
    assert_eq!((refreshes(&running), running.status_of("work")["state"].as_str()), (0, Some("empty")));
}

#[test]
fn before_there_is_a_configuration_a_dry_run_says_what_belongs_there() {
    let running = Running::start();
    let ran = import(&running, &["-n", "home"], mutt("x")).exits(1);
    assert!(ran.out().starts_with("// client_id = \"client-of-work\";\n"), "{}", ran.out());
    ran.says("the configuration has no account \"home\"");
}

#[test]
fn a_dead_one_leaves_the_account_empty_and_the_servers_word_is_told() {
    let running = Running::start();
    import(&running, &["work"], "no-such-token").exits(1).prints_nothing().says("invalid_grant");
    assert_eq!(running.status_of("work")["state"], "empty");
    let refresh_token = elsewhere(&running);
    import(&running, &["work"], refresh_token).exits(0);
}

#[test]
fn what_could_not_be_tried_is_kept_and_tried_again() {
    let running = Setup::new().account("work", "refresh_retry = 1s;").start();
    let refresh_token = elsewhere(&running);
    running.server.script(Endpoint::Refresh, Fault::oauth_error(503, "temporarily_unavailable", "full"));
    let ran = import(&running, &["work"], &*refresh_token).exits(0).prints_nothing();
    ran.says("work: imported, but not tried yet: ").says("503");
    running.wait_finished(Endpoint::Refresh, 2);
    eventually("an access token", || running.show("work").status.success().then_some(()));
}

#[test]
fn a_server_that_is_away_is_asked_when_it_is_back() {
    let mut running = Setup::new().account("work", "refresh_retry = 1s;").start();
    let refresh_token = elsewhere(&running);
    running.server.go_down();
    import(&running, &["work"], &*refresh_token).exits(0).says("imported, but not tried yet: cannot ");
    running.server.come_back().unwrap();
    eventually("an access token", || running.show("work").status.success().then_some(()));
}

#[test]
fn what_a_person_has_to_mend_is_told_and_the_token_kept() {
    let running = Running::start();
    let refresh_token = elsewhere(&running);
    running.server.script(Endpoint::Refresh, Fault::oauth_error(401, "invalid_client", "wrong secret"));
    let ran = import(&running, &["work"], &*refresh_token).exits(1).prints_nothing();
    ran.says("invalid_client").says("needs attention");
    assert_eq!(running.status_of("work")["needs_attention"], true);
    running.refresh("work").exits(0);
    running.wait_finished(Endpoint::Refresh, 2);
    eventually("an access token", || running.show("work").status.success().then_some(()));
}

#[test]
fn one_of_several_is_picked_by_its_name() {
    let running = Running::start();
    let refresh_token = elsewhere(&running);
    let sample = fs::read_to_string("tests/import/msal_of_many.json").unwrap();
    let cache = sample
        .replace("14d82eec-204b-4c2f-b7e8-296a70dab67e", CLIENT)
        .replace("0.AXexample-refresh-token", &refresh_token);
    let listed = "me@example.org 11111111-2222-3333-4444-555555555555.9188040d-6c67-4c5b-b112-36a304b66dad\n\
                  66666666-2222-3333-4444-555555555555.9188040d-6c67-4c5b-b112-36a304b66dad\n";
    import(&running, &["work"], &*cache).exits(1).says("name one with --pick").says(listed);
    import(&running, &["--pick", "9188040d", "work"], &*cache).exits(1).says(listed);
    import(&running, &["--pick=nobody", "work"], &*cache).exits(1).says("\"nobody\"").says(listed);
    let line = import(&running, &["-n", "--pick", "me@", "work"], &*cache).exits(0).line();
    assert!(line.contains(" of MSAL (me@example.org "), "{line}");
    assert_eq!(refreshes(&running), 0);
    import(&running, &["--pick", "me@", "work"], cache).exits(0);
}

#[test]
fn what_is_no_refresh_token_never_comes_to_the_daemon() {
    let running = Running::start();
    let nothing = "nothing on stdin";
    import(&running, &["work"], "").exits(1).says(nothing);
    let closed = format!("exec '{}' import work <&-", env!("CARGO_BIN_EXE_pizauth"));
    running.sandbox.program("/bin/sh").args(["-c", &closed]).run().exits(1).says(nothing);
    import(&running, &["work"], " ".repeat((1 << 20) + 1)).exits(1).says("over 1048576 bytes");
    import(&running, &["work"], "{\"access_token\":\"hunter2\"}")
        .exits(1)
        .says("no refresh token")
        .says_not("hunter2");
    import(&running, &["work"], "-----BEGIN PGP MESSAGE-----\n")
        .exits(1)
        .says("gpg -d FILE | pizauth import work");
    import(&running, &["work"], "hunter2 hunter2").exits(1).says("pizauth(1)").says_not("hunter2");
    import(&running, &[], "x").exits(64);
    assert!(!running.daemon.log().contains("request=import"));
    running.stop();
    import(&running, &["work"], "x").exits(2);
}

#[test]
fn nothing_is_imported_while_a_restore_may_come() {
    let until = "startup_cmd = \"until test -e go; do sleep 0.05; done\";";
    let running = Running::starting(until);
    import(&running, &["work"], "x").exits(1).says("tokens are being restored");
    running.sandbox.write("go", "");
    eventually("the end of startup_cmd", || {
        let ran = import(&running, &["work"], "x").exits(1);
        ran.stderr.contains("invalid_grant").then_some(())
    });
}

#[test]
fn it_is_saved_at_once() {
    let filter = |how: &str| format!("LC_ALL=C tr '\\\\000-\\\\377' '\\\\001-\\\\377\\\\000' # {how}");
    let back = "LC_ALL=C tr '\\\\001-\\\\377\\\\000' '\\\\000-\\\\377'";
    let filters = format!("state_encrypt_cmd = \"{}\"; state_decrypt_cmd = \"{back}\";", filter("there"));
    let mut running = Setup::new().policy(|policy| policy.rotate = true).global(&filters).start();
    let refresh_token = elsewhere(&running);
    // Nobody answers, so that what is saved is the token itself.
    running.server.go_down();
    import(&running, &["work"], refresh_token).exits(0).says("not tried yet");
    running.daemon.signal(Signal::KILL);
    running.daemon.wait();
    eventually("the end of its children", || (!process::is_used(&running.sandbox.home())).then_some(()));
    running.server.come_back().unwrap();
    running.daemon = Daemon::start(&running.sandbox, running.sandbox.applet("server").args(["-vvv"]));
    eventually("an access token", || running.show("work").status.success().then_some(()));
}

#[test]
fn no_copy_stays_in_memory() {
    let running = Setup::new().policy(|policy| policy.rotate = true).start();
    let refresh_token = elsewhere(&running);
    import(&running, &["work"], mutt(&refresh_token)).exits(0);
    running.revoke("work").exits(0);
    if process::can_look() {
        let copies = || process::copies_in_memory(running.daemon.pid(), &[refresh_token.as_bytes()]);
        eventually("a daemon that has let go of it", || (copies() == [0]).then_some(()));
    }
}

/// A terminal with the command at it: what it shows, and the two ends of it.
struct AtTerminal {
    child: std::process::Child,
    master: File,
    slave: OwnedFd,
    shown: String,
}

impl AtTerminal {
    fn importing(running: &Running) -> Self {
        let pty = openpty(None, None).unwrap();
        let end = || Stdio::from(pty.slave.try_clone().unwrap());
        let mut command = running.sandbox.applet("import").args(["work"]).command;
        let child = command.stdin(end()).stderr(end()).stdout(Stdio::piped()).spawn().unwrap();
        let mut this = Self { child, master: pty.master.into(), slave: pty.slave, shown: String::new() };
        this.wait_for("(not shown): ");
        assert!(!this.echoes());
        this
    }

    fn wait_for(&mut self, text: &str) {
        while !self.shown.contains(text) {
            let mut bytes = [0; 256];
            let read = self.master.read(&mut bytes).unwrap();
            self.shown.push_str(str::from_utf8(&bytes[..read]).unwrap());
        }
    }

    fn echoes(&self) -> bool {
        tcgetattr(&self.slave).unwrap().local_modes.contains(LocalModes::ECHO | LocalModes::ISIG)
    }

    /// Types this; the exit status, what was printed, and what the terminal has shown.
    fn type_in(mut self, keys: &str) -> (Option<i32>, String, String) {
        self.master.write_all(keys.as_bytes()).unwrap();
        let mut printed = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
        let status = wait(self.child);
        assert!(tcgetattr(&self.slave).unwrap().local_modes.contains(LocalModes::ECHO | LocalModes::ISIG));
        drop(self.slave);
        // The last end is closed: what has been shown comes, and then an error.
        let mut rest = Vec::new();
        let _ = self.master.read_to_end(&mut rest);
        (status.code(), printed, self.shown + &String::from_utf8(rest).unwrap())
    }
}

#[test]
fn what_is_pasted_at_a_terminal_is_not_shown() {
    let running = Running::start();
    let refresh_token = elsewhere(&running);
    let keys = format!("{refresh_token}\recho hunter2\r");
    let (status, printed, shown) = AtTerminal::importing(&running).type_in(&keys);
    assert_eq!((status, &*shown), (Some(0), "refresh token for work (not shown): \r\n"));
    assert!(printed.starts_with("work: imported"), "{printed}");
}

#[test]
fn who_thinks_better_of_it_has_a_terminal_as_before() {
    let running = Running::start();
    let (status, printed, shown) = AtTerminal::importing(&running).type_in("1//hunter\u{3}");
    assert_eq!((status, &*printed), (Some(1), ""));
    assert!(shown.contains("interrupted") && !shown.contains("hunter"), "{shown}");
}
