//! `pizauth status`: for people and for programs.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use pizauth_test_server::{Endpoint, Fault};
use rustix::process::Signal;
use serde_json::Value;

use crate::support::{Running, Sandbox, Setup, eventually};

#[test]
fn a_line_an_account_sorted_beginning_with_its_name() {
    let running = Setup::new().account("work", "").account("home", "").account("a b", "").start();
    running.sign_in("work");
    running.pending_url("home");
    let out = running.sandbox.applet("status").run().exits(0).out();
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 3, "{out}");
    for (line, name) in lines.iter().zip(["a b", "home", "work"]) {
        assert!(line.starts_with(&format!("{name}: ")), "{line}");
    }
    assert!(lines[1].contains("pending"), "{out}");
    assert!(lines[2].contains("in ") && lines[2].contains("min"), "when it expires: {out}");
}

#[test]
fn json_has_a_version_and_every_state() {
    let running = Setup::new().account("work", "").account("home", "").account("away", "").start();
    running.sign_in("work");
    running.pending_url("home");
    let out = running.sandbox.applet("status").args(["-j"]).run().exits(0).out();
    let status: Value = serde_json::from_str(&out).unwrap();
    assert!(status["status_format_version"].is_u64(), "{out}");
    let states: Vec<&str> =
        status["accounts"].as_array().unwrap().iter().filter_map(|row| row["state"].as_str()).collect();
    assert_eq!(states, ["empty", "pending", "active"]);
}

#[test]
fn a_failing_refresh_is_told_with_its_reason_and_forgotten_after_a_success() {
    let running = Running::start();
    running.sign_in("work");
    running
        .server
        .script(Endpoint::Refresh, Fault::oauth_error(503, "temporarily_unavailable", "closed for lunch"));
    running.refresh("work").exits(0);
    running.wait_finished(Endpoint::Refresh, 1);
    eventually("the reason", || {
        running.sandbox.applet("status").run().out().contains("closed for lunch").then_some(())
    });
    running.refresh("work").exits(0);
    running.wait_finished(Endpoint::Refresh, 2);
    eventually("its end", || running.status_of("work")["last_error"].is_null().then_some(()));
}

#[test]
fn no_token_is_in_it() {
    let running =
        Setup::new().policy(|policy| policy.access_token_lifetime = Duration::from_secs(600)).start();
    let token = running.sign_in("work");
    let refresh_token = running.wait_finished(Endpoint::Exchange, 1).refresh_token().unwrap();
    for arguments in [&[][..], &["-j"]] {
        let out = running.sandbox.applet("status").args(arguments).run().exits(0).out();
        assert!(!out.contains(&token) && !out.contains(&refresh_token), "{out}");
    }
}

#[test]
fn sigusr1_logs_it() {
    let running = Running::start();
    running.daemon.signal(Signal::USR1);
    running.daemon.wait_for_log(&["event=status", "work"]);
}

#[test]
fn without_a_daemon_the_exit_status_is_2() {
    Sandbox::new().applet("status").run().exits(2).prints_nothing();
}

#[test]
fn one_account_can_be_asked_about() {
    let running = Setup::new().account("work", "").account("home", "").start();
    running.sign_in("work");
    let status = |arguments: &[&str]| running.sandbox.applet("status").args(arguments).run();
    let out = status(&["work"]).exits(0).out();
    assert!(out.starts_with("work: active, ") && out.lines().count() == 1, "{out}");
    assert_eq!(status(&["--accounts", "home"]).exits(0).out(), "home\n");
    status(&["wrok"]).exits(1).prints_nothing().says("wrok").says("did you mean \"work\"?");
}

#[test]
fn a_check_is_an_exit_status() {
    let running = Setup::new().account("work", "").account("home", "").start();
    running.sign_in("work");
    let check = |arguments: &[&str]| {
        running.sandbox.applet("status").args(["--check"]).args(arguments.iter().copied()).run()
    };
    check(&["work"]).exits(0);
    let out = check(&[]).exits(1).out();
    assert!(out.contains("home: empty") && out.contains("work: active"), "{out}");
    running.pending_url("home");
    check(&["home"]).exits(1);
    running.sign_in("home");
    check(&[]).exits(0);
    running.server.script(Endpoint::Refresh, Fault::oauth_error(400, "invalid_client", "wrong secret"));
    running.refresh("home").exits(0);
    eventually("its refusal", || running.status_of("home")["needs_user"].as_bool().filter(|is| *is));
    assert_eq!(running.status_of("home")["usable"], true);
    check(&[]).exits(1);
}

#[test]
fn the_manuals_filter_finds_who_needs_a_person() {
    let running = Setup::new().account("work", "").account("home", "").account("away", "").start();
    running.sign_in("work");
    running.sign_in("away");
    running.server.script(Endpoint::Refresh, Fault::oauth_error(400, "invalid_grant", "revoked"));
    running.refresh("away").exits(0);
    eventually("the end of the session", || (running.status_of("away")["state"] == "empty").then_some(()));
    let manual = std::fs::read_to_string("man/pizauth.1").unwrap();
    let line = manual.lines().find(|line| line.contains("jq -r")).expect("an example with jq");
    let filter = line.split('\'').nth(1).unwrap();
    let json = running.sandbox.applet("status").args(["-j"]).run().exits(0).out();
    let jq = Command::new("jq").args(["-r", filter]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut jq) = jq else { return eprintln!("skipped: there is no jq here") };
    jq.stdin.take().unwrap().write_all(json.as_bytes()).unwrap();
    assert_eq!(String::from_utf8(jq.wait_with_output().unwrap().stdout).unwrap(), "away\nhome\n");
}

#[test]
fn the_examples_for_bars_and_monitors_tell_who_needs_a_person() {
    if Command::new("jq").arg("--version").output().is_err() {
        return eprintln!("skipped: there is no jq here");
    }
    let running = Setup::new().account("work", "").account("a \\\"<b>", "").start();
    running.sign_in("work");
    let programs = std::path::Path::new(env!("CARGO_BIN_EXE_pizauth")).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap_or_default());
    let run = |running: &Running, example: &str| {
        let script = std::path::absolute("etc/examples").unwrap().join(example);
        running.sandbox.program(script).env("PATH", &path).run().exits(0).out()
    };
    assert_eq!(
        run(&running, "status-waybar"),
        "{\"text\":\"sign in: a \\\"&lt;b&gt;\",\"tooltip\":\"a \\\"&lt;b&gt;: nobody is signed in\",\
         \"class\":\"needs-you\"}\n"
    );
    assert_eq!(run(&running, "status-i3blocks"), "sign in: a \"<b>\nsign in\n#ff0000\n");
    let metrics = run(&running, "status-prometheus");
    for line in [
        "pizauth_up 1",
        "pizauth_account_usable{account=\"work\"} 1",
        "pizauth_account_needs_user{account=\"work\"} 0",
        "pizauth_account_usable{account=\"a \\\"<b>\"} 0",
        "pizauth_account_needs_user{account=\"a \\\"<b>\"} 1",
    ] {
        assert!(metrics.lines().any(|it| it == line), "{line} is not in:\n{metrics}");
    }
    running.sign_in("a \"<b>");
    assert_eq!(run(&running, "status-waybar"), "{\"text\":\"\",\"tooltip\":\"\",\"class\":\"well\"}\n");
    assert_eq!(run(&running, "status-i3blocks").trim(), "");
    running.stop();
    assert!(run(&running, "status-waybar").contains("\"class\": \"down\""));
    assert!(run(&running, "status-i3blocks").starts_with("pizauthd is not running\n"));
    assert_eq!(run(&running, "status-prometheus"), "pizauth_up 0\n");
}
