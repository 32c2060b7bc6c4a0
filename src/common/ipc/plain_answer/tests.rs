use std::fs;
use std::path::PathBuf;

use super::{Answer, PlainAnswer, RestoreAnswer, StatusAnswer};
use crate::ipc::frame::parse_answer;
use crate::ipc::message::Response;

/// The same answer, as the small commands should see it.
fn plain(response: Response) -> Option<PlainAnswer> {
    match response {
        Response::AccessToken { access_token } => Some(PlainAnswer::AccessToken(access_token)),
        Response::Pending { url } => Some(PlainAnswer::Pending(url)),
        Response::Exchanging => Some(PlainAnswer::Exchanging),
        Response::Expired(expired) => Some(PlainAnswer::Expired(expired)),
        Response::RefreshScheduled => Some(PlainAnswer::RefreshScheduled),
        Response::Revoked => Some(PlainAnswer::Revoked),
        Response::Dump { dump } => Some(PlainAnswer::Dump(dump)),
        Response::Refused { message, .. } => Some(PlainAnswer::Refused(message)),
        Response::Reloaded { .. }
        | Response::Restored { .. }
        | Response::Status { .. }
        | Response::Info(_)
        | Response::ShuttingDown { .. } => None,
    }
}

/// The same answer, as `restore` should see it.
fn of_restore(response: Response) -> Option<RestoreAnswer> {
    match response {
        Response::Restored { skipped, .. } => Some(RestoreAnswer::Restored(skipped)),
        Response::Refused { message, .. } => Some(RestoreAnswer::Refused(message)),
        _ => None,
    }
}

/// The same answer, as `status` should see it.
fn of_status(response: Response) -> Option<StatusAnswer> {
    match response {
        Response::Status { accounts } => Some(StatusAnswer::Status(accounts)),
        Response::Refused { message, .. } => Some(StatusAnswer::Refused(message)),
        _ => None,
    }
}

#[test]
fn every_golden_answer_is_read_the_same_way_by_all_readers() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/ipc/answers");
    let mut texts = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let json = fs::read(entry.unwrap().path()).unwrap();
        let response: Response = parse_answer(&json).unwrap();
        let read = parse_answer::<RestoreAnswer>(&json).ok();
        assert_eq!(read.as_ref().and_then(Answer::refusal), response.refusal());
        assert_eq!(read, of_restore(response.clone()));
        let read = parse_answer::<StatusAnswer>(&json).ok();
        assert_eq!(read.as_ref().and_then(Answer::refusal), response.refusal());
        assert_eq!(read, of_status(response.clone()));
        let read = parse_answer::<PlainAnswer>(&json);
        assert_eq!(read.as_ref().ok().and_then(Answer::refusal), response.refusal());
        texts += usize::from(read.is_ok());
        assert_eq!(read.ok(), plain(response));
    }
    assert!(texts > 8, "the golden answers were not found");
}

#[test]
fn what_is_incomplete_or_unknown_is_an_error() {
    let bad = [
        r"{}",
        r#"{"answer":"from the future"}"#,
        r#"{"answer":"access_token"}"#,
        r#"{"answer":"access_token","access_token":null}"#,
        r#"{"answer":"access_token","access_token":1}"#,
        r#"{"answer":"restored","skipped":[{"account":"old"}]}"#,
        r#"{"answer":"status"}"#,
        r#"{"answer":"status","accounts":[{"account":"work"}]}"#,
        r#"{"answer":"pending","answer":"pending","url":"x"}"#,
        r#"["pending"]"#,
    ];
    for json in bad {
        assert!(parse_answer::<PlainAnswer>(json.as_bytes()).is_err(), "{json}");
        assert!(parse_answer::<RestoreAnswer>(json.as_bytes()).is_err(), "{json}");
        assert!(parse_answer::<StatusAnswer>(json.as_bytes()).is_err(), "{json}");
    }
}

#[test]
fn fields_of_a_later_release_are_ignored() {
    let json = br#"{"since":[1,{"a":2.5}],"answer":"pending","url":"https://login.test/"}"#;
    assert_eq!(parse_answer(json), Ok(PlainAnswer::Pending("https://login.test/".to_owned())));
}
