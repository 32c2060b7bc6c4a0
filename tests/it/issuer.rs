//! Accounts that write their `issuer` and no endpoints: the daemon asks for those.

use std::io::BufRead;

use pizauth_test_server::wire::Response;
use pizauth_test_server::{Endpoint, Fault, SecretIs, browser};
use serde_json::json;

use crate::support::{Running, Setup, eventually, server, state_in};
use crate::wait::waiting;

fn busy() -> Fault {
    Fault::answer(Response::new(503, "text/plain", "busy"))
}

/// From now on it says this.
fn says(running: &Running, fault: Option<Fault>) {
    running.server.script_always(Endpoint::Metadata, fault);
}

fn questions(running: &Running) -> usize {
    running.server.log().count(Endpoint::Metadata)
}

/// Has it asked again, and waits until the daemon has heard the answer.
#[track_caller]
fn ask_again(running: &Running, event: &str) {
    let before = running.daemon.log().matches(event).count();
    running.sandbox.applet("reload").run().exits(0);
    eventually("the answer", || (running.daemon.log().matches(event).count() > before).then_some(()));
}

fn url_in_line(line: &str) -> &str {
    line.trim_end().rsplit(' ').next().expect("a URL")
}

#[test]
fn an_issuer_and_a_client_id_are_enough() {
    let running = Setup::new().asks_issuer().account("work", "").start();
    running.daemon.wait_for_log(&["event=discovered"]);
    let token = running.sign_in("work");
    running.refresh("work").exits(0);
    running.wait_for_other_token("work", &token);
    let ran = running.sandbox.applet("revoke").args(["--remote", "work"]).run().exits(0);
    assert_eq!(ran.line(), "work: revoked at 127.0.0.1 and forgotten");
    assert_eq!(questions(&running), 1);
    let question = running.wait_finished(Endpoint::Metadata, 1).request;
    assert_eq!((question.method.as_str(), question.header("accept")), ("GET", Some("application/json")));
    assert!(!question.path.contains('?'));
    let log = running.daemon.log();
    let issuer = running.server.issuer();
    assert!(log.contains(&format!("event=discovered issuer={issuer}")), "{log}");
}

#[test]
fn every_grant_finds_its_endpoints() {
    let device = "grant = \"device_code\";";
    let own = "grant = \"client_credentials\"; client_secret = \"s3cret\";";
    let secret = ("client-of-own".to_owned(), "s3cret".to_owned());
    let setup = Setup::new().policy(|policy| policy.client_secrets.extend([secret]));
    let running = setup.asks_issuer().account("device", device).account("own", own).start();
    eventually("the first token", || (running.show("own").code() == 0).then_some(()));
    let pending = running.sandbox.applet("show").args(["--wait", "2s", "device"]).run().exits(1);
    pending.says(" and code ");
    running.wait_finished(Endpoint::Device, 1);
    assert_eq!(questions(&running), 1);
}

#[test]
fn a_secret_is_sent_as_the_issuer_lists() {
    for (secret_is, is_in_the_body) in [(SecretIs::Basic, false), (SecretIs::InTheBody, true)] {
        let setup = Setup::new().policy(|policy| {
            policy.secret_is = secret_is;
            policy.client_secrets.insert("client-of-work".to_owned(), "s3cret".to_owned());
        });
        let running = setup.asks_issuer().account("work", "client_secret = \"s3cret\";").start();
        running.daemon.wait_for_log(&["event=discovered"]);
        running.sign_in("work");
        let exchange = running.wait_finished(Endpoint::Exchange, 1).request;
        assert_eq!(exchange.form("client_secret").is_some(), is_in_the_body);
    }
}

#[test]
fn until_the_issuer_answers_a_sign_in_is_prepared_and_who_waits_is_told_then() {
    let running = Setup::new().asks_issuer_that_says(busy()).global("refresh_retry = 1s;").start();
    let shown = running.show("work").exits(1).prints_nothing();
    shown.says("authorization is being prepared, 127.0.0.1 has not answered yet");
    assert_eq!(running.status_of("work")["state"], "starting");
    let (mut child, mut stderr) = waiting(&running, &["show", "--wait", "60s", "work"]);
    says(&running, None);
    let mut line = String::new();
    stderr.read_line(&mut line).expect("what it says meanwhile");
    browser::approve(url_in_line(&line)).expect("the browser's way through");
    assert!(child.wait().expect("its end").success());
    running.token("work");
}

#[test]
fn what_it_says_of_no_use_is_said_with_what_to_do() {
    let running = Setup::new().asks_issuer_that_says(busy()).account("work", "").start();
    let issuer = running.server.issuer().to_owned();
    let slash = format!("{issuer}/");
    running.daemon.wait_for_log(&["event=discovery_failed"]);
    says(&running, Some(Fault::rewrite(&[("issuer", Some(json!(slash)))])));
    ask_again(&running, "event=discovery_unusable");
    let words = format!("{issuer} says that it is \"{slash}\": write that as issuer");
    running.show("work").exits(1).prints_nothing().says(&words).says("pizauth refresh work");
    let row = running.status_of("work");
    assert!(row["last_error"].as_str().is_some_and(|error| error.contains(&words)), "{row}");
    says(&running, None);
    running.refresh("work");
    eventually("the URL", || running.show("work").stderr.contains("with URL").then_some(()));
    browser::approve(&running.pending_url("work")).unwrap();
    running.token("work");
}

/// Signs in `work` while the issuer says nothing of use yet, and then what it should.
fn hostile(fault: Fault) -> Running {
    let running = Setup::new().asks_issuer_that_says(fault).account("work", "").start();
    running.wait_arrived(Endpoint::Metadata, 1);
    running
}

#[test]
fn an_issuer_that_redirects_leads_nowhere() {
    let elsewhere = server();
    let location = format!("{}/.well-known/oauth-authorization-server", elsewhere.issuer());
    let running = hostile(Fault::answer(Response::new(302, "text/plain", "").header("Location", &location)));
    running.daemon.wait_for_log(&["event=discovery_unusable"]);
    assert_eq!(questions(&running), 2, "it is looked for at both places");
    running.show("work").exits(1).prints_nothing().says("http status 302");
    assert!(elsewhere.log().entries().is_empty(), "{:?}", elsewhere.log().entries());
}

#[test]
fn a_document_that_is_endless_deep_or_cut_off_is_none() {
    let deep = format!("{}1{}", "{\"a\":".repeat(40), "}".repeat(40));
    let large = json!({"issuer": "x".repeat(2 << 20)});
    for (fault, event) in [
        (Fault::answer(Response::new(200, "application/json", deep)), "event=discovery_unusable"),
        (Fault::json(200, &large), "event=discovery_failed"),
        (Fault::endless(), "event=discovery_failed"),
        (Fault::truncate(Response::json(200, &json!({"issuer": "x"}))), "event=discovery_failed"),
        (Fault::close(), "event=discovery_failed"),
    ] {
        let running = hostile(fault);
        running.daemon.wait_for_log(&[event]);
        running.sandbox.applet("status").run().exits(0);
        let shown = running.show("work").exits(1).prints_nothing();
        assert!(!shown.stderr.contains("with URL"), "{}", shown.stderr);
    }
}

#[test]
fn an_issuer_that_drips_or_says_nothing_delays_nobody() {
    for fault in [Fault::drip(Response::json(200, &json!({"issuer": "x".repeat(2000)}))), Fault::mute()] {
        let written = "auth_uri = \"@ISSUER@/authorize\"; token_uri = \"@ISSUER@/token\";";
        let setup = Setup::new().asks_issuer_that_says(fault).account("work", "").account("written", written);
        let running = setup.start();
        running.wait_arrived(Endpoint::Metadata, 1);
        running.show("work").exits(1).says("has not answered yet");
        let token = running.sign_in("written");
        running.refresh("written").exits(0);
        running.wait_for_other_token("written", &token);
        running.stop();
    }
}

#[test]
fn no_endpoint_is_taken_that_could_not_be_trusted_with_a_token() {
    let running = hostile(busy());
    running.daemon.wait_for_log(&["event=discovery_failed"]);
    for bad in ["ftp://h.example/t", "https://me@h.example/t"] {
        says(&running, Some(Fault::rewrite(&[("token_endpoint", Some(json!(bad)))])));
        ask_again(&running, "event=discovery_unusable");
        running.show("work").exits(1).says("has no token_endpoint");
    }
}

#[test]
fn a_thousand_accounts_of_an_issuer_ask_it_once() {
    let names: Vec<String> = (0..1000).map(|number| format!("a{number}")).collect();
    let setup = names.iter().fold(Setup::new(), |setup, name| setup.account(name, ""));
    let running = setup.asks_issuer().start();
    running.daemon.wait_for_log(&["event=discovered"]);
    for name in ["a0", "a999"] {
        running.sign_in(name);
    }
    assert_eq!(questions(&running), 1);
    ask_again(&running, "event=discovered");
    assert_eq!(questions(&running), 2, "and once more at a reload");
    running.token("a999");
}

#[test]
fn a_session_outlives_a_reload_while_the_issuer_is_away_and_ends_with_another_issuer() {
    let mut running = Setup::new().asks_issuer().account("work", "").start();
    running.daemon.wait_for_log(&["event=discovered"]);
    let token = running.sign_in("work");
    says(&running, Some(busy()));
    ask_again(&running, "event=discovery_failed");
    running.refresh("work").exits(0);
    let token = running.wait_for_other_token("work", &token);
    // What is saved waits until it is known whom to ask for the next one, and is shown meanwhile.
    let dump = running.sandbox.applet("dump").run().exits(0).stdout;
    running.stop();
    running.restart_without_waiting();
    running.sandbox.applet("restore").stdin(dump).run().exits(0);
    assert_eq!(running.token("work"), token);
    running.refresh("work").exits(0);
    says(&running, None);
    running.sandbox.applet("reload").run().exits(0);
    running.wait_for_other_token("work", &token);
    let text = std::fs::read_to_string(running.sandbox.config_file()).unwrap();
    running.sandbox.write_config(&text.replace("issuer = \"http://127.0.0.1", "issuer = \"http://localhost"));
    running.sandbox.applet("reload").run().exits(0);
    running.daemon.wait_for_log(&["event=token_invalidated"]);
}

#[test]
fn an_answer_that_lacks_the_name_that_the_issuer_promises_is_refused() {
    let running = Setup::new().asks_issuer().account("work", "").start();
    running.daemon.wait_for_log(&["event=discovered"]);
    let url = running.pending_url("work");
    let state = state_in(&url);
    let redirect_uri = url::Url::parse(&url).unwrap();
    let redirect_uri = redirect_uri.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1;
    let page = browser::visit(&format!("{redirect_uri}?code=c0de&state={state}")).unwrap();
    let words = format!("the answer names no issuer, though {} promises one", running.server.issuer());
    assert!(page.body.contains("the answer names no issuer, though"), "{}", page.body);
    running.daemon.wait_for_log(&[&words]);
    assert_eq!(running.server.log().count(Endpoint::Exchange), 0, "its code is not sent");
}
