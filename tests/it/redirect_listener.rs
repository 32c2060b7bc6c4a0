//! The redirect listener from outside: who may ask for what, and what comes of it.

mod binding;
mod crowds;
mod other_users;
mod redirect_uris;
mod requests;
mod transport;
mod verdicts;

use pizauth_test_server::browser::{self, Decision};
use url::Url;

use crate::support::{Door, Running, Setup};

/// Both listeners on free ports.
const BOTH_DOORS: &str = "https_listen = \"127.0.0.1:0\";";
const HTTPS_REDIRECT: &str = "redirect_uri = \"https://localhost/\";";

/// A daemon with the accounts `work`, which comes back by HTTP, and `tls`, which comes back by HTTPS.
#[track_caller]
fn start(globals: &str) -> Running {
    let setup = Setup::new().global(BOTH_DOORS).global(globals);
    setup.account("work", "").account("tls", HTTPS_REDIRECT).start()
}

/// The query of the authorization response: what the browser is sent back to us with.
#[track_caller]
fn approved_query(running: &Running, account: &str) -> String {
    let response = browser::decide(&running.pending_url(account), Decision::Approve).expect("an approval");
    let response = Url::parse(&response).expect("a redirect URI");
    response.query().expect("an authorization response").to_owned()
}

/// The request of a browser that was sent back with `query`.
fn visit(door: &Door, query: &str) -> String {
    format!("GET /?{query} HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", door.port)
}

/// The state of an account in `status`.
#[track_caller]
fn state_of(running: &Running, account: &str) -> String {
    running.status_of(account)["state"].as_str().expect("a state").to_owned()
}
