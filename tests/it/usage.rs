//! Wrong arguments, arguments that are no text, and a stdout that takes nothing.

use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Stdio;

use crate::support::{Running, Sandbox};

#[test]
fn wrong_usage_is_exit_64_with_a_word_on_stderr() {
    let sandbox = Sandbox::new();
    let wrong: [(&str, &[&str]); 12] = [
        ("show", &[]),
        ("show", &["a", "b"]),
        ("show", &["--nonsense", "a"]),
        ("refresh", &[]),
        ("revoke", &[]),
        ("dump", &["a"]),
        ("restore", &["a"]),
        ("status", &["--nonsense", "a"]),
        ("info", &["-c"]),
        ("check", &["-c"]),
        ("server", &["-d", "--ready-fd", "x"]),
        ("reload", &["-x"]),
    ];
    for (applet, arguments) in wrong {
        let ran = sandbox.applet(applet).args(arguments).run().exits(64).prints_nothing();
        assert!(!ran.stderr.is_empty(), "{applet} {arguments:?} says nothing");
    }
}

#[test]
fn an_error_begins_with_the_name_of_the_program() {
    let sandbox = Sandbox::new();
    let own = sandbox.applet("show").args(["work"]).run().exits(2);
    assert!(own.stderr.starts_with("pizauth-show: "), "{}", own.stderr);
    let through = sandbox.multiplexer().args(["show", "work"]).run().exits(2);
    assert!(through.stderr.starts_with("pizauth"), "{}", through.stderr);
}

#[test]
fn an_argument_that_is_not_utf_8_is_wrong_usage_and_no_panic() {
    let sandbox = Sandbox::new();
    let bad = OsStr::from_bytes(b"w\xffrk");
    for applet in ["show", "refresh", "revoke", "dump", "restore", "status", "info", "check", "server"] {
        sandbox.applet(applet).args([bad]).run().exits(64).prints_nothing();
    }
    sandbox.multiplexer().args([bad]).run().exits(64).prints_nothing();
}

#[test]
fn options_stand_before_or_after_the_account_and_verbosity_in_clusters() {
    let running = Running::start();
    let token = running.sign_in("work");
    let spellings: [&[&str]; 6] = [
        &["-v", "work"],
        &["work", "-vv"],
        &["-vvvv", "-u", "work"],
        &["-uv", "work"],
        &["--verbose", "work", "-u"],
        &["--", "work"],
    ];
    for arguments in spellings {
        assert_eq!(
            running.sandbox.applet("show").args(arguments).run().exits(0).line(),
            token,
            "{arguments:?}"
        );
    }
}

#[test]
fn a_full_disk_is_exit_1_and_not_silence() {
    let running = Running::start();
    running.sign_in("work");
    let full = || Stdio::from(OpenOptions::new().write(true).open("/dev/full").unwrap());
    for (applet, arguments) in [("show", &["work"][..]), ("dump", &[]), ("status", &[]), ("info", &[])] {
        let ran = running.sandbox.applet(applet).args(arguments).run_with_stdout(full()).exits(1);
        assert!(!ran.stderr.is_empty(), "{applet} on a full disk says nothing");
    }
    running.sandbox.multiplexer().args(["--list"]).run_with_stdout(full()).exits(1);
    running.sandbox.multiplexer().args(["--help"]).run_with_stdout(full()).exits(1);
}

#[test]
fn a_closed_pipe_is_no_panic() {
    let running = Running::start();
    running.sign_in("work");
    for (applet, arguments) in [("show", &["work"][..]), ("dump", &[]), ("status", &[]), ("info", &["-j"])] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ran = running.sandbox.applet(applet).args(arguments).run_with_stdout(writer);
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
        ran.exits(1).says("stdout");
    }
}

#[test]
fn a_closed_stdout_is_exit_1_and_not_silence() {
    let running = Running::start();
    running.sign_in("work");
    let small = ["show work", "show --help", "dump"].map(|command| format!("pizauth-{command}"));
    let subcommands =
        ["show work", "dump", "status", "info", "--list"].map(|command| format!("pizauth {command}"));
    for command in small.iter().chain(&subcommands) {
        let script = format!("'{}'/{command} >&-", executables().display());
        running.sandbox.program("/bin/sh").args(["-c", &script]).run().exits(1).says("stdout").says("closed");
    }
}

#[test]
fn without_stdin_and_stderr_a_token_is_shown_all_the_same() {
    let running = Running::start();
    let token = running.sign_in("work");
    for command in ["pizauth-show", "pizauth show"] {
        let script = format!("'{}'/{command} work <&- 2>&-", executables().display());
        let ran = running.sandbox.program("/bin/sh").args(["-c", &script]).run().exits(0);
        assert_eq!(ran.out(), format!("{token}\n"));
    }
}

#[test]
fn where_a_standard_stream_is_closed_and_there_is_no_dev_null_a_small_program_ends_at_once() {
    let running = Running::start();
    let token = running.sign_in("work");
    let private = ["--user", "--map-root-user", "--mount"];
    let empty_dev = "mount -t tmpfs none /dev && test ! -e /dev/null";
    let can = running.sandbox.program("unshare").args(private).args(["sh", "-c", empty_dev]);
    if can.run().code() != 0 {
        eprintln!("skipped, since it needs a mount namespace: a small program without /dev/null");
        return;
    }
    // The descriptor would be the next that is opened: the connection to the daemon, which would get what is printed.
    for closed in ["<&-", ">&-", "2>&-"] {
        for command in ["pizauth-show work", "pizauth-refresh work", "pizauth-dump", "pizauth-revoke work"] {
            let command = format!("'{}'/{command} {closed}", executables().display());
            let script = format!("{empty_dev} || exit 1; {command}; test $? = 134");
            let ran =
                running.sandbox.program("unshare").args(private).args(["sh", "-c", &script]).run().exits(0);
            assert_eq!(ran.out(), "", "{command}");
        }
    }
    assert_eq!(running.token("work"), token, "nothing has been refreshed or revoked");
}

#[test]
fn no_message_drives_the_terminal_whatever_is_in_it() {
    let sandbox = Sandbox::new();
    let place = "/missing\u{1b}[2J\u{9b}\u{202e}\u{1d173}/pizauth.sock";
    for command in ["show", "status"] {
        let call = sandbox.applet(command).env("PIZAUTH_SOCKET", place);
        let ran = if command == "show" { call.args(["wo\u{1b}rk"]) } else { call }.run().exits(2);
        ran.says(r"/missing\u{1b}[2J\u{9b}\u{202e}\u{1d173}/pizauth.sock");
    }
    sandbox.applet("check").args(["-c", "/missing\u{1b}\u{fff9}.conf"]).run().exits(1).says("U+FFF9");
}

/// Where the executables of this build are.
fn executables() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_pizauth")).parent().expect("a directory")
}
