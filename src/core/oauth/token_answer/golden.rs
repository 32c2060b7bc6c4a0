//! Replays `tests/answers/`: the bytes of an HTTP answer and, beside them, what has to come of it.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::oauth::testing::{application, exchange, refresh};
use crate::oauth::token_request::TokenRequest;

/// What every case has a verdict for, and what some have one for: a client that signs in by itself.
const GRANTS: [&str; 3] = ["exchange", "refresh", APPLICATION];
const APPLICATION: &str = "application";

/// The lines `key: value` of a `.verdict` file.
pub(in crate::oauth) struct Expected(Vec<(String, String)>);

impl Expected {
    pub(in crate::oauth) fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        Self(
            lines
                .map(|line| {
                    let (key, value) =
                        line.split_once(": ").unwrap_or_else(|| panic!("{}: {line}", path.display()));
                    (key.to_owned(), value.to_owned())
                })
                .collect(),
        )
    }

    /// The value of a key that stands once.
    pub(in crate::oauth) fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    fn check(&self, grant: &str, outcome: &Outcome, case: &str) {
        let reason = reason_of(outcome);
        for (key, value) in &self.0 {
            // `KEY` counts for all grants, `GRANT KEY` for one, `GRANT` alone is the verdict.
            let (of, key) = match key.split_once(' ') {
                Some((of, key)) => (of, key),
                None if GRANTS.contains(&key.as_str()) => (key.as_str(), "verdict"),
                None => (grant, key.as_str()),
            };
            if of == grant {
                check_one(key, value, outcome, &format!("{case}, {grant}, {key} ({reason})"));
            }
        }
    }
}

fn check_one(key: &str, value: &str, outcome: &Outcome, place: &str) {
    match key {
        "verdict" => assert_eq!(verdict_of(outcome), value, "{place}"),
        "reason" => assert!(reason_of(outcome).contains(value), "{place}: no {value:?}"),
        "absent" => assert!(!reason_of(outcome).contains(value), "{place}: {value:?}"),
        _ => assert_eq!(member_of(outcome, key), value, "{place}"),
    }
}

fn verdict_of(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Issued(_) => "issued",
        Outcome::Ended(_) => "ended",
        Outcome::NeedsAttention(_) | Outcome::RefusedVaguely(_) => "needs attention",
        Outcome::RefusedSilently(_) | Outcome::Transient { .. } => "transient",
    }
}

fn reason_of(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Issued(_) => String::new(),
        Outcome::Ended(reason)
        | Outcome::NeedsAttention(reason)
        | Outcome::RefusedVaguely(reason)
        | Outcome::RefusedSilently(reason)
        | Outcome::Transient { reason, .. } => reason.to_string(),
    }
}

fn member_of(outcome: &Outcome, name: &str) -> String {
    let none = || "none".to_owned();
    match (name, outcome) {
        ("access_token", Outcome::Issued(issued)) => issued.access_token.expose().to_owned(),
        ("refresh_token", Outcome::Issued(issued)) => {
            issued.refresh_token.as_ref().map_or_else(none, |token| token.expose().to_owned())
        }
        ("lifetime", Outcome::Issued(issued)) => issued.lifetime.as_secs().to_string(),
        ("narrowed", Outcome::Issued(issued)) => issued.narrowed_scope.clone().unwrap_or_else(none),
        ("retry_after", Outcome::Transient { retry_after, .. }) => {
            retry_after.map_or_else(none, |pause| pause.as_secs().to_string())
        }
        _ => panic!("{name} is no member of {outcome:?}"),
    }
}

/// Splits the bytes at the end of the head. What the transport does (chunks, lengths) is tested there.
pub(in crate::oauth) fn answer(bytes: &[u8]) -> Answer {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut head = httparse::Response::new(&mut headers);
    let length = head.parse(bytes).unwrap().unwrap();
    let header = |name: &str| {
        let found = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        found.map(|header| String::from_utf8_lossy(header.value).into_owned())
    };
    Answer {
        status: head.code.unwrap(),
        content_type: header("content-type"),
        retry_after: header("retry-after"),
        date: header("date"),
        signed: None,
        body: bytes[length..].to_vec().into(),
    }
}

/// The answers in a folder below `tests/answers`.
pub(in crate::oauth) fn cases(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/answers").join(folder);
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut cases: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "http")).collect();
    cases.sort();
    cases
}

/// Has `perform` answer each case, once for each grant, and checks what comes of it.
fn replay(perform: impl Fn(Vec<u8>, TokenRequest) -> Outcome) {
    let cases = cases("");
    assert!(cases.len() >= 50, "only {} cases", cases.len());
    let mut with_application = 0;
    for case in cases {
        let expected = Expected::read(&case.with_extension("verdict"));
        let bytes = fs::read(&case).unwrap();
        let name = case.display().to_string();
        expected.check("exchange", &perform(bytes.clone(), exchange()), &name);
        expected.check("refresh", &perform(bytes.clone(), refresh()), &name);
        if expected.get(APPLICATION).is_some() {
            with_application += 1;
            expected.check(APPLICATION, &perform(bytes, application()), &name);
        }
    }
    assert!(with_application >= 8, "only {with_application} cases of an application");
}

#[test]
fn every_answer_gets_its_verdict() {
    replay(|bytes, request| request.outcome(Ok(answer(&bytes))));
}

#[test]
fn every_case_says_what_both_grants_get() {
    for case in cases("") {
        let Expected(lines) = Expected::read(&case.with_extension("verdict"));
        for grant in ["exchange", "refresh"] {
            assert_eq!(lines.iter().filter(|(key, _)| key == grant).count(), 1, "{}", case.display());
        }
    }
}
