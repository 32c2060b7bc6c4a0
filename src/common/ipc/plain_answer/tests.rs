use std::fs;
use std::path::PathBuf;

use super::{AccountRows, Answer, Content, ContentAnswer, PlainAnswer, SkippedAccounts};
use crate::dump::Dump;
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
        Response::Refused { message, .. } => Some(PlainAnswer::Refused(message)),
        Response::Reloaded { .. }
        | Response::Dump { .. }
        | Response::Restored { .. }
        | Response::Status { .. }
        | Response::Info(_)
        | Response::ShuttingDown { .. } => None,
    }
}

/// Reads the answer as one that brings `C`, and checks that against what `of` finds in the same answer.
#[track_caller]
fn check<C: Content + PartialEq + std::fmt::Debug>(
    json: &[u8],
    response: &Response,
    of: fn(Response) -> Option<C>,
) {
    let read = parse_answer::<ContentAnswer<C>>(json).ok();
    assert_eq!(read.as_ref().and_then(Answer::refusal), response.refusal());
    let refused = response.refusal().map(|message| ContentAnswer::Refused(message.to_owned()));
    assert_eq!(read, of(response.clone()).map(ContentAnswer::Content).or(refused));
}

fn dump(response: Response) -> Option<Dump> {
    if let Response::Dump { dump } = response { Some(dump) } else { None }
}

fn skipped(response: Response) -> Option<SkippedAccounts> {
    if let Response::Restored { skipped, .. } = response { Some(SkippedAccounts(skipped)) } else { None }
}

fn rows(response: Response) -> Option<AccountRows> {
    if let Response::Status { accounts } = response { Some(AccountRows(accounts)) } else { None }
}

#[test]
fn every_golden_answer_is_read_the_same_way_by_all_readers() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/ipc/answers");
    let mut texts = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let json = fs::read(entry.unwrap().path()).unwrap();
        let response: Response = parse_answer(&json).unwrap();
        check(&json, &response, dump);
        check(&json, &response, skipped);
        check(&json, &response, rows);
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
        assert!(parse_answer::<ContentAnswer<Dump>>(json.as_bytes()).is_err(), "{json}");
        assert!(parse_answer::<ContentAnswer<SkippedAccounts>>(json.as_bytes()).is_err(), "{json}");
        assert!(parse_answer::<ContentAnswer<AccountRows>>(json.as_bytes()).is_err(), "{json}");
    }
}

#[test]
fn fields_of_a_later_release_are_ignored() {
    let json = br#"{"since":[1,{"a":2.5}],"answer":"pending","url":"https://login.test/"}"#;
    assert_eq!(parse_answer(json), Ok(PlainAnswer::Pending("https://login.test/".to_owned())));
}
