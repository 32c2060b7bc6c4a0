//! Replays `tests/answers/device/`: answers about codes for a user and to polls, and beside each what comes of it.

use std::fs;
use std::time::Duration;

use pizauth_common::secret::Secret;

use super::device_poll::{DevicePoll, Polled};
use super::device_request::DeviceRequest;
use super::token_answer::golden::{Expected, answer, cases};
use crate::http::Answer;
use crate::testing::{account, client, on_device};

/// The verdict in a word or two, and what can be said of it.
type Facts = (String, Vec<(&'static str, String)>);

fn codes(answer: Answer) -> Facts {
    let account = on_device(account("work"));
    let request = DeviceRequest::new(client(&account)).unwrap();
    match request.outcome(Ok(answer)) {
        Err(reason) => ("failed".to_owned(), vec![("reason", reason.to_string())]),
        Ok(given) => {
            let facts = [
                ("url", given.url().to_owned()),
                ("user_code", given.user_code.clone()),
                ("lifetime", given.lifetime.as_secs().to_string()),
                ("interval", given.interval.as_secs().to_string()),
            ];
            ("codes".to_owned(), facts.to_vec())
        }
    }
}

fn poll(answer: Answer) -> Facts {
    let device_code = Secret::from("the-sent-device-code");
    let account = on_device(account("work"));
    let poll = DevicePoll::new(client(&account), &device_code, "ABCD-EFGH", Duration::from_secs(900));
    let seconds = |words: &str, time: Option<Duration>| {
        time.map_or_else(String::new, |time| format!(" {words} {}", time.as_secs()))
    };
    match poll.outcome(Ok(answer)) {
        Polled::Issued(issued) => {
            ("issued".to_owned(), vec![("lifetime", issued.lifetime.as_secs().to_string())])
        }
        Polled::Pending => ("pending".to_owned(), Vec::new()),
        Polled::SlowDown(interval) => (format!("slow down{}", seconds("to", interval)), Vec::new()),
        Polled::Failed(reason) => ("failed".to_owned(), vec![("reason", reason.to_string())]),
        Polled::NoVerdict { reason, retry_after, .. } => {
            (format!("no verdict{}", seconds("after", retry_after)), vec![("reason", reason.to_string())])
        }
    }
}

fn check(expected: &Expected, of: &str, (verdict, facts): Facts, case: &str) {
    let Some(wanted) = expected.get(of) else { return };
    assert_eq!(verdict, wanted, "{case}, {of}: {facts:?}");
    for (name, fact) in facts {
        match (name, expected.get(name)) {
            ("reason", Some(words)) => assert!(fact.contains(words), "{case}, {of}: {fact:?}"),
            (_, Some(wanted)) => assert_eq!(fact, wanted, "{case}, {of}, {name}"),
            (_, None) => {}
        }
        let absent = expected.get("absent");
        assert!(absent.is_none_or(|absent| !fact.contains(absent)), "{case}, {of}: {fact:?}");
    }
}

#[test]
fn every_answer_gets_its_verdict() {
    let cases = cases("device");
    assert!(cases.len() >= 25, "only {} cases", cases.len());
    for case in cases {
        let expected = Expected::read(&case.with_extension("verdict"));
        let answer = answer(&fs::read(&case).unwrap());
        let name = case.display().to_string();
        assert!(expected.get("codes").or(expected.get("poll")).is_some(), "{name} says nothing");
        check(&expected, "codes", codes(answer.clone()), &name);
        check(&expected, "poll", poll(answer), &name);
    }
}
