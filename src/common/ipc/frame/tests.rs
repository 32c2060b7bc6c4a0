use super::{
    Decoder, FrameError, Kind, MAX_REQUEST, MAX_RESTORE, VERSION, encode_answer, encode_request,
    parse_answer, parse_request,
};
use crate::dump::{self, Dump};
use crate::ipc::message::{Refusal, Request, Response};

fn frame(version: u8, json: &[u8]) -> Vec<u8> {
    let mut frame = head(json.len() + 1, version);
    frame.extend_from_slice(json);
    frame
}

fn head(length: usize, version: u8) -> Vec<u8> {
    let mut head = u32::try_from(length).unwrap().to_be_bytes().to_vec();
    head.push(version);
    head
}

fn decode(bytes: &[u8]) -> Result<Option<Vec<u8>>, FrameError> {
    Decoder::new(Kind::Request).push(bytes)
}

fn refusal(error: &FrameError) -> (Refusal, String) {
    match error.to_answer() {
        Response::Refused { kind, message } => (kind, message),
        other => panic!("not a refusal: {other:?}"),
    }
}

#[test]
fn what_is_encoded_is_decoded() {
    let request = Request::Show { account: "wörk \"1\"".to_owned() };
    let json = decode(&encode_request(&request).unwrap()).unwrap().unwrap();
    assert_eq!(parse_request(&json).unwrap(), request);

    let answer = Response::Pending { url: "https://login.test/?a=b".to_owned() };
    let json = Decoder::new(Kind::Answer).push(&encode_answer(&answer).unwrap()).unwrap().unwrap();
    assert_eq!(parse_answer::<Response>(&json).unwrap(), answer);
}

#[test]
fn a_frame_may_arrive_byte_by_byte_and_split_anywhere() {
    for request in [Request::Status, Request::Restore { dump: vec![7; 2 * MAX_REQUEST].into() }] {
        let bytes = encode_request(&request).unwrap();
        let mut decoder = Decoder::new(Kind::Request);
        let (last, first) = bytes.split_last().unwrap();
        for byte in first {
            assert_eq!(decoder.push(std::slice::from_ref(byte)).unwrap(), None);
        }
        let json = decoder.push(std::slice::from_ref(last)).unwrap().unwrap();
        assert_eq!(parse_request(&json).unwrap(), request);
        for cut in 0..bytes.len().min(80) {
            let mut decoder = Decoder::new(Kind::Request);
            assert_eq!(decoder.push(&bytes[..cut]).unwrap(), None);
            assert!(decoder.push(&bytes[cut..]).unwrap().is_some(), "cut at {cut}");
        }
    }
}

#[test]
fn what_follows_a_frame_is_ignored() {
    let mut bytes = frame(VERSION, b"{}");
    bytes.extend_from_slice(b"more");
    assert_eq!(decode(&bytes).unwrap().unwrap(), b"{}");
}

#[test]
fn an_empty_frame_and_another_version_are_refused_at_once() {
    assert_eq!(decode(&[0, 0, 0, 0]), Err(FrameError::Empty));
    let newer = decode(&head(100, 2)).unwrap_err();
    assert_eq!(newer, FrameError::UnknownVersion(2));
    let (kind, message) = refusal(&newer);
    assert_eq!(kind, Refusal::UnsupportedVersion);
    assert!(message.contains("version 2") && message.contains("only version 1"), "{message}");
}

#[test]
fn only_restore_may_be_long_and_is_told_by_its_first_bytes() {
    let long = MAX_REQUEST + 1;
    let mut restore = head(long, VERSION);
    restore.extend_from_slice(br#"{"request":"restore""#);
    assert_eq!(decode(&restore), Ok(None));

    let mut show = head(long, VERSION);
    show.extend_from_slice(br#"{"request":"show","a"#);
    let error = decode(&show).unwrap_err();
    assert_eq!(error, FrameError::TooLarge { kind: Kind::Request, length: long, limit: MAX_REQUEST });
    let (kind, message) = refusal(&error);
    assert_eq!(kind, Refusal::TooLarge);
    assert!(
        message.contains("65537") && message.contains("65536") && message.contains("16777216"),
        "{message}"
    );

    assert_eq!(decode(&head(MAX_REQUEST, VERSION)), Ok(None), "at the limit nothing has to be proved");
}

#[test]
fn nothing_is_longer_than_16_mib() {
    assert_eq!(decode(&head(MAX_RESTORE, VERSION)), Ok(None));
    for kind in [Kind::Request, Kind::Answer] {
        let error = Decoder::new(kind).push(&head(MAX_RESTORE + 1, VERSION)).unwrap_err();
        assert_eq!(error, FrameError::TooLarge { kind, length: MAX_RESTORE + 1, limit: MAX_RESTORE });
        assert!(Decoder::new(kind).push(&[0xff, 0xff, 0xff, 0xff, VERSION]).is_err());
    }
    let restore = Request::Restore { dump: vec![7; MAX_RESTORE / 4 * 3].into() };
    assert!(matches!(encode_request(&restore), Err(FrameError::TooLarge { limit: MAX_RESTORE, .. })));
    let largest = || Dump::from(vec![7; dump::MAX_BYTES]);
    assert!(encode_request(&Request::Restore { dump: largest() }).is_ok());
    assert!(encode_answer(&Response::Dump { dump: largest() }).is_ok());
    let show = Request::Show { account: "x".repeat(MAX_REQUEST) };
    assert!(matches!(encode_request(&show), Err(FrameError::TooLarge { limit: MAX_REQUEST, .. })));
}

#[test]
fn memory_follows_what_has_arrived_and_not_what_was_promised() {
    let mut decoder = Decoder::new(Kind::Answer);
    decoder.push(&head(MAX_RESTORE, VERSION)).unwrap();
    decoder.push(&[b' '; 3000]).unwrap();
    assert!(decoder.bytes.capacity() <= 2 * (3000 + 5), "{}", decoder.bytes.capacity());
    decoder.push(&vec![b' '; MAX_RESTORE - 3001 - 1]).unwrap();
    assert!(decoder.bytes.capacity() <= MAX_RESTORE + 4, "{}", decoder.bytes.capacity());
}

#[test]
fn garbage_is_refused_with_a_short_reason() {
    let long_name = format!(r#"{{"request":"{}"}}"#, "x".repeat(10_000));
    for garbage in
        ["", "{", "[]", "null", r#"{"request":"brew_coffee"}"#, r#"{"request":"show"}"#, "\u{0}", &long_name]
    {
        let error = parse_request(garbage.as_bytes()).unwrap_err();
        let (kind, message) = refusal(&error);
        assert_eq!(kind, Refusal::BadRequest, "{garbage}");
        assert!(message.len() < 300, "{message}");
    }
    assert!(parse_request(&[0xff, 0xfe]).is_err());
    assert!(parse_request("[".repeat(60_000).as_bytes()).is_err(), "deep nesting is no stack overflow");
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
            bytes.splice(0..0, head((next() % 50) as usize, VERSION));
        }
        match decode(&bytes) {
            Ok(Some(json)) => {
                frames += 1;
                let _ = parse_request(&json);
            }
            Ok(None) => {}
            Err(_) => errors += 1,
        }
    }
    assert!(frames > 100 && errors > 100, "{frames} frames, {errors} errors");
}
