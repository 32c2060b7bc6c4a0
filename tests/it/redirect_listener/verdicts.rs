//! The table of raw requests: over HTTP and HTTPS, from our own user and from another.

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use url::form_urlencoded;

use super::requests::{Case, State, TABLE};
use super::{BOTH_DOORS, HTTPS_REDIRECT, approved_query};
use crate::support::{Answer, Door, Running, Sandbox, Setup, as_another_user, can_become_another_user};

/// A daemon with an account for each row, all of them pending.
struct Scene {
    running: Running,
    door: Door,
    trials: Vec<Trial>,
}

impl Scene {
    fn over_http() -> Self {
        Self::new(Door::http, "")
    }

    fn over_https() -> Self {
        Self::new(Door::https, HTTPS_REDIRECT)
    }

    fn new(door: impl Fn(&Sandbox) -> Door, fields: &str) -> Self {
        let setup = Setup::new().global(BOTH_DOORS);
        let running = TABLE.iter().fold(setup, |setup, case| setup.account(case.what, fields)).start();
        let door = door(&running.sandbox);
        let trial = |case: &'static Case| {
            let query = approved_query(&running, case.what);
            Trial { case, request: filled_in(case.request, door.port, &query) }
        };
        let trials = TABLE.iter().map(trial).collect();
        Self { running, door, trials }
    }

    /// What `status` says of every account, by its name.
    fn states(&self) -> HashMap<String, String> {
        let status = self.running.sandbox.applet("status").args(["-j"]).run().exits(0);
        let status: Value = serde_json::from_slice(&status.stdout).unwrap();
        let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
        let rows = status["accounts"].as_array().unwrap().iter();
        rows.map(|row| (text(row, "account"), text(row, "state"))).collect()
    }

    /// Nobody else comes by the table: each row asked from another user's socket uses up nothing.
    fn assert_closed_to_another_user(&self) {
        if !can_become_another_user("the table of requests from another user") {
            return;
        }
        let answers: Vec<(&Trial, Answer)> = as_another_user(|| {
            self.trials.iter().map(|trial| (trial, self.door.ask(&trial.request))).collect()
        });
        for (trial, answer) in answers {
            let refused = trial.case.status.map(|_| 403);
            assert_eq!(answer.status(), refused, "{}: {answer:?}", trial.case.what);
            trial.assert_harmless(&answer);
        }
        assert!(self.states().values().all(|state| state == "pending"), "{:?}", self.states());
    }

    fn assert_verdicts(&self) {
        for trial in &self.trials {
            let answer = self.door.ask(&trial.request);
            assert_eq!(answer.status(), trial.case.status, "{}: {answer:?}", trial.case.what);
            trial.assert_harmless(&answer);
        }
        let states = self.states();
        for case in TABLE {
            let state = states[case.what].as_str();
            let kept = if state == "pending" { State::Kept } else { State::Used };
            assert_eq!(kept, case.state, "{}: {state}", case.what);
        }
    }
}

/// A row with the values of its account filled in.
struct Trial {
    case: &'static Case,
    request: String,
}

impl Trial {
    /// One answer, with all the headers, and nothing of the request in it; or not a byte.
    fn assert_harmless(&self, answer: &Answer) {
        let what = self.case.what;
        if answer.status().is_none() {
            return assert_eq!(answer.0, "", "{what}");
        }
        for (name, value) in HEADERS {
            assert_eq!(answer.header(name), [*value], "{what}: {name}");
        }
        let policy = answer.header("content-security-policy").join("");
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{what}: {policy}");
        assert!(policy.ends_with("frame-ancestors 'none'"), "{what}: {policy}");
        let length = answer.body().len().to_string();
        assert_eq!(answer.header("content-length"), [length], "{what}: one page and no more");
        for foreign in ["<script", "evil", "src=", "href=", "url("] {
            assert!(!answer.body().contains(foreign), "{what}: {foreign} in {}", answer.body());
        }
        for secret in secrets_in(&self.request) {
            assert!(!answer.0.contains(&secret), "{what}: {secret} is reflected");
        }
    }
}

/// Those that every answer has, whole.
const HEADERS: &[(&str, &str)] = &[
    ("cache-control", "no-store"),
    ("connection", "close"),
    ("content-type", "text/html; charset=utf-8"),
    ("cross-origin-resource-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
];

fn filled_in(request: &str, port: u16, query: &str) -> String {
    let value = |name: &str| {
        let found = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name);
        found.unwrap_or_else(|| panic!("no {name} in {query}")).1.into_owned()
    };
    let (code, state) = (value("code"), value("state"));
    let encoded: String = state.bytes().map(|byte| format!("%{byte:02x}")).collect();
    request
        .replace('|', "\r\n")
        .replace("{query}", "code={code}&state={state}")
        .replace("{host}", "localhost:{port}")
        .replace("{port}", &port.to_string())
        .replace("{code}", &code)
        .replace("{state}", &state)
        .replace("{state%}", &encoded)
        .replace("{16K}", &"x".repeat(16 * 1024))
        .replace("{200 headers}", &"X: y\r\n".repeat(200))
}

/// The values of `code` and `state` in the request's target.
fn secrets_in(request: &str) -> Vec<String> {
    let target = request.split(' ').nth(1).unwrap_or_default();
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let fields = form_urlencoded::parse(query.as_bytes());
    let long = fields.filter(|(name, value)| ["code", "state"].contains(&name.as_ref()) && value.len() > 20);
    long.map(|(_, value)| value.into_owned()).collect()
}

#[test]
fn the_table_has_enough_rows_and_no_name_twice() {
    let names: HashSet<_> = TABLE.iter().map(|case| case.what).collect();
    assert_eq!(names.len(), TABLE.len());
    assert!(TABLE.len() >= 40);
}

#[test]
fn every_request_over_http_gets_its_verdict_and_another_users_gets_nothing() {
    let scene = Scene::over_http();
    scene.assert_closed_to_another_user();
    scene.assert_verdicts();
}

#[test]
fn every_request_over_https_gets_its_verdict_and_another_users_gets_nothing() {
    let scene = Scene::over_https();
    scene.assert_closed_to_another_user();
    scene.assert_verdicts();
}
