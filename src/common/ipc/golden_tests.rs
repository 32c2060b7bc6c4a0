//! The protocol is public: `tests/ipc` holds every message as it goes over the wire, and nothing may change it.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use super::frame::{Decoder, FrameError, Kind, encode_answer, encode_request, parse_answer, parse_request};
use super::message::{AccountStatus, DaemonInfo, Expired, Refusal, Request, Response, Skipped, State};
use crate::secret::Secret;
use crate::unix_time::UnixTime;

#[test]
fn requests_are_the_golden_ones() {
    let account = || "work".to_owned();
    let requests = [
        Request::Show { account: account() },
        Request::Refresh { account: account() },
        Request::Revoke { account: "名前 \"quoted\"".to_owned() },
        Request::Reload,
        Request::Dump,
        Request::Restore { dump: b"pizauth".to_vec().into() },
        Request::Status,
        Request::Info,
        Request::Shutdown,
    ];
    let files = golden("requests", Kind::Request);
    assert_eq!(requests.len(), files.len());
    for request in &requests {
        check(&files, request.name(), request, encode_request, parse_request);
    }
}

#[test]
fn answers_are_the_golden_ones() {
    let files = golden("answers", Kind::Answer);
    let answers = answers();
    assert_eq!(answers.len(), files.len());
    for (name, answer) in &answers {
        assert!(name.starts_with(answer_name(answer)), "{name} holds {answer:?}");
        check(&files, name, answer, encode_answer, parse_answer::<Response>);
    }
    let held: BTreeSet<_> = answers.iter().map(|(_, answer)| answer_name(answer)).collect();
    assert_eq!(held.len(), 13, "every answer has its file");
}

struct Golden {
    name: String,
    json: Vec<u8>,
    kind: Kind,
}

fn golden(folder: &str, kind: Kind) -> Vec<Golden> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/ipc").join(folder);
    let read = |path: PathBuf| Golden {
        name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
        json: fs::read(&path).unwrap().strip_suffix(b"\n").unwrap().to_vec(),
        kind,
    };
    fs::read_dir(path).unwrap().map(|entry| read(entry.unwrap().path())).collect()
}

fn check<M: PartialEq + std::fmt::Debug>(
    files: &[Golden],
    name: &str,
    message: &M,
    encode: impl Fn(&M) -> Result<Vec<u8>, FrameError>,
    parse: impl Fn(&[u8]) -> Result<M, FrameError>,
) {
    let file =
        files.iter().find(|file| file.name == name).unwrap_or_else(|| panic!("{name}.json is missing"));
    let length = u32::try_from(file.json.len() + 1).unwrap().to_be_bytes();
    let wire = [&length[..], &[1], &file.json].concat();
    let encoded = encode(message).unwrap();
    assert_eq!(String::from_utf8_lossy(&encoded), String::from_utf8_lossy(&wire), "{name}");
    let json = Decoder::new(file.kind).push(&wire).unwrap().unwrap();
    assert_eq!(&parse(&json).unwrap(), message, "{name}");
}

fn answer_name(answer: &Response) -> &'static str {
    match answer {
        Response::AccessToken { .. } => "access_token",
        Response::Pending { .. } => "pending",
        Response::Exchanging => "exchanging",
        Response::Expired(_) => "expired",
        Response::RefreshScheduled => "refresh_scheduled",
        Response::Revoked => "revoked",
        Response::Reloaded { .. } => "reloaded",
        Response::Dump { .. } => "dump",
        Response::Restored { .. } => "restored",
        Response::Status { .. } => "status",
        Response::Info(_) => "info",
        Response::ShuttingDown { .. } => "shutting_down",
        Response::Refused { .. } => "refused",
    }
}

fn answers() -> Vec<(&'static str, Response)> {
    let text = str::to_owned;
    let url = text("https://login.example.org/authorize?client_id=pizauth&state=x");
    let mut answers = vec![
        ("access_token", Response::AccessToken { access_token: Secret::from("ya29.example") }),
        ("pending", Response::Pending { url }),
        ("exchanging", Response::Exchanging),
        ("expired", expired(None, false, 0)),
        ("expired_error", expired(Some("cannot connect"), false, 55)),
        ("expired_attention", expired(Some("the server refused: invalid_client"), true, 3_540)),
        ("refresh_scheduled", Response::RefreshScheduled),
        ("revoked", Response::Revoked),
        ("reloaded", Response::Reloaded { warnings: vec![text("pizauth.conf:1:1: a warning")] }),
        ("dump", Response::Dump { dump: b"pizauth".to_vec().into() }),
        ("restored", restored()),
        ("status", Response::Status { accounts: vec![active(), empty()] }),
        ("info", Response::Info(daemon_info())),
        ("shutting_down", Response::ShuttingDown { wait: true }),
    ];
    answers.extend(refusals());
    answers
}

fn expired(last_error: Option<&str>, needs_attention: bool, refresh_in: u64) -> Response {
    Response::Expired(Expired { last_error: last_error.map(str::to_owned), needs_attention, refresh_in })
}

fn refusals() -> Vec<(&'static str, Response)> {
    let refused = |kind, message: &str| Response::Refused { kind, message: message.to_owned() };
    vec![
        (
            "refused_unknown_account",
            refused(Refusal::UnknownAccount, "the configuration has no account \"wrok\""),
        ),
        ("refused_no_refresh_token", refused(Refusal::NoRefreshToken, "there is no refresh token")),
        ("refused_bad_configuration", refused(Refusal::BadConfiguration, "line one\nline two")),
        ("refused_bad_dump", refused(Refusal::BadDump, "the dump is truncated")),
        ("refused_bad_request", refused(Refusal::BadRequest, "the message cannot be understood")),
        ("refused_unsupported_version", FrameError::UnknownVersion(2).to_answer()),
        ("refused_too_large", too_large().to_answer()),
        ("refused_starting", refused(Refusal::Starting, "startup_cmd has not ended")),
        ("refused_shutting_down", refused(Refusal::ShuttingDown, "pizauthd is stopping")),
        ("refused_internal", refused(Refusal::Internal, "a fault of pizauthd")),
    ]
}

fn too_large() -> FrameError {
    FrameError::TooLarge { kind: Kind::Request, length: 70_000, limit: super::frame::MAX_REQUEST }
}

fn restored() -> Response {
    let skipped = Skipped { account: "old".to_owned(), reason: "its fields differ".to_owned() };
    Response::Restored {
        restored: vec!["work".to_owned()],
        kept: vec!["home".to_owned()],
        skipped: vec![skipped],
    }
}

fn active() -> AccountStatus {
    AccountStatus {
        account: "work".to_owned(),
        state: State::Active,
        obtained: Some(UnixTime(1_700_000_000)),
        expires: Some(UnixTime(1_700_003_600)),
        refreshable: true,
        in_flight: false,
        next_refresh: Some(UnixTime(1_700_003_510)),
        last_refresh: Some(UnixTime(1_700_000_000)),
        last_error: None,
        needs_attention: false,
    }
}

fn empty() -> AccountStatus {
    AccountStatus {
        account: "zuhause".to_owned(),
        state: State::Empty,
        obtained: None,
        expires: None,
        refreshable: false,
        in_flight: false,
        next_refresh: None,
        last_refresh: None,
        last_error: Some("invalid_grant".to_owned()),
        needs_attention: true,
    }
}

fn daemon_info() -> DaemonInfo {
    DaemonInfo {
        version: "0.1.0".to_owned(),
        pid: 4711,
        config_file: "/home/ann/.config/pizauth.conf".to_owned(),
        http_port: Some(14204),
        https_port: None,
        https_public_key: None,
        https_fingerprint: None,
    }
}
