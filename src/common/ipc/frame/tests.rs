use std::fmt::Debug;

use super::{Decoder, FrameError, FrameKind, MAX_LONG, MAX_REQUEST, Message, VERSION, encode};
use crate::dump::{self, Dump};
use crate::ipc::message::{Answer, Refusal, Report, Request, Response, Show};
use crate::secret::Secret;

const REQUEST: u8 = FrameKind::Request as u8;
const LONG_REQUEST: u8 = FrameKind::LongRequest as u8;
const RESPONSE: u8 = FrameKind::Response as u8;
const REPORT: u8 = FrameKind::Report as u8;

fn frame(kind: u8, json: &[u8]) -> Vec<u8> {
    let mut frame = head(json.len() + 2, kind);
    frame.extend_from_slice(json);
    frame
}

fn head(length: usize, kind: u8) -> Vec<u8> {
    let mut head = u32::try_from(length).unwrap().to_be_bytes().to_vec();
    head.extend([VERSION, kind]);
    head
}

fn decode<M: Message>(bytes: &[u8]) -> Result<Option<M>, FrameError> {
    Decoder::default().push(bytes)
}

fn decode_request(bytes: &[u8]) -> Result<Option<Request>, FrameError> {
    decode(bytes)
}

fn refusal(error: &FrameError) -> (Refusal, String) {
    match error.to_answer() {
        Answer::Response(Response::Refused { kind, message, .. }) => (kind, message),
        other => panic!("not a refusal: {other:?}"),
    }
}

#[track_caller]
fn assert_decoded<M: Message + PartialEq + Debug>(message: M) {
    assert_eq!(decode(&encode(&message).unwrap()), Ok(Some(message)));
}

#[test]
fn what_is_encoded_is_decoded() {
    assert_decoded(Request::Show(Show::of("wörk \"1\"".to_owned())));
    assert_decoded(Response::Starting { host: "login.test".to_owned() });
    assert_decoded(Answer::from(Response::Revoked { remote: None }));
    assert_decoded(Answer::from(Report::ShuttingDown { wait: false }));
}

#[test]
fn a_frame_may_arrive_byte_by_byte_and_split_anywhere() {
    for request in [Request::Status {}, Request::Restore { dump: vec![7; 2 * MAX_REQUEST].into() }] {
        let bytes = encode(&request).unwrap();
        let mut decoder = Decoder::default();
        let (last, first) = bytes.split_last().unwrap();
        for byte in first {
            assert_eq!(decoder.push(std::slice::from_ref(byte)).unwrap(), None);
        }
        assert_eq!(decoder.push(std::slice::from_ref(last)), Ok(Some(request)));
        for cut in 0..bytes.len().min(80) {
            let mut decoder = Decoder::<Request>::default();
            assert_eq!(decoder.push(&bytes[..cut]).unwrap(), None);
            assert!(decoder.push(&bytes[cut..]).unwrap().is_some(), "cut at {cut}");
        }
    }
}

#[test]
fn what_follows_a_frame_is_ignored() {
    let mut bytes = frame(REQUEST, br#"{"info":{}}"#);
    bytes.extend_from_slice(b"more");
    assert_eq!(decode_request(&bytes), Ok(Some(Request::Info {})));
}

#[test]
fn an_empty_frame_and_another_version_are_refused_at_once() {
    for length in [0, 1] {
        assert_eq!(decode_request(&[0, 0, 0, length]), Err(FrameError::Empty));
    }
    let newer = decode_request(&[0, 0, 0, 100, 2]).unwrap_err();
    assert_eq!(newer, FrameError::UnknownVersion(2));
    let (kind, message) = refusal(&newer);
    assert_eq!(kind, Refusal::UnsupportedVersion);
    assert!(message.contains("version 2") && message.contains("only version 1"), "{message}");
}

#[test]
fn a_kind_that_does_not_exist_or_goes_the_other_way_is_refused_at_once() {
    for kind in [0, RESPONSE, REPORT, 5, 255] {
        let error = decode_request(&head(100, kind)).unwrap_err();
        assert_eq!(error, FrameError::UnknownKind(kind));
        let (refusal, message) = refusal(&error);
        assert_eq!(refusal, Refusal::BadRequest);
        assert!(message.contains(&kind.to_string()), "{message}");
    }
    for kind in [0, REQUEST, LONG_REQUEST, 5] {
        assert_eq!(decode::<Answer>(&head(100, kind)), Err(FrameError::UnknownKind(kind)));
    }
    let report = head(100, REPORT);
    assert_eq!(decode::<Response>(&report), Err(FrameError::UnknownKind(REPORT)), "not asked for");
}

#[test]
fn a_message_in_a_frame_of_another_kind_is_refused() {
    let (show, restore) = (br#"{"show":{"account":"a"}}"#, br#"{"restore":{"dump":""}}"#);
    for (kind, json, wanted) in [(LONG_REQUEST, &show[..], "1"), (REQUEST, &restore[..], "2")] {
        let error = decode_request(&frame(kind, json)).unwrap_err();
        let (refusal, message) = refusal(&error);
        assert_eq!(refusal, Refusal::BadRequest);
        assert!(message.contains(&format!("of kind {wanted}, not {kind}")), "{message}");
    }
    for (kind, json) in [(REPORT, &br#"{"revoked":{}}"#[..]), (RESPONSE, br#"{"dump":{"dump":""}}"#)] {
        assert!(matches!(decode::<Answer>(&frame(kind, json)), Err(FrameError::NotAMessage(_))));
    }
}

#[test]
fn each_kind_has_a_limit_that_is_kept_before_anything_of_the_message_is_there() {
    let limits = [(REQUEST, 65_536), (LONG_REQUEST, MAX_LONG), (RESPONSE, 262_144), (REPORT, MAX_LONG)];
    for (kind, limit) in limits {
        let is_request = kind == REQUEST || kind == LONG_REQUEST;
        let verdict = |length: usize| match is_request {
            true => decode_request(&head(length, kind)).map(|request| assert_eq!(request, None)),
            false => decode::<Answer>(&head(length, kind)).map(|answer| assert_eq!(answer, None)),
        };
        assert_eq!(verdict(limit), Ok(()));
        for over in [limit + 1, u32::MAX as usize] {
            let (refusal, message) = refusal(&verdict(over).unwrap_err());
            assert_eq!(refusal, Refusal::TooLarge);
            let figures = [over.to_string(), limit.to_string()];
            assert!(figures.iter().all(|figure| message.contains(figure)), "{message}");
        }
    }
}

#[test]
fn nothing_over_its_limit_is_sent() {
    let too_large = |frame: Result<Vec<u8>, FrameError>| matches!(frame, Err(FrameError::TooLarge { .. }));
    assert!(too_large(encode(&Request::Restore { dump: vec![7; MAX_LONG / 4 * 3].into() })));
    assert!(too_large(encode(&Request::Show(Show::of("x".repeat(MAX_REQUEST))))));
    let largest = || Dump::from(vec![7; dump::MAX_BYTES]);
    assert!(encode(&Request::Restore { dump: largest() }).is_ok());
    assert!(encode(&Answer::from(Report::Dump { dump: largest() })).is_ok());
}

#[test]
fn the_longest_access_token_fits_however_it_is_written() {
    let access_token = Secret::token(&"\"".repeat(64 * 1024)).unwrap();
    assert_decoded(Response::AccessToken { access_token });
}

#[test]
fn memory_follows_what_has_arrived_and_not_what_was_promised() {
    let mut decoder = Decoder::<Answer>::default();
    decoder.push(&head(MAX_LONG, REPORT)).unwrap();
    decoder.push(&[b' '; 3000]).unwrap();
    assert!(decoder.bytes.capacity() <= 2 * (3000 + 6), "{}", decoder.bytes.capacity());
    decoder.push(&vec![b' '; MAX_LONG - 3002 - 1]).unwrap();
    assert!(decoder.bytes.capacity() <= MAX_LONG + 4, "{}", decoder.bytes.capacity());
}

#[test]
fn garbage_is_refused_with_a_short_reason() {
    let long_name = format!(r#"{{"{}":{{}}}}"#, "x".repeat(10_000));
    let garbage = [
        "",
        "{",
        "{}",
        "[]",
        "null",
        r#""status""#,
        r#"{"status":null}"#,
        r#"{"brew_coffee":{}}"#,
        r#"{"show":{}}"#,
        r#"{"show":{"account":1}}"#,
        r#"{"show":{"account":"a","account":"b"}}"#,
        r#"{"status":{},"info":{}}"#,
        "\u{0}",
        &long_name,
    ];
    for garbage in garbage {
        let error = decode_request(&frame(REQUEST, garbage.as_bytes())).unwrap_err();
        let (kind, message) = refusal(&error);
        assert_eq!(kind, Refusal::BadRequest, "{garbage}");
        assert!(message.len() < 300, "{message}");
    }
    assert!(decode_request(&frame(REQUEST, &[0xff, 0xfe])).is_err());
    assert!(decode_request(&frame(REQUEST, "[".repeat(60_000).as_bytes())).is_err(), "no stack overflow");
}

#[test]
fn any_bytes_are_survived() {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    let (mut frames, mut errors) = (0, 0);
    for _ in 0..20_000 {
        let mut bytes: Vec<u8> = (0..next() % 60).map(|_| next().to_le_bytes()[0]).collect();
        if next() % 2 == 0 {
            bytes.splice(0..0, head((next() % 50) as usize, (next() % 4) as u8));
        }
        match decode_request(&bytes) {
            Ok(Some(_)) | Err(FrameError::NotAMessage(_)) => frames += 1,
            Ok(None) => {}
            Err(_) => errors += 1,
        }
    }
    assert!(frames > 100 && errors > 100, "{frames} frames, {errors} errors");
}
