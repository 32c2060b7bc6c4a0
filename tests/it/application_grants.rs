//! Clients that sign in by themselves: their access tokens are there without anybody, and no error ends them.

use pizauth_test_server::{Endpoint, Fault, Gate};
use serde_json::json;

use crate::support::callers::{ask, with_account};
use crate::support::{Running, Setup, eventually};

const BY_ITSELF: &str = "grant = \"client_credentials\"; client_secret = \"s3cret\";";

fn setup() -> Setup {
    let secret = |id: &str| (id.to_owned(), "s3cret".to_owned());
    Setup::new()
        .policy(|policy| policy.client_secrets.extend([secret("client-of-work")]))
        .account("work", BY_ITSELF)
}

#[track_caller]
fn token(running: &Running) -> String {
    eventually("a token", || {
        let ran = running.show("work");
        (ran.code() == 0).then(|| ran.line())
    })
}

#[test]
fn the_token_is_there_without_anybody_and_is_refreshed() {
    let hook =
        "auth_notify_cmd = \"echo asked >> asked\"; token_event_cmd = \"echo $PIZAUTH_EVENT >> told\";";
    let running = setup().global(hook).start();
    let asked = running.wait_finished(Endpoint::Application, 1);
    assert_eq!(asked.request.form("client_secret"), Some("s3cret"));
    assert_eq!(asked.request.form("scope"), Some("imap smtp"));
    let first = token(&running);
    assert_eq!(asked.access_token().as_deref(), Some(first.as_str()));
    let row = running.status_of("work");
    assert_eq!(
        (&row["state"], &row["needs_user"], &row["refreshable"]),
        (&json!("active"), &json!(false), &json!(true))
    );
    running.refresh("work").exits(0);
    assert_ne!(running.wait_for_other_token("work", &first), first);
    assert_eq!(running.server.log().count(Endpoint::Application), 2);
    let told = eventually("both events", || {
        Some(running.sandbox.read("told")).filter(|told| told.lines().count() == 2)
    });
    assert_eq!(told, "token_new\ntoken_refreshed\n");
    assert!(!running.sandbox.path("asked").exists(), "there is nobody to be asked");
    let log = running.daemon.log();
    assert!(log.contains("grant=client_credentials") && !log.contains("s3cret"), "{log}");
}

#[test]
fn before_the_first_token_show_and_status_say_what_is_waited_for() {
    let running = setup().start();
    token(&running);
    running.revoke("work").exits(0);
    let row = running.status_of("work");
    assert_eq!((&row["state"], &row["needs_user"]), (&json!("empty"), &json!(false)));
    let gate = Gate::closed();
    running.server.script(Endpoint::Application, Fault::none().held(&gate));
    let words = "the first access token is being fetched; try again in a moment";
    running.show("work").exits(1).prints_nothing().says(words);
    let row = running.status_of("work");
    assert_eq!(
        (&row["state"], &row["in_flight"], &row["method"]),
        (&json!("fetching"), &json!(true), &json!(null))
    );
    let status = running.sandbox.applet("status").run().exits(0);
    assert!(
        status.out().contains("work: fetching, the first access token is not there yet"),
        "{}",
        status.out()
    );
    gate.open();
    let waited = running.sandbox.applet("show").args(["--wait", "60s", "work"]).run().exits(0);
    assert_eq!(waited.line(), running.token("work"));
}

#[test]
fn a_refusal_needs_attention_until_a_reload_or_a_refresh() {
    let hook = "error_notify_cmd = \"echo $PIZAUTH_MSG >> told\";";
    let running = setup().global(hook).policy(|policy| policy.client_secrets.clear()).start();
    let needs_attention = || running.daemon.wait_for_log(&["event=needs_attention", "invalid_client"]);
    needs_attention();
    let refused = running.show("work").exits(1).prints_nothing();
    refused.says("no access token yet: invalid_client").says("when that is mended: pizauth refresh work");
    assert_eq!(running.status_of("work")["needs_user"], json!(true));
    assert_eq!(running.server.log().count(Endpoint::Application), 1, "show asks no more");
    let waited = running.sandbox.applet("show").args(["--wait", "60s", "work"]).run().exits(1);
    waited.says("no access token yet");
    running.server.change_policy(|policy| {
        policy.client_secrets.insert("client-of-work".to_owned(), "s3cret".to_owned());
    });
    running.server.script(Endpoint::Application, Fault::oauth_error(403, "invalid_grant", "not you"));
    running.refresh("work").exits(0);
    running.wait_finished(Endpoint::Application, 2);
    eventually("the other refusal", || running.show("work").stderr.contains("not you").then_some(()));
    running.sandbox.applet("reload").run().exits(0);
    token(&running);
}

#[test]
fn what_is_restored_need_not_be_fetched() {
    let mut running = setup().start();
    let first = token(&running);
    let dump = running.sandbox.applet("dump").run().exits(0).stdout;
    running.stop();
    running.sandbox.write("dump", &dump);
    running.sandbox.prepend_config("startup_cmd = \"pizauth restore < dump\";\n");
    running.restart_without_waiting();
    assert_eq!(token(&running), first);
    assert_eq!(running.server.log().count(Endpoint::Application), 1);
}

#[test]
fn nothing_is_fetched_before_startup_cmd_has_ended() {
    let mut running = setup().start();
    token(&running);
    running.stop();
    running.sandbox.prepend_config("startup_cmd = \"mkfifo gate; echo > began; cat gate\";\n");
    running.restart_without_waiting();
    eventually("startup_cmd", || running.sandbox.path("began").exists().then_some(()));
    running.show("work").exits(1).prints_nothing().says("startup_cmd has not ended");
    assert_eq!(running.server.log().count(Endpoint::Application), 1);
    running.sandbox.program("/bin/sh").args(["-c", "echo > gate"]).run().exits(0);
    token(&running);
    assert_eq!(running.server.log().count(Endpoint::Application), 2);
}

#[test]
fn a_reload_fetches_for_an_account_that_it_adds() {
    let running = Setup::new()
        .policy(|policy| {
            policy.client_secrets.insert("client-of-work".to_owned(), "s3cret".to_owned());
        })
        .account("work", "")
        .start();
    running.pending_url("work");
    let text = std::fs::read_to_string(running.sandbox.config_file()).unwrap();
    running.sandbox.write_config(&text.replace("client_id", &format!("{BY_ITSELF} client_id")));
    running.sandbox.applet("reload").run().exits(0);
    token(&running);
}

#[test]
fn hostile_answers_end_nothing() {
    let running = setup().start();
    let first = token(&running);
    for fault in [
        Fault::json(200, &json!({"access_token": "\u{1b}[2J", "token_type": "Bearer"})),
        Fault::json(302, &json!({"access_token": "x"})),
        Fault::json(200, &json!([1, 2])),
    ] {
        let before = running.server.log().count(Endpoint::Application);
        running.server.script(Endpoint::Application, fault);
        running.refresh("work").exits(0);
        running.wait_finished(Endpoint::Application, before + 1);
        assert_eq!(running.token("work"), first, "it is good still");
    }
}

#[test]
fn nobody_is_led_through_a_sign_in() {
    let running = setup().start();
    let answer = ask(&running.sandbox.socket(), &with_account("login", "work"));
    assert_eq!(answer["refused"]["message"], "work signs in by itself");
    token(&running);
}
