//! Every answer of `tests/answers`, given to the running daemon by a token endpoint: what it makes of the session,
//! what it tells, and what it asks next.

mod corpus;
mod endpoint;

use serde_json::Value;

use crate::support::callers::{ask, request, show, with_account};
use crate::support::{Daemon, Door, Sandbox, eventually, state_in};
use corpus::{Case, Grant};
use endpoint::{CODE, FIRST_ACCESS_TOKEN, FIRST_REFRESH_TOKEN, TokenEndpoint};

/// A daemon with an account for each case, whose token endpoint answers one grant as the case says and the other
/// as if nothing were wrong.
struct Scene {
    daemon: Daemon,
    sandbox: Sandbox,
    door: Door,
    endpoint: TokenEndpoint,
    cases: Vec<Case>,
}

impl Scene {
    fn new(faulty: Grant) -> Self {
        let cases = corpus::cases(faulty);
        let endpoint = TokenEndpoint::start(faulty, &cases);
        let sandbox = Sandbox::new();
        sandbox.write_config(&configuration(&endpoint, &cases));
        let daemon = Daemon::start(&sandbox, sandbox.applet("server").args(["-vv"]));
        let door = Door::http(&sandbox);
        Self { daemon, sandbox, door, endpoint, cases }
    }

    /// The browser comes back with a code; what the page says.
    fn sign_in(&self, account: &str) -> String {
        let pending = self.ask(&show(account));
        let state = state_in(pending["pending"]["url"].as_str().expect("a URL"));
        let query = format!("code={CODE}&state={state}");
        let visit = format!("GET /?{query} HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", self.door.port);
        unescaped(self.door.ask(visit).body())
    }

    fn refresh(&self, account: &str) {
        assert!(self.ask(&with_account("refresh", account))["refresh_scheduled"].is_object(), "{account}");
    }

    /// The row of an account in `status`.
    fn row(&self, account: &str) -> Value {
        let status = self.ask(&request("status"));
        let rows = status["status"]["accounts"].as_array().expect("rows");
        rows.iter().find(|row| row["account"] == account).expect("a row for the account").clone()
    }

    #[track_caller]
    fn ask(&self, request: &[u8]) -> Value {
        ask(&self.sandbox.socket(), request)
    }

    /// No line of the log tells what was sent, or what came.
    fn assert_nothing_secret_is_logged(&self) {
        let log = self.daemon.log();
        for case in &self.cases {
            for secret in case.all("absent").chain([FIRST_ACCESS_TOKEN]) {
                assert!(!log.contains(secret), "{secret} of {} in the log:\n{log}", case.name);
            }
        }
        assert!(!log.contains("panicked"), "{log}");
    }
}

fn configuration(endpoint: &TokenEndpoint, cases: &[Case]) -> String {
    let block = |case: &Case| {
        format!(
            "account \"{}\" {{ auth_uri = \"http://127.0.0.1:9/\"; token_uri = \"{}\"; client_id = \"c\"; \
             scopes = [\"mail.read\", \"offline_access\"]; }}\n",
            case.name,
            endpoint.uri(&case.name)
        )
    };
    format!("https_listen = none;\n{}", cases.iter().map(block).collect::<String>())
}

fn unescaped(html: &str) -> String {
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    entities.into_iter().fold(html.to_owned(), |text, (entity, c)| text.replace(entity, c))
}

/// What `status` tells of the session after a refresh that has been answered.
fn verdict(row: &Value) -> &'static str {
    match (row["state"].as_str(), row["needs_attention"].as_bool(), row["last_error"].as_str()) {
        (Some("empty"), ..) => "ended",
        (_, Some(true), _) => "needs attention",
        (_, _, Some(_)) => "transient",
        _ => "issued",
    }
}

#[test]
fn every_answer_to_a_refresh_has_its_verdict() {
    let scene = Scene::new(Grant::Refresh);
    for case in &scene.cases {
        let page = scene.sign_in(&case.name);
        assert!(page.contains(&format!("signed in: {}", case.name)), "{page}");
        scene.refresh(&case.name);
    }
    for case in &scene.cases {
        eventually(&format!("a refresh by {}", case.name), || scene.endpoint.sent(&case.name, 1));
        let row = eventually(&case.name, || {
            Some(scene.row(&case.name))
                .filter(|row| verdict(row) == case.verdict && row["in_flight"] == false)
        });
        case.check_text(row["last_error"].as_str().unwrap_or_default());
        assert_session(&scene, case);
    }
    scene.assert_nothing_secret_is_logged();
}

/// What is shown, and which refresh token is used from then on.
fn assert_session(scene: &Scene, case: &Case) {
    let shown = scene.ask(&show(&case.name));
    match case.verdict.as_str() {
        "ended" => assert!(shown["pending"].is_object(), "{}", case.name),
        "issued" => {
            if let Some(token) = case.one("access_token") {
                assert_eq!(shown["access_token"]["access_token"], token, "{}", case.name);
            }
            if let Some(token) = case.one("refresh_token") {
                let expected = if token == "none" { FIRST_REFRESH_TOKEN } else { token };
                scene.ask(&with_account("refresh", &case.name));
                let used = eventually("the next refresh", || scene.endpoint.sent(&case.name, 2));
                assert_eq!(used, expected, "{}", case.name);
            }
        }
        _ => assert_eq!(
            shown["access_token"]["access_token"], FIRST_ACCESS_TOKEN,
            "the old one: {}",
            case.name
        ),
    }
}

#[test]
fn every_answer_to_an_exchange_has_its_verdict_and_the_code_is_sent_once() {
    let scene = Scene::new(Grant::Exchange);
    for case in &scene.cases {
        let page = scene.sign_in(&case.name);
        let is_issued = case.verdict == "issued";
        let title = if is_issued { "signed in: " } else { "sign-in failed: " };
        assert!(page.contains(&format!("<h1>{title}{}</h1>", case.name)), "{}: {page}", case.name);
        case.check_text(&page);
        if !is_issued {
            assert_eq!(scene.row(&case.name)["state"], "empty", "{}", case.name);
        }
        assert_eq!(scene.endpoint.exchanges(&case.name), 1, "{}", case.name);
    }
    scene.assert_nothing_secret_is_logged();
}
