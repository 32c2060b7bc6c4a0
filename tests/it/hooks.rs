//! The user's commands: when they run, what they are told, in what surroundings.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

use pizauth_test_server::{Endpoint, Fault, browser};
use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};
use rustix::process::Signal;

use crate::support::{Daemon, Running, Sandbox, Setup, eventually};

/// Waits until a hook has written at least this into a file.
#[track_caller]
fn written(running: &Running, file: &str, text: &str) -> String {
    eventually(text, || Some(running.sandbox.read(file)).filter(|contents| contents.contains(text)))
}

#[test]
fn auth_notify_cmd_gets_account_and_url_also_when_show_hides_it() {
    let hook = "auth_notify_cmd = \"echo \\\"$PIZAUTH_ACCOUNT $PIZAUTH_URL\\\" >> asked\";";
    let running = Setup::new().global(hook).start();
    running.sandbox.applet("show").args(["-u", "work"]).run().exits(1);
    let asked = written(&running, "asked", "\n");
    let url = asked.trim_end().strip_prefix("work ").unwrap();
    browser::approve(url).unwrap();
    running.token("work");
}

#[test]
fn auth_notify_cmd_is_repeated_until_the_authorization_is_used() {
    let hook = "auth_notify_cmd = \"echo $PIZAUTH_URL >> asked\"; auth_notify_interval = 1s;";
    let running = Setup::new().global(hook).start();
    let url = running.pending_url("work");
    eventually("a second reminder", || (running.sandbox.read("asked").lines().count() >= 2).then_some(()));
    assert!(running.sandbox.read("asked").lines().all(|line| line == url));
}

#[test]
fn a_denial_and_an_ended_session_reach_error_notify_cmd_once() {
    let hook = "error_notify_cmd = \"echo \\\"$PIZAUTH_ACCOUNT: $PIZAUTH_MSG\\\" >> errors\";";
    let running = Setup::new().global(hook).start();
    browser::deny(&running.pending_url("work")).unwrap();
    written(&running, "errors", "access_denied");
    running.sign_in("work");
    running.server.end_all_sessions();
    running.refresh("work").exits(0);
    let errors = written(&running, "errors", "invalid_grant");
    assert!(errors.lines().all(|line| line.starts_with("work: ")), "{errors}");
    assert_eq!(errors.matches("invalid_grant").count(), 1, "{errors}");
}

#[test]
fn the_older_name_auth_error_cmd_works() {
    let running = Setup::new().global("auth_error_cmd = \"echo $PIZAUTH_ACCOUNT >> errors\";").start();
    browser::deny(&running.pending_url("work")).unwrap();
    written(&running, "errors", "work\n");
}

#[test]
fn a_transient_failure_is_not_announced() {
    let hook = "error_notify_cmd = \"echo x >> errors\"; refresh_retry = 1s;";
    let running = Setup::new().global(hook).start();
    let token = running.sign_in("work");
    running.server.script(Endpoint::Refresh, Fault::oauth_error(503, "server_error", ""));
    running.refresh("work").exits(0);
    running.wait_finished(Endpoint::Refresh, 1);
    running.refresh("work").exits(0);
    running.wait_for_other_token("work", &token);
    assert_eq!(running.sandbox.read("errors"), "");
}

#[test]
fn token_events_come_one_at_a_time_and_in_order() {
    let hook = "token_event_cmd = \"echo begin $PIZAUTH_EVENT >> events; sleep 0.2; echo end >> events\";";
    let running = Setup::new().global(hook).start();
    let first = running.sign_in("work");
    running.refresh("work").exits(0);
    running.wait_for_other_token("work", &first);
    running.revoke("work").exits(0);
    eventually("three events", || (running.sandbox.read("events").lines().count() == 6).then_some(()));
    let expected = "begin token_new\nend\nbegin token_refreshed\nend\nbegin token_revoked\nend\n";
    assert_eq!(running.sandbox.read("events"), expected);
}

#[test]
fn a_hook_can_dump_from_within_a_token_event() {
    let dump = env!("CARGO_BIN_EXE_pizauth-dump");
    let running =
        Setup::new().global(&format!("token_event_cmd = \"'{dump}' > new && mv new dump\";")).start();
    let token = running.sign_in("work");
    let dump = eventually("a dump", || std::fs::read(running.sandbox.path("dump")).ok());
    running.revoke("work").exits(0);
    eventually("the next dump", || {
        std::fs::read(running.sandbox.path("dump")).ok().filter(|next| *next != dump)
    });
    running.sandbox.applet("restore").stdin(dump).run().exits(0);
    assert_eq!(running.token("work"), token);
}

#[test]
fn the_surroundings_are_those_of_the_daemon() {
    let hook = "startup_cmd = \"(pwd; umask; echo $PIZAUTH_SOCKET; echo ${MARK-none}; readlink /proc/self/fd/0; \
                ls /proc/self/fd; ps -o sid= -p $$) > seen; echo out; echo err >&2; mv seen surroundings\";";
    let running = Setup::new().global(hook).start();
    let seen = written(&running, "surroundings", "\n");
    let lines: Vec<&str> = seen.lines().collect();
    assert_eq!(lines[0], running.sandbox.path("").to_str().unwrap().trim_end_matches('/'));
    assert_eq!(lines[2], running.sandbox.socket().to_str().unwrap());
    assert_eq!(lines[3], "none");
    assert_eq!(lines[4], "/dev/null");
    // ls itself holds one more descriptor: the directory.
    assert_eq!(lines[5..9], ["0", "1", "2", "3"]);
    assert_ne!(lines[9].trim(), running.daemon.pid().to_string(), "a session of its own");
    running.daemon.wait_for_log(&["out"]);
    running.daemon.wait_for_log(&["err"]);
}

#[test]
fn hooks_find_the_commands_beside_the_daemon_whatever_path_it_was_started_with() {
    let sandbox = Sandbox::configured();
    sandbox.prepend_config("startup_cmd = \"command -v pizauth > found; echo $PATH > path\";\n");
    let daemon = Daemon::start(&sandbox, sandbox.applet("server").env("PATH", "/usr/bin:/bin"));
    let beside = std::path::Path::new(env!("CARGO_BIN_EXE_pizauth"));
    assert_eq!(std::path::Path::new(sandbox.read("found").trim()), beside);
    let path = format!("/usr/bin:/bin:{}\n", beside.parent().unwrap().display());
    assert_eq!(sandbox.read("path"), path, "the user's come first");
    drop(daemon);
}

#[test]
fn signals_ignored_by_the_daemon_are_reset() {
    let hook = "startup_cmd = \"grep -E 'Sig(Ign|Blk)' /proc/self/status > seen; mv seen signals\";";
    let running = Setup::new().global(hook).start();
    let seen = written(&running, "signals", "\n");
    assert!(seen.lines().all(|line| line.ends_with("0000000000000000")), "{seen}");
}

#[test]
fn without_a_usable_shell_bin_sh_runs_them() {
    for shell in
        [None, Some("/nonexistent"), Some("/usr/sbin/nologin"), Some("/bin/false"), Some("/etc/passwd")]
    {
        let mut running = Setup::new().global("startup_cmd = \"echo started > started\";").start();
        running.sandbox.applet("shutdown").run().exits(0);
        std::fs::remove_file(running.sandbox.path("started")).unwrap();
        let server = running.sandbox.applet("server").without_env("SHELL");
        let server = match shell {
            Some(shell) => server.env("SHELL", shell),
            None => server,
        };
        running.daemon = Daemon::start(&running.sandbox, server);
        written(&running, "started", "started");
    }
}

#[test]
fn startup_cmd_has_ended_when_the_daemon_says_that_it_is_ready() {
    let running = Setup::new().global("startup_cmd = \"sleep 0.3; echo done > done\";").start();
    assert_eq!(running.sandbox.read("done"), "done\n");
}

/// As where a container runs pizauthd and nothing else.
#[test]
fn as_process_1_the_daemon_reaps_what_hooks_leave_behind_and_hears_of_their_ends() {
    let sandbox = Sandbox::configured();
    let first = ["--user", "--map-root-user", "--pid", "--fork", "--kill-child"];
    let pizauthd = env!("CARGO_BIN_EXE_pizauthd");
    if sandbox.program("unshare").args(first).args(["test", "-x", pizauthd]).run().code() != 0 {
        eprintln!("skipped, since it needs a process namespace: pizauthd as process 1");
        return;
    }
    let hook = "(sh -c 'echo $$ >orphan' &); until [ -s orphan ]; do :; done
        while kill -0 \"$(cat orphan)\"; do :; done; exit 7";
    sandbox.write("hook", hook);
    sandbox.prepend_config("startup_cmd = \". ./hook\";");
    let daemon = Daemon::start(&sandbox, sandbox.program("unshare").args(first).args([pizauthd]));
    daemon.wait_for_log(&["event=hook_failed", "hook=startup_cmd", "exit status: 7"]);
    sandbox.applet("shutdown").run().exits(0);
}

#[test]
fn a_restore_in_startup_cmd_comes_before_readiness() {
    let restore = env!("CARGO_BIN_EXE_pizauth-restore");
    let hook = format!("startup_cmd = \"if test -e dump; then '{restore}' < dump; fi\";");
    let mut running = Setup::new().global(&hook).start();
    let token = running.sign_in("work");
    let dump = running.sandbox.applet("dump").run().exits(0).stdout;
    running.sandbox.write("dump", dump);
    running.sandbox.applet("shutdown").run().exits(0);
    running.daemon = running.sandbox.start();
    assert_eq!(running.token("work"), token);
}

#[test]
fn a_slow_notifier_delays_neither_other_accounts_nor_token_events() {
    let hooks = "auth_notify_cmd = \"echo $PIZAUTH_ACCOUNT >> asked; exec sleep 1000\";\n\
                 token_event_cmd = \"echo $PIZAUTH_EVENT >> events\";";
    let running = Setup::new().global(hooks).account("work", "").account("home", "").start();
    running.sign_in("work");
    written(&running, "events", "token_new");
    running.pending_url("home");
    written(&running, "asked", "home");
    let pids =
        running.sandbox.program("ps").args(["-o", "pid=", "--ppid", &running.daemon.pid().to_string()]);
    for pid in pids.run().out().split_whitespace() {
        running.sandbox.program("kill").args([pid]).run();
    }
}

#[test]
fn hostile_text_of_a_server_reaches_the_hook_cleaned() {
    let hook = "error_notify_cmd = \"printf %s \\\"$PIZAUTH_MSG\\\" > new; mv new error\";";
    let running = Setup::new().global(hook).start();
    let description = format!("nul \u{0} escape \u{1b}[31m newline \n {}", "x".repeat(100_000));
    running.server.script(Endpoint::Exchange, Fault::oauth_error(400, "invalid_grant", &description));
    browser::approve(&running.pending_url("work")).unwrap();
    let error = written(&running, "error", "invalid_grant");
    assert!(error.len() <= 4096, "{} bytes", error.len());
    assert!(!error.chars().any(|c| c.is_control()), "{error:?}");
}

#[test]
fn transient_error_if_cmd_is_asked_after_the_sixth_failure_and_its_no_ends_the_session() {
    let hook = "transient_error_if_cmd = \"echo $PIZAUTH_ACCOUNT >> asked; exit 1\"; refresh_retry = 1s;\n\
                error_notify_cmd = \"echo told >> errors\";";
    let mut running = Setup::new().global(hook).start();
    running.sign_in("work");
    running.server.go_down();
    running.refresh("work").exits(0);
    written(&running, "asked", "work");
    eventually("the end", || (running.status_of("work")["state"] == "empty").then_some(()));
    written(&running, "errors", "told");
}

#[test]
fn running_hooks_finish_when_the_daemon_dies() {
    let hook = "auth_notify_cmd = \"echo begun > begun; sleep 0.5; echo ended > ended\";";
    let running = Setup::new().global(hook).start();
    running.pending_url("work");
    written(&running, "begun", "begun");
    running.daemon.signal(Signal::KILL);
    running.daemon.wait();
    written(&running, "ended", "ended");
}

#[test]
fn a_finished_hook_leaves_no_zombie() {
    let running = Setup::new().global("auth_notify_cmd = \"echo x > ran\";").start();
    running.pending_url("work");
    written(&running, "ran", "x");
    let daemon = running.daemon.pid().to_string();
    eventually("no child", || {
        let children = running.sandbox.program("ps").args(["-o", "stat=", "--ppid", &daemon]).run().out();
        children.trim().is_empty().then_some(())
    });
}

#[test]
fn a_stuck_reader_of_our_standard_error_hangs_neither_hooks_nor_the_stop() {
    let hook = "startup_cmd = \"printf %01000000d 0 >&2; echo written >> events\";\n\
                token_event_cmd = \"printf %01000000d 0; echo $PIZAUTH_EVENT >> events\";";
    let mut running = Setup::new().global(hook).start();
    let stuck = running.sandbox.path("stuck");
    mknodat(CWD, &stuck, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let nonblock = i32::try_from(OFlags::NONBLOCK.bits()).unwrap();
    // A reader that never reads, and has as much to read as it can take.
    let mut reader = File::options().read(true).write(true).custom_flags(nonblock).open(&stuck).unwrap();
    while reader.write(&[b'x'; 4096]).is_ok() {}
    running.restart_by("exec \"$@\" 2>stuck");
    assert_eq!(running.sandbox.read("events"), "written\nwritten\n");
    running.sign_in("work");
    running.stop();
    assert_eq!(running.sandbox.read("events"), "written\nwritten\ntoken_new\n");
}
