//! Clients that sign in whose name they ask (RFC 7523 §2.1), as Google's service accounts. Signatures are checked by openssl.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use pizauth_test_server::wire::{Request, Response};
use pizauth_test_server::{Endpoint, Fault};
use serde_json::json;

use crate::support::callers::{ask, with_account};
use crate::support::signing::{make_key, openssl, verified};
use crate::support::{Running, Setup, eventually};

const SIGNED: &str =
    "grant = \"jwt_bearer\"; client_key_file = \"~/key.json\"; subject = \"me@example.org\";";
const CLIENT: &str = "client-of-work";

/// What Google gives for a service account.
fn key_of_google(client: &str, pem: &str) -> String {
    let key = json!({
        "type": "service_account",
        "project_id": "p",
        "private_key_id": "k1",
        "private_key": pem,
        "client_email": client,
        "client_id": "1",
        "token_uri": "https://oauth2.googleapis.com/token",
    });
    key.to_string()
}

/// A daemon without its key; the one that is made lies beside.
fn without_key() -> Running {
    let hook = "auth_notify_cmd = \"echo asked >> asked\"; error_notify_cmd = \"echo $PIZAUTH_MSG >> told\";";
    let running = Setup::new().global(hook).account("work", SIGNED).start();
    make_key(&running.sandbox);
    running
}

fn give_key(running: &Running, client: &str) {
    let home = running.sandbox.home();
    let pem = fs::read_to_string(home.join("key.pem")).expect("the key");
    fs::write(home.join("key.json"), key_of_google(client, &pem)).expect("the key file");
}

/// A daemon whose client has a key.
fn running() -> Running {
    let running = without_key();
    give_key(&running, CLIENT);
    running.refresh("work").exits(0);
    running
}

#[track_caller]
fn token(running: &Running) -> String {
    running.sandbox.applet("show").args(["--wait", "60s", "work"]).run().exits(0).line()
}

#[test]
fn the_token_is_there_without_anybody_by_what_the_key_signs() {
    let running = running();
    let first = token(&running);
    running.refresh("work").exits(0);
    running.wait_for_other_token("work", &first);
    let mut ids = Vec::new();
    for count in [1, 2] {
        let asked = running.wait_finished(Endpoint::Application, count).request;
        assert_eq!(asked.form("grant_type"), Some("urn:ietf:params:oauth:grant-type:jwt-bearer"));
        for absent in ["client_id", "client_secret", "client_assertion", "scope"] {
            assert_eq!(asked.form(absent), None);
        }
        let (head, claims) = verified(&running.sandbox, asked.form("assertion").expect("it is signed"));
        assert_eq!(head, json!({"alg": "RS256", "typ": "JWT", "kid": "k1"}));
        assert_eq!(
            (&claims["iss"], &claims["sub"], &claims["aud"], &claims["scope"]),
            (
                &json!(CLIENT),
                &json!("me@example.org"),
                &json!(running.server.token_uri()),
                &json!("imap smtp")
            )
        );
        assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 300);
        ids.push(claims["jti"].clone());
    }
    assert_ne!(ids[0], ids[1]);
    assert!(!running.sandbox.path("asked").exists(), "there is nobody to be asked");
    let log = running.daemon.log();
    assert!(!log.contains("eyJ") && log.contains("jwt-bearer"), "{log}");
}

#[test]
fn without_its_key_nothing_is_sent_and_what_is_wrong_is_told() {
    let running = without_key();
    eventually("its absence is told", || {
        running.show("work").exits(1).stderr.contains("no such file").then_some(())
    });
    give_key(&running, "other@example.org");
    running.refresh("work").exits(0);
    let words = "it is the key of other@example.org, and client_id is client-of-work";
    eventually("whose key it is", || running.show("work").exits(1).stderr.contains(words).then_some(()));
    assert_eq!(running.server.log().count(Endpoint::Application), 0);
    give_key(&running, CLIENT);
    running.refresh("work").exits(0);
    token(&running);
}

#[test]
fn a_refusal_says_what_the_administrator_has_to_do_and_ends_nothing() {
    let running = running();
    let first = token(&running);
    let refusal = "Client is unauthorized to retrieve access tokens using this method";
    running.server.script(Endpoint::Application, Fault::oauth_error(401, "unauthorized_client", refusal));
    let waited = running.sandbox.applet("refresh").args(["--wait", "60s", "work"]).run();
    waited
        .exits(1)
        .says("no new access token for account \"work\": refresh needs attention: unauthorized_client");
    running.daemon.wait_for_log(&["event=needs_attention", "domain-wide delegation of exactly these scopes"]);
    assert_eq!(running.token("work"), first, "it is good still");
    running.refresh("work").exits(0);
    running.wait_for_other_token("work", &first);
}

#[test]
fn a_key_file_that_others_can_read_is_warned_of() {
    let running = running();
    let key = running.sandbox.home().join("key.json");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("its mode");
    let warned = running.sandbox.applet("check").run().exits(0);
    warned.says(&format!("others can read {}, the private key of a client", key.display()));
}

#[test]
fn a_changed_subject_drops_the_token_and_another_one_is_fetched_for_it() {
    let running = running();
    let first = token(&running);
    let text = fs::read_to_string(running.sandbox.config_file()).expect("the configuration");
    running.sandbox.write_config(&text.replace("me@example.org", "you@example.org"));
    running.sandbox.applet("reload").run().exits(0);
    running.daemon.wait_for_log(&["event=token_invalidated"]);
    assert_ne!(token(&running), first);
    let asked = running.wait_finished(Endpoint::Application, 2).request;
    let (_, claims) = verified(&running.sandbox, asked.form("assertion").expect("a JWT"));
    assert_eq!(claims["sub"], "you@example.org");
}

#[test]
fn login_says_that_it_signs_in_by_itself() {
    let running = running();
    token(&running);
    running.sandbox.applet("login").args(["work"]).run().exits(1).says("work signs in by itself");
    let answer = ask(&running.sandbox.socket(), &with_account("login", "work"));
    assert_eq!(answer["refused"]["message"], "work signs in by itself");
}

#[test]
fn the_mailbox_is_the_subjects_and_print_says_all_of_it() {
    let running = running();
    token(&running);
    let shown = running.sandbox.applet("show").args(["--format", "json", "work"]).run().exits(0);
    let shown: serde_json::Value = serde_json::from_str(&shown.line()).expect("JSON");
    assert_eq!(shown["user"], "me@example.org");
    let printed = running.sandbox.applet("check").args(["--print", "work"]).run().exits(0);
    for line in [
        "grant = \"jwt_bearer\";",
        "client_key_file = \"~/key.json\";",
        "subject = \"me@example.org\";",
        "user = \"me@example.org\";",
    ] {
        assert!(printed.out().contains(line), "{}", printed.out());
    }
}

/// What was signed, whole and in pieces: also as a server shows what it does not understand.
fn echo(request: &Request) -> Response {
    let jwt = request.form("assertion").or(request.form("client_assertion")).unwrap_or_default();
    let (claims, signature) = (jwt.split('.').nth(1), jwt.rsplit('.').next());
    let (claims, signature) = (claims.unwrap_or_default(), signature.unwrap_or_default());
    let description = format!(
        "cannot take {jwt} or {}: {}\n{} {}, it says",
        signature,
        &signature[20..32],
        &claims[40..60],
        signature[100..112].to_uppercase()
    );
    let error = json!({"error": "invalid_client", "error_description": description});
    Response::json(401, &error)
}

/// Nobody is shown 12 characters of what was signed, in any letters, over any line.
#[track_caller]
fn assert_nothing_is_shown_of(jwt: &str, shown: &str) {
    let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase();
    let (jwt, shown) = (letters(jwt), letters(shown));
    for at in 0..jwt.len() - 12 {
        assert!(!shown.contains(&jwt[at..at + 12]), "{} is in {shown}", &jwt[at..at + 12]);
    }
}

/// The log, `status`, what `show` says and what hooks are told.
fn everything_shown(running: &Running) -> String {
    let told =
        eventually("the hook", || Some(running.sandbox.read("told")).filter(|told| told.contains("it says")));
    let status = ["-j", "-v"].map(|option| {
        let ran = running.sandbox.applet("status").args([option]).run();
        format!("{}{}", ran.out(), ran.stderr)
    });
    let shown = running.show("work").stderr;
    assert!(status[0].contains("it says"), "{}", status[0]);
    format!("{told}{}{shown}{}", status.concat(), running.daemon.log())
}

#[test]
fn what_was_signed_is_shown_to_nobody_however_a_server_repeats_it() {
    let running = running();
    token(&running);
    running.server.script(Endpoint::Application, Fault::answer_by(echo));
    running.refresh("work").exits(0);
    let asked = running.wait_finished(Endpoint::Application, 2);
    running.daemon.wait_for_log(&["event=needs_attention", "it says"]);
    assert_nothing_is_shown_of(asked.request.form("assertion").expect("a JWT"), &everything_shown(&running));
}

#[test]
fn nor_is_what_a_client_signed_to_prove_itself_and_a_certificate_gets_advice() {
    let fields = "grant = \"client_credentials\"; client_key_file = \"~/key.pem\"; \
                  client_certificate_file = \"~/cert.pem\";";
    let hook = "error_notify_cmd = \"echo $PIZAUTH_MSG >> told\";";
    let running = Setup::new().global(hook).account("work", fields).start();
    make_key(&running.sandbox);
    let certificate = "req -x509 -new -key ../home/key.pem -subj /CN=me -days 2 -out ../home/cert.pem";
    assert!(openssl(&running.sandbox, certificate));
    running.server.script(Endpoint::Application, Fault::answer_by(echo));
    running.refresh("work").exits(0);
    let asked = running.wait_finished(Endpoint::Application, 1);
    let advice = "openssl x509 -noout -enddate -fingerprint -sha256 -in FILE";
    running.daemon.wait_for_log(&["event=needs_attention", "it says", advice]);
    let shown = everything_shown(&running);
    assert_nothing_is_shown_of(asked.request.form("client_assertion").expect("a JWT"), &shown);
}
