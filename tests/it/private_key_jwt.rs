//! Clients that prove who they are by signing (RFC 7523 §2.2). Signatures are checked by openssl.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use pizauth_test_server::{Endpoint, Entry};
use serde_json::{Value, json};

use crate::support::signing::{make_key, verified};
use crate::support::{Running, Setup, eventually};

/// A daemon whose client has a key.
fn running() -> Running {
    let home = "client_auth = \"private_key_jwt\"; client_key_file = \"~/key.pem\";";
    let running = Setup::new().account("work", home).start();
    make_key(&running.sandbox);
    running
}

/// The claims of the assertion that came with a token request, once openssl has found it to be signed by the key.
#[track_caller]
fn claims(running: &Running, asked: &Entry) -> Value {
    let form = |name| asked.request.form(name);
    assert_eq!(form("client_assertion_type"), Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"));
    assert_eq!(form("client_secret"), None);
    verified(&running.sandbox, form("client_assertion").expect("a JWT")).1
}

#[test]
fn every_token_request_is_signed_anew_for_the_token_endpoint() {
    let running = running();
    running.sign_in("work");
    let exchange = claims(&running, &running.wait_finished(Endpoint::Exchange, 1));
    running.refresh("work").exits(0);
    let refresh = claims(&running, &running.wait_finished(Endpoint::Refresh, 1));
    for claims in [&exchange, &refresh] {
        assert_eq!(
            (&claims["iss"], &claims["sub"], &claims["aud"]),
            (&json!("client-of-work"), &json!("client-of-work"), &json!(running.server.token_uri()))
        );
        let (issued, ends) = (claims["iat"].as_u64().unwrap(), claims["exp"].as_u64().unwrap());
        assert_eq!(ends - issued, 300);
    }
    assert_ne!(exchange["jti"], refresh["jti"]);
    let log = running.daemon.log();
    assert!(!log.contains("eyJ"), "{log}");
}

#[test]
fn a_key_that_is_not_there_needs_attention_and_is_used_as_soon_as_it_is() {
    let running = running();
    let token = running.sign_in("work");
    let (key, away) = (running.sandbox.home().join("key.pem"), running.sandbox.home().join("away.pem"));
    fs::rename(&key, &away).expect("it is taken away");
    running.refresh("work").exits(0);
    let error = eventually("its absence is told", || {
        let row = running.status_of("work");
        (row["needs_attention"] == true).then(|| row["last_error"].to_string())
    });
    assert!(error.contains("key.pem") && error.contains("no such file"), "{error}");
    assert_eq!(running.token("work"), token, "the session is kept");
    assert_eq!(running.server.log().count(Endpoint::Refresh), 0, "nothing is sent unsigned");
    fs::rename(&away, &key).expect("it is back");
    running.refresh("work").exits(0);
    running.wait_for_other_token("work", &token);
}

#[test]
fn a_key_that_others_can_read_is_warned_of() {
    let running = running();
    let key = running.sandbox.home().join("key.pem");
    running.sandbox.applet("check").run().exits(0).says_not("others can read");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("its mode");
    for command in ["check", "reload"] {
        let warned = running.sandbox.applet(command).run().exits(0);
        warned.says(&format!("others can read {}, the private key of a client", key.display()));
    }
}
