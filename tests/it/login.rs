//! `pizauth login`: a user who is led from the URL to the access token.

mod led;

use std::fs;
use std::io::Write;
use std::time::Duration;

use pizauth_test_server::browser::{self, Decision};
use pizauth_test_server::{Endpoint, Fault, Gate};
use rustix::process::Signal;
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use serde_json::json;

use crate::support::{Running, Setup, Terminal, eventually};
use led::{Led, login};

const BOTH_WAYS: &str = "device_auth_uri = \"@ISSUER@/device\";";
const ON_DEVICE: &str = "grant = \"device_code\"; device_auth_uri = \"@ISSUER@/device\";";

/// The address that the browser ends at, once the user has decided.
#[track_caller]
fn end_of(url: &str, decision: Decision) -> String {
    browser::decide(url, decision).expect("the browser's way through")
}

#[track_caller]
fn approve(url: &str) {
    assert_eq!(browser::approve(url).expect("the browser's way through").status, 200);
}

/// A browser that notes what it is called with.
fn noting_browser(running: &Running, then: &str) -> String {
    let script = running.sandbox.write("browser", format!("#!/bin/sh\necho \"$@\" >>opened\n{then}\n"));
    format!("/bin/sh {}", script.display())
}

#[test]
fn a_browser_is_opened_and_the_outcome_told_when_it_has_come_back() {
    let hook = "auth_notify_cmd = \"echo $PIZAUTH_URL >> told\";";
    let running = Setup::new().global(hook).start();
    let browser = noting_browser(&running, "");
    let led = Led::start(running.sandbox.multiplexer().args(["login", "work"]).env("BROWSER", browser));
    let url = led.url();
    assert_eq!(led.out_with("To sign in").lines().next(), Some("To sign in to work, open"));
    let opened = eventually("a browser", || Some(running.sandbox.read("opened")).filter(|it| !it.is_empty()));
    assert_eq!(opened, format!("{url}\n"));
    led.err_with("pizauth login: waiting for you to sign in");
    assert_eq!(running.pending_url("work"), url, "it is the one that show tells of");
    approve(&url);
    let end = led.end().exits(0).prints("work: signed in; the access token is valid until ");
    assert!(end.out.trim_end().ends_with(", with a refresh token"), "{}", end.out);
    let token = running.token("work");
    assert!(!end.out.contains(&token) && !end.err.contains(&token), "a token never travels here");
    assert_eq!(running.sandbox.read("told"), "", "the user sits there: no hook tells of the URL");
    let again = login(&running, &["work"]).end().exits(0).says("forget that first: pizauth revoke work");
    assert!(again.out.starts_with("work is signed in, until "), "{}", again.out);
}

#[test]
fn without_a_display_nothing_is_opened_and_over_ssh_it_is_said_what_helps() {
    let running = Running::start();
    let browser = noting_browser(&running, "");
    let named = |words: &[&str]| {
        let call = running.sandbox.multiplexer().args(["login", "work"]).args(words);
        Led::start(call.env("BROWSER", &browser).env("SSH_CONNECTION", "192.0.2.1 4 192.0.2.2 22"))
    };
    let led = named(&["--no-browser"]);
    let url = led.url();
    let port = running.sandbox.applet("info").args(["-j"]).run().exits(0).stdout;
    let port =
        serde_json::from_slice::<serde_json::Value>(&port).unwrap()["server_info"]["http_port"].clone();
    let port = port.as_str().unwrap();
    led.out_with(&format!("ssh -L {port}:localhost:{port} HOST"));
    led.out_with("or run: pizauth login --paste work");
    approve(&url);
    led.end().exits(0);
    assert_eq!(running.sandbox.read("opened"), "");

    running.revoke("work").exits(0);
    let call =
        running.sandbox.multiplexer().args(["login", "work"]).env("PATH", running.sandbox.path("none"));
    let led = Led::start(call);
    approve(&led.url());
    let end = led.end().exits(0);
    assert!(!end.err.contains("browser") && !end.out.contains("ssh"), "{} {}", end.out, end.err);
}

#[test]
fn a_browser_that_is_missing_fails_or_never_ends_keeps_nobody_from_signing_in() {
    let running = Running::start();
    let with = |browser: &str| {
        let call = running.sandbox.multiplexer().args(["login", "work"]).env("BROWSER", browser);
        Led::start(call.env("PATH", running.sandbox.path("none")))
    };
    let led = with("/nonexistent/browser:other -x");
    led.err_with("could not open a browser: there is no /nonexistent/browser, no other, no xdg-open");
    approve(&led.url());
    led.end().exits(0).prints("work: signed in; ");
    running.revoke("work").exits(0);
    let led = with(&noting_browser(&running, "exit 3"));
    led.err_with("could not open a browser: /bin/sh has failed: exit status: 3");
    approve(&led.url());
    led.end().exits(0);
    running.revoke("work").exits(0);
    // It reads a pipe that nobody writes to.
    let endless = noting_browser(&running, "echo $$ >browsers_pid; mkfifo nobody; read line <nobody");
    let led = Led::start(running.sandbox.multiplexer().args(["login", "work"]).env("BROWSER", endless));
    let pid = eventually("its pid", || running.sandbox.read("browsers_pid").trim().parse::<i32>().ok());
    approve(&led.url());
    let end = led.end().exits(0);
    assert!(!end.err.contains("browser"), "{}", end.err);
    fs::write(running.sandbox.path("nobody"), "go\n").unwrap();
    eventually("its end", || {
        (!fs::exists(format!("/proc/{pid}")).unwrap() || crate::support::process::is_zombie(pid))
            .then_some(())
    });
}

#[test]
fn a_denied_sign_in_is_told_in_the_servers_words() {
    let running = Running::start();
    let led = login(&running, &["work"]);
    browser::deny(&led.url()).unwrap();
    led.end().exits(1).says("pizauth login: work: authorization failed: access_denied");
    let led = login(&running, &["work"]);
    let refusal = Fault::oauth_error(400, "invalid_client", "the words of the server");
    running.server.script(Endpoint::Exchange, refusal);
    browser::approve(&led.url()).unwrap();
    led.end().exits(1).says("work: authorization failed: ").says("the words of the server");
}

#[test]
fn what_keeps_the_exchange_from_its_end_is_told_and_so_is_its_end() {
    let mut running = Running::start();
    let led = login(&running, &["work"]);
    let end = end_of(&led.url(), Decision::Approve);
    running.server.go_down();
    let visit = std::thread::spawn(move || browser::visit(&end));
    led.err_with("completing the sign-in");
    led.err_with("completing the sign-in; the last try failed: ");
    running.server.come_back().unwrap();
    led.end().exits(0).prints("work: signed in; ");
    visit.join().unwrap().unwrap();
}

#[test]
fn an_address_is_pasted_after_four_that_are_wrong() {
    let running = Setup::new().account("work", "").account("home", "").start();
    let others = end_of(&running.pending_url("home"), Decision::Approve);
    let mut led = login(&running, &["--paste", "work"]);
    let url = led.url();
    led.err_with("Paste the address that the browser ends at (it may show an error)");
    led.types(&others);
    led.err_with("that address belongs to another sign-in, or to one that is over");
    led.types("0.AX8A-the-code-alone");
    led.err_with("paste the whole address; the code alone does not say which sign-in it belongs to");
    led.types(&url);
    led.err_with("the browser is not at its end there: that address begins with http://localhost");
    led.types(&"x".repeat(1 << 20));
    led.err_with("that is longer than any address of a sign-in");
    assert_eq!(running.pending_url("work"), url, "nothing of this has used it up");
    let end = end_of(&url, Decision::Approve);
    led.types(&format!("  {end}#fragment"));
    led.end().exits(0).prints("work: signed in; ");
    assert_eq!(running.server.log().count(Endpoint::Exchange), 1);
    let log = running.daemon.log();
    let code = end.split_once("code=").unwrap().1.split('&').next().unwrap();
    assert!(!log.contains(code), "a code in the log");
    assert_eq!(running.status_of("home")["state"], "pending", "the other sign-in waits on");
}

#[test]
fn five_wrong_lines_are_enough_and_the_sign_in_goes_on() {
    let running = Running::start();
    let mut led = login(&running, &["--paste", "work"]);
    let url = led.url();
    for _ in 0..5 {
        led.types("\u{1b}[2J garbage");
    }
    led.end().exits(1).says("work: none of five lines was the address of this sign-in, which goes on");
    assert_eq!(running.pending_url("work"), url);
    let mut led = login(&running, &["--paste", "work"]);
    assert_eq!(led.url(), url);
    led.stdin.as_mut().unwrap().write_all(b"http://localhost:1/?code=x\n").unwrap();
    led.stdin = None;
    led.err_with("begins with http://localhost:");
    approve(&url);
    led.end().exits(0).prints("work: signed in; ");
}

#[test]
fn an_error_can_be_pasted_and_the_listener_may_come_first() {
    let running = Running::start();
    let mut led = login(&running, &["--paste", "work"]);
    led.types(&end_of(&led.url(), Decision::Deny));
    led.end().exits(1).says("work: authorization failed: access_denied");
    let led = login(&running, &["--paste", "work"]);
    approve(&led.url());
    led.end().exits(0);
}

#[test]
fn on_another_device_the_code_is_told_and_the_end_is_that_of_the_code() {
    let running = Setup::new().account("work", BOTH_WAYS).account("home", "").start();
    let gate = Gate::closed();
    running.server.script(Endpoint::Device, Fault::none().held(&gate));
    let led = login(&running, &["--device", "work"]);
    led.err_with("waiting for 127.0.0.1 to answer");
    gate.open();
    let out = led.out_with("  and enter the code  ");
    let line = out.lines().find_map(|line| line.strip_prefix("  and enter the code  ")).unwrap();
    let (code, until) = line.split_once("  (until ").unwrap();
    assert!(until.ends_with(')'), "{line}");
    let page = format!("{}/verify", running.server.issuer());
    assert_eq!(browser::type_code(&page, code, Decision::Deny).unwrap().status, 200);
    led.end().exits(1).says("work: authorization failed: ").says("declined");
    let no_way = login(&running, &["--device", "home"]).end().exits(1);
    no_way.says("account \"home\" has no device_auth_uri").says("pizauth login --browser or --paste home");
    // With no option the account's own way; what is under way by the other one gives way to an option only.
    let device = login(&running, &["--device", "work"]);
    device.out_with("  and enter the code  ");
    device.signal(Signal::INT);
    device.end().exits(130).says("the code stays good, and to wait for it again: pizauth login work");
    let led = login(&running, &["work"]);
    led.out_with("  and enter the code  ");
    let other = login(&running, &["--browser", "work"]);
    other.url();
    led.err_with("waiting for you to sign in");
    let url = eventually("the URL of the other one", || {
        let out = led.out_with("To sign in");
        out.lines()
            .filter_map(|line| line.strip_prefix("  "))
            .find(|it| it.contains("redirect_uri"))
            .map(str::to_owned)
    });
    approve(&url);
    led.end().exits(0);
    other.end().exits(0);
}

#[test]
fn a_qr_code_of_the_address_is_shown_where_there_is_room_for_it() {
    let running = Setup::new().account("work", BOTH_WAYS).start();
    let call =
        || running.sandbox.multiplexer().args(["login", "--device", "--qr", "work"]).env("BROWSER", "false");
    for (columns, locale, why) in [
        (0, "C.UTF-8", None),
        (33, "C.UTF-8", None),
        (32, "C.UTF-8", Some("no QR code: it takes 33 columns, and the terminal has 32")),
        (80, "C", Some("no QR code: the locale (LC_ALL, LC_CTYPE, LANG) is none of UTF-8")),
    ] {
        let mut terminal = Terminal::run_in(columns, call().env("LC_ALL", locale));
        if let Some(why) = why {
            terminal.shows(why);
        }
        terminal.shows("To sign in to work, open").shows("/verify?user_code=USER-").shows("waiting for you");
        assert_eq!(terminal.has_shown("\x1b[0;30;47m  █▀▀▀▀▀█ "), why.is_none(), "{columns} columns");
        terminal.types("\x03");
        let rest = terminal.ends(130);
        assert!(rest.contains("the code stays good") && !rest.contains("browser"), "{rest}");
    }
    let to_a_file =
        running.sandbox.multiplexer().args(["login", "--device", "--qr", "--timeout", "1s", "work"]);
    let out = to_a_file.run().exits(1).out();
    assert_eq!(out.lines().filter(|line| line.starts_with("\x1b[0;30;47m  ")).count(), 17, "{out}");
}

#[test]
fn a_qr_code_is_for_another_device_only() {
    let running = Setup::new().account("work", BOTH_WAYS).start();
    for way in ["--browser", "--paste"] {
        let ran = running.sandbox.multiplexer().args(["login", "--qr", way, "work"]).run().exits(64);
        ran.says("a phone cannot come back to localhost: --qr goes with --device");
    }
    assert_eq!(running.status_of("work")["state"], "empty", "nothing has begun");
    let ran = running.sandbox.multiplexer().args(["login", "--qr", "work"]).run().exits(64).prints_nothing();
    ran.says("a phone cannot come back to localhost");
}

#[test]
fn an_account_of_a_device_is_signed_in_to_by_its_code() {
    let running = Setup::new().account("work", ON_DEVICE).start();
    let led = login(&running, &[]);
    let out = led.out_with("  and enter the code  ");
    let code = out.lines().find_map(|line| line.strip_prefix("  and enter the code  ")).unwrap();
    let page = format!("{}/verify", running.server.issuer());
    let code = code.split(' ').next().unwrap();
    assert_eq!(browser::type_code(&page, code, Decision::Approve).unwrap().status, 200);
    led.end().exits(0).prints("work: signed in; ");
    assert!(!running.daemon.log().contains(code), "the code is not logged");
}

#[test]
fn who_has_waited_long_enough_or_presses_ctrl_c_leaves_the_sign_in_pending() {
    let running = Running::start();
    let led = login(&running, &["--timeout", "1s", "work"]);
    let url = led.url();
    led.end().exits(1).says("work: not signed in within 1 s; the URL stays good, and to wait for it again");
    let led = login(&running, &["work", "--timeout=1h"]);
    assert_eq!(led.url(), url);
    led.signal(Signal::INT);
    led.end().exits(130).says("work: the URL stays good, and to wait for it again: pizauth login work");
    assert_eq!(running.pending_url("work"), url);
    eventually("nobody waits", || {
        let status = fs::read_dir(format!("/proc/{}/fd", running.daemon.pid()));
        status.map_or(Some(()), |fds| (fds.count() < 64).then_some(()))
    });
}

#[test]
fn whatever_ends_the_sign_in_from_outside_is_told() {
    let running = Setup::new().account("work", "").account("home", "").start();
    let led = login(&running, &["work"]);
    led.url();
    running.revoke("work").exits(0);
    led.end().exits(1).says("work: the account was revoked");
    // A reload that changes nothing changes nothing here.
    let led = login(&running, &["work"]);
    let url = led.url();
    running.sandbox.applet("reload").run().exits(0);
    assert_eq!(running.pending_url("work"), url);
    let config = fs::read_to_string(running.sandbox.config_file()).unwrap();
    running.sandbox.write_config(&config.replace("client-of-work", "another"));
    running.sandbox.applet("reload").run().exits(0);
    led.end().exits(1).says("work: the configuration changed");
    let led = login(&running, &["work"]);
    led.url();
    running.sandbox.write_config(&config.replace("account \"work\"", "account \"play\""));
    running.sandbox.applet("reload").run().exits(0);
    led.end().exits(1).says("the configuration has no account \"work\"");
    let led = login(&running, &["play"]);
    led.url();
    let killed = login(&running, &["home"]);
    killed.url();
    running.daemon.signal(Signal::STOP);
    let stuck = login(&running, &["--timeout", "1s", "home"]);
    running.daemon.signal(Signal::CONT);
    stuck.end().exits(1);
    running.stop();
    led.end().exits(1).says("play: pizauthd is stopping");
    killed.end().exits(1).says("home: pizauthd is stopping");
    login(&running, &["home"]).end().exits(2).says("cannot reach pizauthd");
}

#[test]
fn a_daemon_that_is_killed_is_missed_at_once() {
    let running = Running::start();
    let led = login(&running, &["work"]);
    led.url();
    running.daemon.signal(Signal::KILL);
    led.end().exits(2);
}

#[test]
fn wrong_usage_says_what_is_wrong() {
    let running = Setup::new().account("work", "").account("home", "").start();
    let usage =
        |words: &[&str]| running.sandbox.multiplexer().args(["login"]).args(words).run().exits(64).stderr;
    for time in ["-1", "1.5m", "25h", "soon", ""] {
        let said = usage(&["work", "--timeout", time]);
        assert!(said.contains("a time is 30s, 10m, 2h, at most 24h"), "{said}");
    }
    for both in [["--paste", "--device"], ["--browser", "--no-browser"], ["--no-browser", "--paste"]] {
        assert!(usage(&both).contains("only one can be had"), "{both:?}");
    }
    let said = usage(&[]);
    assert!(said.contains("which account? there are: home, work"), "{said}");
    usage(&["work", "home"]);
    login(&running, &["wrok"]).end().exits(1).says("no account \"wrok\"").says("work");
    assert_eq!(running.status_of("work")["state"], "empty", "nothing has begun");
}

#[test]
fn what_a_person_has_to_mend_is_told_in_place_of_a_sign_in() {
    let running =
        Setup::new().policy(|policy| policy.access_token_lifetime = Duration::from_secs(3600)).start();
    running.sign_in("work");
    running.server.script(Endpoint::Refresh, Fault::oauth_error(401, "invalid_client", "wrong secret"));
    running.refresh("work").exits(0);
    running.daemon.wait_for_log(&["event=needs_attention"]);
    let end = login(&running, &["work"]).end().exits(1).says("to refresh it needs your attention: ");
    assert!(end.out.starts_with("work is signed in, until "), "{}", end.out);
    end.says("when that is mended: pizauth refresh work");
}

#[test]
fn a_terminal_has_one_line_that_is_written_over() {
    let running = Running::start();
    let call = running.sandbox.multiplexer().args(["login", "work"]).env("TERM", "xterm");
    let (led, _terminal) = Led::start_on_terminal(call);
    led.out_with("\rwaiting for you to sign in … 0:01\u{1b}[K");
    approve(&led.url());
    let end = led.end().exits(0);
    let (before, outcome) = end.out.split_once("work: signed in; ").unwrap();
    assert!(before.ends_with("\r\u{1b}[K"), "the line is cleared first: {before:?}");
    assert!(!outcome.contains("waiting"), "{outcome}");
}

#[test]
fn in_a_terminal_an_address_is_typed_behind_the_question() {
    let running = Running::start();
    let call = running.sandbox.multiplexer().args(["login", "--paste", "work"]);
    let (led, mut terminal) = Led::start_on_terminal(call);
    let url = led.url();
    led.out_with("(it may show an error)");
    assert_eq!(running.status_of("work")["state"], json!("pending"));
    terminal.write_all(format!("{}\n", end_of(&url, Decision::Approve)).as_bytes()).unwrap();
    let end = led.end().exits(0).prints("work: signed in; ");
    assert!(!end.out.contains("…"), "nothing is written over while somebody types: {}", end.out);
}

#[test]
fn on_a_narrow_terminal_too_there_is_one_line_and_what_goes_wrong_has_its_own() {
    let mut running = Running::start();
    let (led, terminal) = Led::start_on_terminal(running.sandbox.multiplexer().args(["login", "work"]));
    tcsetwinsize(&terminal, Winsize { ws_row: 24, ws_col: 21, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    led.out_with("\rwaiting for y … 0:0");
    let end = end_of(&led.url(), Decision::Approve);
    running.server.go_down();
    let visit = std::thread::spawn(move || browser::visit(&end));
    led.out_with("pizauth login: completing the sign-in; the last try failed: ");
    led.out_with("\rcompleting th … 0:0");
    running.server.come_back().unwrap();
    let end = led.end().exits(0).prints("work: signed in; ");
    assert_eq!(end.out.matches("the last try failed").count(), 1, "{}", end.out);
    visit.join().unwrap().unwrap();
}

#[test]
fn what_is_pasted_into_a_terminal_may_be_long_and_the_terminal_is_itself_again() {
    let running = Running::start();
    let (led, mut terminal) =
        Led::start_on_terminal(running.sandbox.multiplexer().args(["login", "--paste", "work"]));
    let end = end_of(&led.url(), Decision::Approve);
    led.out_with("(it may show an error)");
    let is_canonical = || tcgetattr(&terminal).unwrap().local_modes.contains(LocalModes::ICANON);
    eventually("lines of any length", || (!is_canonical()).then_some(()));
    let long = end.replacen('?', &format!("?session_state={}&", "x".repeat(8000)), 1);
    terminal.write_all(format!("Http\x15{long}!\x7f\n").as_bytes()).unwrap();
    led.end().exits(0).prints("work: signed in; ");
    assert!(tcgetattr(&terminal).unwrap().local_modes.contains(LocalModes::ICANON));

    running.revoke("work").exits(0);
    let (led, terminal) =
        Led::start_on_terminal(running.sandbox.multiplexer().args(["login", "--paste", "work"]));
    led.out_with("(it may show an error)");
    led.signal(Signal::INT);
    assert_eq!(led.end().code, Some(130));
    assert!(tcgetattr(&terminal).unwrap().local_modes.contains(LocalModes::ICANON));
}
