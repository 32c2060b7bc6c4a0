//! `pizauth status`: for people and for programs.

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
