//! `show --wait`, `show --min-valid` and `refresh --wait`.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, ChildStderr, Stdio};
use std::time::Duration;

use pizauth_test_server::{Endpoint, Fault, Gate, Policy, browser};
use serde_json::json;

use crate::support::{Running, Sandbox, Setup, callers, eventually, process, url_in};

fn live_long(policy: &mut Policy) {
    policy.access_token_lifetime = Duration::from_secs(3600);
}

fn short_lived(seconds: u64) -> Running {
    living(Setup::new(), seconds).start()
}

fn living(setup: Setup, seconds: u64) -> Setup {
    setup.policy(|policy| policy.access_token_lifetime = Duration::from_secs(seconds))
}

fn expired() -> (Running, Gate) {
    expired_in(Setup::new(), Fault::none())
}

/// A signed-in account `work` whose token has expired, and the gate before its refresh.
pub(crate) fn expired_in(setup: Setup, refresh: Fault) -> (Running, Gate) {
    let running = short_lived_in(setup).start();
    let gate = expire(&running, refresh);
    (running, gate)
}

/// Accounts whose tokens live for 2 s.
pub(crate) fn short_lived_in(setup: Setup) -> Setup {
    living(setup, 2)
}

/// Signs in `work`, whose token then expires; the gate is before its refresh.
pub(crate) fn expire(running: &Running, refresh: Fault) -> Gate {
    let gate = Gate::closed();
    running.server.script(Endpoint::Refresh, refresh.held(&gate));
    running.sign_in("work");
    running.wait_arrived(Endpoint::Refresh, 1);
    running.server.change_policy(live_long);
    eventually("the expiry", || Some(running.show("work")).filter(|ran| ran.code() == 1));
    gate
}

/// A command that waits, with its stderr to be read line by line.
pub(crate) fn waiting(running: &Running, words: &[&str]) -> (Child, BufReader<ChildStderr>) {
    let (applet, arguments) = words.split_first().unwrap();
    let mut command = running.sandbox.applet(applet).args(arguments).command;
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    (child, stderr)
}

fn begin(running: &Running, request: &str, wait: u64) -> UnixStream {
    begin_at(&running.sandbox.socket(), running, request, wait)
}

/// A request that waits, and that the daemon has taken.
pub(crate) fn begin_at(socket: &Path, running: &Running, request: &str, wait: u64) -> UnixStream {
    let mut stream = callers::call(socket);
    let request = json!({ request: { "account": "work", "wait": wait } }).to_string();
    stream.write_all(&callers::frame(callers::VERSION, callers::REQUEST, &request)).unwrap();
    // Whoever comes later is answered later.
    running.status_of("work");
    stream
}

#[test]
fn who_waits_gets_the_token_as_soon_as_it_is_there() {
    let (running, gate) = expired();
    std::thread::scope(|scope| {
        let sandbox = &running.sandbox;
        let shows = [["--wait", "60s", "work"], ["work", "--wait=60", "-u"]];
        let shows = shows.map(|words| scope.spawn(move || sandbox.applet("show").args(words).run()));
        gate.open();
        let tokens = shows.map(|show| show.join().unwrap().exits(0).line());
        assert_eq!(tokens[0], running.show("work").exits(0).line());
        assert_eq!(tokens[0], tokens[1]);
    });
}

#[test]
fn who_waits_for_a_person_is_told_the_url_at_once_and_waits_on() {
    let running = Running::start();
    let (child, mut stderr) = waiting(&running, &["show", "--wait", "60s", "work"]);
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    let words = "pizauth-show: Access token unavailable until authorised with URL ";
    let url = line.trim().strip_prefix(words).unwrap_or_else(|| panic!("{line}"));
    browser::approve(url).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), running.token("work"));
}

#[test]
fn who_waits_for_a_person_is_told_the_url_that_replaces_the_first() {
    let running = Running::start();
    let (child, stderr) = waiting(&running, &["show", "--wait", "20s", "work"]);
    let mut told =
        stderr.lines().map(|line| line.unwrap().split_once(" URL ").map(|(_, url)| url.to_owned()));
    let first = told.next().unwrap();
    let second = url_in(&running.refresh("work").exits(1));
    assert_ne!(first.as_deref(), Some(second.as_str()));
    assert_eq!(told.next().unwrap().as_deref(), Some(second.as_str()));
    browser::approve(&second).unwrap();
    assert_eq!(told.next(), None, "nothing is told twice");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), running.token("work"));
}

#[test]
fn who_waits_for_a_person_without_url_is_told_none() {
    let running = Running::start();
    let ran = running.sandbox.applet("show").args(["-u", "--wait", "1s", "work"]).run();
    let ran = ran.exits(1).prints_nothing().says("Access token unavailable until authorised\n");
    ran.says("no access token within 1 s: it waits for you to sign in").says_not("http");
}

#[test]
fn a_sign_in_that_is_denied_a_revoke_and_the_end_of_a_session_end_the_wait() {
    let running = Running::start();
    let (child, mut stderr) = waiting(&running, &["show", "--wait", "60s", "work"]);
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    running.revoke("work").exits(0);
    stderr.read_line(&mut line).unwrap();
    assert!(line.ends_with("no access token for account \"work\": the account was revoked\n"), "{line}");
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(1));
    let (running, gate) = expired();
    running.server.script(Endpoint::Refresh, Fault::oauth_error(400, "invalid_grant", "gone"));
    let first = begin(&running, "refresh", 60);
    gate.open();
    // The refresh that was under way succeeds, and it is what was waited for.
    assert!(callers::answer(first)["refreshed"]["expires"].is_u64());
    let refused = &callers::answer(begin(&running, "refresh", 60))["refused"];
    let why = refused["message"].as_str().unwrap();
    assert_eq!(refused["kind"], "ended");
    assert!(why.contains("the session has ended: ") && why.contains("gone"), "{why}");
}

#[test]
fn what_a_person_has_to_mend_is_not_waited_for() {
    let running = short_lived(2);
    running.server.script(Endpoint::Refresh, Fault::oauth_error(401, "invalid_client", "wrong secret"));
    running.sign_in("work");
    running.wait_finished(Endpoint::Refresh, 1);
    eventually("the expiry", || Some(running.show("work")).filter(|ran| ran.code() == 1));
    let ran = running.sandbox.applet("show").args(["--wait", "24h", "work"]).run();
    ran.exits(1).prints_nothing().says("needs your attention").says("wrong secret");
    running
        .sandbox
        .applet("show")
        .args(["--wait", "24h", "wrok"])
        .run()
        .exits(1)
        .says("did you mean \"work\"?");
}

#[test]
fn at_the_deadline_the_reason_is_told() {
    let (running, gate) = expired();
    let ran = running.sandbox.applet("show").args(["--wait", "1", "work"]).run();
    ran.exits(1).prints_nothing().says("no access token within 1 s: its refresh is under way");
    let ran = running.sandbox.applet("refresh").args(["--wait", "1s", "work"]).run();
    ran.exits(1).says("no new access token within 1 s: its refresh is under way");
    gate.open();

    let busy = || Fault::json(503, &json!({}));
    let (running, gate) = expired_in(Setup::new(), busy());
    running.server.script_always(Endpoint::Refresh, Some(busy()));
    gate.open();
    running.wait_finished(Endpoint::Refresh, 1);
    let ran = running.sandbox.applet("show").args(["--wait", "1", "work"]).run();
    ran.exits(1).prints_nothing().says("no access token within 1 s: the last refresh failed: ");
}

#[test]
fn refresh_waits_for_a_token_that_is_newer_than_the_call() {
    let running = Running::start();
    let old = running.sign_in("work");
    let ran = running.sandbox.applet("refresh").args(["--wait", "60s", "work"]).run().exits(0);
    assert_eq!((ran.out(), ran.stderr.as_str()), (String::new(), ""));
    assert_ne!(running.show("work").exits(0).line(), old);
}

#[test]
fn a_network_that_is_back_in_time_is_enough() {
    let mut running = short_lived(2);
    running.sign_in("work");
    running.server.change_policy(live_long);
    running.server.go_down();
    eventually("the expiry", || Some(running.show("work")).filter(|ran| ran.code() == 1));
    running.daemon.wait_for_log(&["event=refresh_failed"]);
    let (child, _) = waiting(&running, &["show", "--wait", "60s", "work"]);
    running.daemon.wait_for_log(&["event=refresh_failed", "retry_in=2"]);
    running.server.come_back().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), running.token("work"));
}

#[test]
fn a_token_that_is_too_short_is_refreshed_and_one_that_is_never_longer_is_shown() {
    let running = short_lived(3600);
    let old = running.sign_in("work");
    let never_longer = running.sandbox.applet("show").args(["--min-valid", "2h", "work"]).run();
    assert_eq!(never_longer.exits(0).line(), old);
    assert_eq!(running.server.log().count(Endpoint::Refresh), 0);
    let show = |words: &[&str]| running.sandbox.applet("show").args(words).args(["work"]).run();
    let gate = Gate::closed();
    running.server.script(Endpoint::Refresh, Fault::none().held(&gate));
    let nearly_all = ["--min-valid", "3594"];
    let too_short = eventually("6 s to pass", || Some(show(&nearly_all)).filter(|ran| ran.code() == 1));
    too_short
        .prints_nothing()
        .says("the access token is valid for 59 min more, 3594 s were asked for; a refresh");
    assert_eq!(show(&[]).exits(0).line(), old);
    let late = show(&["--min-valid", "3594", "--wait", "1s"]).exits(1).prints_nothing();
    late.says("no access token within 1 s: the access token is valid for 59 min more, 3594 s were asked for");
    gate.open();
    assert_ne!(show(&["--min-valid=3594", "--wait=60s"]).exits(0).line(), old);
    assert_eq!(running.server.log().count(Endpoint::Refresh), 1);
}

#[test]
fn wrong_times_are_wrong_usage() {
    let sandbox = Sandbox::new();
    for (applet, option) in [("show", "--wait"), ("show", "--min-valid"), ("refresh", "--wait")] {
        for time in ["soon", "", "-1", "1.5s", "25h", "30 s", "9999999999999999999999"] {
            let ran = sandbox.applet(applet).args([option, time, "work"]).run().exits(64).prints_nothing();
            ran.says("a time is 30s, 10m, 2h, at most 24h");
        }
        sandbox.applet(applet).args(["work", option]).run().exits(64);
        sandbox.applet(applet).args([option, "24h", "work"]).run().exits(2);
    }
}

#[test]
fn a_daemon_that_stops_or_dies_or_forgets_the_account_leaves_nobody_waiting() {
    let mut running = Setup::new().account("work", "").account("home", "").start();
    let show = |running: &Running| {
        let (child, mut stderr) = waiting(running, &["show", "--wait", "60s", "work"]);
        stderr.read_line(&mut String::new()).unwrap();
        (child, stderr)
    };
    let end = |(child, mut stderr): (Child, BufReader<ChildStderr>), status, words: &str| {
        let mut told = String::new();
        stderr.read_line(&mut told).unwrap();
        assert!(told.contains(words), "{told}");
        assert_eq!(child.wait_with_output().unwrap().status.code(), Some(status));
    };
    let waits = show(&running);
    running.stop();
    end(waits, 1, "pizauthd is stopping");
    running.restart_without_waiting();
    let waits = show(&running);
    running.daemon.signal(rustix::process::Signal::KILL);
    end(waits, 2, "closed the connection");
    running.daemon.wait();
    running.restart_without_waiting();
    let waits = show(&running);
    let config = std::fs::read_to_string(running.sandbox.config_file())
        .unwrap()
        .replace("account \"work\"", "account \"play\"");
    running.sandbox.write_config(&config);
    running.sandbox.applet("reload").run().exits(0);
    end(waits, 1, "no account \"work\"");
}

#[test]
fn who_waits_and_goes_leaves_nothing_behind() {
    let running = Running::start();
    let pid = running.daemon.pid();
    let waiting: Vec<_> = (0..50).map(|_| begin(&running, "show", 3600)).collect();
    let with_them = process::descriptors(pid);
    assert!(with_them > 50);
    drop(waiting);
    eventually("they are gone", || (process::descriptors(pid) <= with_them - 50).then_some(()));
}
