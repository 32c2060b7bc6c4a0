//! Signing in on another device: the code for the user, the polls, and how it ends.

use std::time::Duration;

use pizauth_test_server::browser::{self, Decision};
use pizauth_test_server::{Endpoint, Fault, Gate};
use serde_json::json;

use crate::support::{Running, Setup, eventually};

const ON_DEVICE: &str = "grant = \"device_code\"; device_auth_uri = \"@ISSUER@/device\";";

fn start() -> Running {
    Setup::new().account("work", ON_DEVICE).start()
}

/// The URL and the code that `show` tells of.
#[track_caller]
fn code_for_user(running: &Running) -> (String, String) {
    eventually("a code for the user", || {
        let ran = running.show("work").exits(1).prints_nothing();
        let told = ran.stderr.split_once("until authorised with URL ")?.1.trim_end().to_owned();
        let (url, code) = told.split_once(" and code ")?;
        Some((url.to_owned(), code.to_owned()))
    })
}

#[track_caller]
fn decide(running: &Running, code: &str, decision: Decision) {
    let page = format!("{}/verify", running.server.issuer());
    assert_eq!(browser::type_code(&page, code, decision).unwrap().status, 200);
}

#[test]
fn the_user_types_the_code_and_there_is_a_token_that_is_refreshed() {
    let running = start();
    let (url, code) = code_for_user(&running);
    assert_eq!(url, format!("{}/verify?user_code={code}", running.server.issuer()));
    let asked = running.wait_finished(Endpoint::Device, 1).request;
    assert_eq!((asked.form("client_id"), asked.form("scope")), (Some("client-of-work"), Some("imap smtp")));
    assert_eq!(running.server.log().count(Endpoint::Device), 1, "show again makes no further code");
    let row = running.status_of("work");
    assert_eq!((&row["state"], &row["method"]), (&json!("pending"), &json!("device")));
    decide(&running, &code, Decision::Approve);
    let issued = running.wait_finished(Endpoint::Poll, 1);
    assert_eq!(issued.status(), Some(200), "the first poll comes after a whole interval");
    let token = eventually("a token", || {
        let ran = running.show("work");
        (ran.code() == 0).then(|| ran.line())
    });
    assert_eq!(issued.access_token().as_deref(), Some(token.as_str()));
    assert_eq!(running.status_of("work")["method"], json!(null));
    running.refresh("work").exits(0);
    assert_ne!(running.wait_for_other_token("work", &token), token);
    let log = running.daemon.log();
    let device_code = issued.request.form("device_code").unwrap();
    assert!(!log.contains(&code) && !log.contains(device_code) && !log.contains("/verify"), "{log}");
}

#[test]
fn while_the_server_says_nothing_show_and_status_say_what_is_waited_for() {
    let running = start();
    let gate = Gate::closed();
    running.server.script(Endpoint::Device, Fault::none().held(&gate));
    let words = "authorization is being prepared, 127.0.0.1 has not answered yet; try again in a moment";
    running.show("work").exits(1).prints_nothing().says(words);
    running.refresh("work").exits(1).says(words);
    let row = running.status_of("work");
    assert_eq!((&row["state"], &row["method"]), (&json!("starting"), &json!("device")));
    gate.open();
    let (_, code) = code_for_user(&running);
    let hidden = running.sandbox.applet("show").args(["-u", "work"]).run().exits(1);
    assert!(!hidden.stderr.contains("http://") && !hidden.stderr.contains(&code), "{}", hidden.stderr);
}

#[test]
fn the_hook_is_told_the_code_and_for_a_browser_none() {
    let hook = "auth_notify_cmd = \"echo $PIZAUTH_ACCOUNT $PIZAUTH_URL code=$PIZAUTH_CODE >> told\";";
    let running = Setup::new().global(hook).account("work", ON_DEVICE).account("home", "").start();
    let (url, code) = code_for_user(&running);
    running.pending_url("home");
    let told = eventually("both hooks", || {
        let told = running.sandbox.read("told");
        (told.lines().count() == 2).then_some(told)
    });
    assert!(told.contains(&format!("work {url} code={code}\n")), "{told}");
    assert!(told.lines().any(|line| line.starts_with("home ") && line.ends_with(" code=")), "{told}");
}

#[test]
fn a_declined_sign_in_says_so_and_show_makes_no_code_before_its_time() {
    let hook = "error_notify_cmd = \"echo $PIZAUTH_MSG >> told\";";
    let running = Setup::new().global(hook).account("work", ON_DEVICE).start();
    let (_, code) = code_for_user(&running);
    decide(&running, &code, Decision::Deny);
    running.daemon.wait_for_log(&["event=authorization_failed", "the sign-in was declined"]);
    let refused = running.show("work").exits(1).prints_nothing();
    refused.says("the sign-in was declined").says("pizauth refresh work");
    assert_eq!(running.server.log().count(Endpoint::Device), 1);
    running.refresh("work").exits(1).says("authorization is being prepared");
    running.wait_finished(Endpoint::Device, 2);
    let told = eventually("the hook", || Some(running.sandbox.read("told")).filter(|told| !told.is_empty()));
    assert_eq!(told, "authorization failed: the sign-in was declined\n");
}

#[test]
fn a_code_that_was_used_is_named_to_the_user_and_not_to_the_log() {
    let hook = "error_notify_cmd = \"echo $PIZAUTH_MSG >> told\";";
    let running = Setup::new().global(hook).account("work", ON_DEVICE).start();
    running.server.script(Endpoint::Poll, Fault::oauth_error(400, "expired_token", "too late"));
    let (_, code) = code_for_user(&running);
    running.daemon.wait_for_log(&["event=authorization_failed", "the code was not used in time"]);
    let words = format!("the code {code} was not used in time, or was used already");
    assert_eq!(running.status_of("work")["last_error"], json!(words));
    let told = eventually("the hook", || Some(running.sandbox.read("told")).filter(|told| !told.is_empty()));
    assert_eq!(told, format!("authorization failed: {words}\n"));
    running.daemon.signal(rustix::process::Signal::USR1);
    running.daemon.wait_for_log(&["event=status", "the code was not used in time"]);
    assert!(!running.daemon.log().contains(&code), "{}", running.daemon.log());
}

#[test]
fn polls_go_on_through_pages_and_limits_and_end_with_a_revoke() {
    let running = start();
    running.server.script(Endpoint::Device, Fault::rewrite(&[("interval", Some(json!(1)))]));
    running.server.script(Endpoint::Poll, Fault::oauth_error(428, "authorization_pending", ""));
    running.server.script(Endpoint::Poll, Fault::json(429, &json!("no verdict")));
    let (_, code) = code_for_user(&running);
    let first = running.wait_finished(Endpoint::Poll, 1).arrived;
    let second = running.wait_finished(Endpoint::Poll, 2).arrived;
    assert!(second.duration_since(first) >= Duration::from_secs(5), "whatever the server says");
    running.daemon.wait_for_log(&["event=poll_failed", "retry_in=10"]);
    running.revoke("work").exits(0);
    decide(&running, &code, Decision::Approve);
    assert_eq!(running.status_of("work")["state"], json!("empty"));
    assert_eq!(running.server.log().count(Endpoint::Poll), 2);
}

#[test]
fn hostile_answers_give_no_code_and_drive_no_terminal() {
    let running = start();
    let codes = |user_code: &str, uri: &str| json!({"device_code": "d", "user_code": user_code, "verification_uri": uri, "expires_in": 1e300});
    let uri = "https://as.example/d";
    for (fault, words) in [
        (Fault::json(200, &codes("\u{1b}[2J", uri)), "the user_code in the answer is not 1 to 64"),
        (Fault::json(200, &codes("AB", "javascript:alert(1)")), "verification_uri"),
        (Fault::json(302, &codes("AB", uri)), "a redirect, which is never followed"),
    ] {
        running.server.script(Endpoint::Device, fault);
        running.refresh("work").exits(1);
        eventually("the refusal", || {
            let row = running.status_of("work");
            row["last_error"].as_str().filter(|error| error.contains(words)).map(str::to_owned)
        });
    }
}

#[test]
fn who_waits_is_told_the_code_as_soon_as_it_comes_and_gets_the_token() {
    let running = start();
    let waiting = std::thread::scope(|scope| {
        let show = scope.spawn(|| running.sandbox.applet("show").args(["--wait", "60s", "work"]).run());
        running.wait_finished(Endpoint::Device, 1);
        let (_, code) = code_for_user(&running);
        decide(&running, &code, Decision::Approve);
        (show.join().unwrap(), code)
    });
    let (ran, code) = waiting;
    let ran = ran.exits(0);
    let token = ran.line();
    assert_eq!(running.wait_finished(Endpoint::Poll, 1).access_token(), Some(token));
    assert!(ran.stderr.contains(&format!(" and code {code}\n")), "{}", ran.stderr);
}
