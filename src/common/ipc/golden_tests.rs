//! The protocol is public: `tests/ipc` holds every message as it goes over the wire, and nothing may change it.

mod importing;
mod reports;

use std::fmt::Debug;
use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::frame::{Decoder, FrameError, FrameKind, Message, encode};
use super::message::{
    Answer, Await, Expired, Login, Method, Pending, Refresh, Refusal, Report, Request, Response, Revoke,
    Show, State,
};
use crate::secret::Secret;
use crate::unix_time::UnixTime;
use reports::reports;

/// Where the messages of a kind of frame stand, and the byte that says so in the frame.
const FOLDERS: [(&str, FrameKind, u8); 4] = [
    ("requests", FrameKind::Request, 1),
    ("long_requests", FrameKind::LongRequest, 2),
    ("responses", FrameKind::Response, 3),
    ("reports", FrameKind::Report, 4),
];

#[test]
fn requests_are_the_golden_ones() {
    let plain = requests().into_iter().map(|request| (request.name(), request));
    let requests: Vec<_> = plain.chain(further_requests()).collect();
    check_all(&requests);
    for (name, request) in requests {
        assert!(name.starts_with(request.name()), "{name} holds {request:?}");
    }
}

#[test]
fn answers_are_the_golden_ones() {
    check_all(&answers());
    for (name, answer) in answers() {
        assert!(name.starts_with(answer_name(&answer)), "{name} holds {answer:?}");
    }
}

#[test]
fn every_message_may_have_members_that_nobody_knows() {
    let read =
        |kind, json: &[u8]| (received::<Request>(kind, json).ok(), received::<Answer>(kind, json).ok());
    for (folder, _, kind) in FOLDERS {
        for (name, json) in golden(folder) {
            let mut message: Value = serde_json::from_slice(&json).unwrap();
            message.as_object_mut().unwrap().values_mut().for_each(add_members);
            let with_more = serde_json::to_vec(&message).unwrap();
            assert_eq!(read(kind, &with_more), read(kind, &json), "{folder}/{name}");
            assert_ne!(read(kind, &with_more), (None, None), "{folder}/{name}");
        }
    }
}

/// In front of the others and behind them, in everything that has members.
fn add_members(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(add_members);
            for name in ["a_later_one", "accounts", "zzz"] {
                members.entry(name).or_insert(json!([1, { "a": -2.5e3 }, null, "\u{e9}\n"]));
            }
        }
        Value::Array(list) => list.iter_mut().for_each(add_members),
        _ => {}
    }
}

#[test]
fn a_refusal_of_a_later_release_is_still_a_refusal() {
    let json = br#"{"refused":{"kind":"not_at_this_hour","message":"it is night"}}"#;
    let refused = Response::refused(Refusal::Other, "it is night".to_owned());
    assert_eq!(received::<Response>(3, json), Ok(Some(refused)));
}

/// The golden messages of a folder and their names.
fn golden(folder: &str) -> Vec<(String, Vec<u8>)> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/ipc").join(folder);
    let files = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    let read = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, fs::read(&path).unwrap().strip_suffix(b"\n").unwrap().to_vec())
    };
    files.map(read).collect()
}

fn frame(kind: u8, json: &[u8]) -> Vec<u8> {
    let length = u32::try_from(json.len() + 2).unwrap().to_be_bytes();
    [&length[..], &[1, kind], json].concat()
}

fn received<M: Message>(kind: u8, json: &[u8]) -> Result<Option<M>, FrameError> {
    Decoder::<M>::default().push(&frame(kind, json))
}

/// The messages are those of the folders, byte for byte, and nothing else is there.
fn check_all<M: Message + PartialEq + Debug>(messages: &[(&str, M)]) {
    let mut found = 0;
    for (folder, kind, byte) in FOLDERS.into_iter().filter(|(_, kind, _)| M::KINDS.contains(kind)) {
        for (name, json) in golden(folder) {
            found += 1;
            let known = messages.iter().find(|(known, message)| *known == name && message.kind() == kind);
            let (_, message) = known.unwrap_or_else(|| panic!("{folder}/{name} is of no message"));
            let encoded = encode(message).unwrap();
            let wire = frame(byte, &json);
            assert_eq!(String::from_utf8_lossy(&encoded), String::from_utf8_lossy(&wire), "{name}");
            assert_eq!(received::<M>(byte, &json).unwrap().as_ref(), Some(message), "{name}");
        }
    }
    assert_eq!(found, messages.len(), "a message has no file");
}

fn requests() -> Vec<Request> {
    let account = || "work".to_owned();
    vec![
        Request::Show(Show::of(account())),
        Request::Refresh(Refresh { account: account(), ..Refresh::default() }),
        Request::Login(Login { account: account(), method: None }),
        Request::Await(seen(Some("https://login.example.org/authorize?client_id=pizauth&state=x"))),
        Request::Redirect { account: account(), url: "http://localhost:14204/?code=c0de&state=x".into() },
        Request::Revoke(Revoke { account: "名前 \"quoted\"".to_owned(), remote: false }),
        Request::Reload {},
        Request::Dump {},
        Request::Restore { dump: b"pizauth".to_vec().into() },
        importing::import_one(),
        Request::Status {},
        Request::Info {},
        Request::Shutdown {},
    ]
}

/// A caller has seen that the account is pending.
fn seen(url: Option<&str>) -> Await {
    let url = url.map(str::to_owned);
    let (account, state) = ("work".to_owned(), State::Pending);
    Await { account, wait: 600, state, url, user_code: None, last_error: None }
}

fn further_requests() -> [(&'static str, Request); 8] {
    let on_device =
        Await { user_code: Some("BDWD-HQPK".to_owned()), ..seen(Some("https://example.org/device")) };
    let error = Some("cannot connect".to_owned());
    let exchanging = Await { state: State::Exchanging, wait: 30, last_error: error, ..seen(None) };
    let account = || "work".to_owned();
    [
        ("show_waiting", Request::Show(Show { account: account(), wait: 30, min_valid: 600, format: None })),
        ("show_format", Request::Show(Show { format: Some("xoauth2".to_owned()), ..Show::of(account()) })),
        ("login_device", Request::Login(Login { account: account(), method: Some(Method::Device) })),
        ("await_device", Request::Await(on_device)),
        ("await_exchange", Request::Await(exchanging)),
        ("import_one_of_several", importing::import_one_of_several()),
        ("revoke_remote", Request::Revoke(Revoke { account: account(), remote: true })),
        ("refresh_waiting", Request::Refresh(Refresh { account: account(), wait: 30 })),
    ]
}

fn answer_name(answer: &Answer) -> &'static str {
    match answer {
        Answer::Response(response) => match response {
            Response::AccessToken { .. } => "access_token",
            Response::Output { .. } => "output",
            Response::Pending(_) => "pending",
            Response::Starting { .. } => "starting",
            Response::Exchanging { .. } => "exchanging",
            Response::Expired(_) => "expired",
            Response::Fetching(_) => "fetching",
            Response::RefreshScheduled { .. } => "refresh_scheduled",
            Response::Refreshed { .. } => "refreshed",
            Response::Revoked { .. } => "revoked",
            Response::Refused { .. } => "refused",
        },
        Answer::Report(report) => match report {
            Report::SignedIn(_) => "signed_in",
            Report::Failed { .. } => "failed",
            Report::Reloaded { .. } => "reloaded",
            Report::Dump { .. } => "dump",
            Report::Restored { .. } => "restored",
            Report::Imported(_) => "imported",
            Report::Status { .. } => "status",
            Report::Info(_) => "info",
            Report::ShuttingDown { .. } => "shutting_down",
        },
    }
}

fn answers() -> Vec<(&'static str, Answer)> {
    let responses = responses().into_iter().map(|(name, response)| (name, response.into()));
    responses.chain(refusals()).chain(reports()).collect()
}

fn responses() -> Vec<(&'static str, Response)> {
    let url = "https://login.example.org/authorize?client_id=pizauth&state=x".to_owned();
    vec![
        ("access_token", Response::AccessToken { access_token: Secret::from("ya29.example") }),
        ("output", Response::Output { text: Secret::from("Bearer ya29.example") }),
        ("pending", Response::Pending(pending(&url))),
        ("pending_browser", Response::Pending(Pending { method: Some(Method::Browser), ..pending(&url) })),
        (
            "pending_hindered",
            Response::Pending(Pending { listener_error: Some("cannot listen".to_owned()), ..pending(&url) }),
        ),
        ("pending_more", Response::Pending(Pending { more: true, ..pending(&url) })),
        ("pending_device", Response::Pending(on_device())),
        ("starting", Response::Starting { host: "login.example.org".to_owned() }),
        ("exchanging", Response::Exchanging { last_error: None }),
        ("expired", expired(None, false, 0)),
        ("expired_error", expired(Some("cannot connect"), false, 55)),
        ("expired_attention", expired(Some("the server refused: invalid_client"), true, 3_540)),
        ("fetching", fetching(None, false, 0)),
        ("fetching_error", fetching(Some("cannot connect"), false, 12)),
        ("fetching_attention", fetching(Some("the server refused: invalid_client"), true, 3_540)),
        ("refresh_scheduled", Response::RefreshScheduled { refresh_in: 0 }),
        ("refreshed", Response::Refreshed { expires: Some(UnixTime(1_700_003_600)) }),
        ("revoked", Response::Revoked { remote: None }),
        ("revoked_remote", Response::Revoked { remote: Some("oauth2.googleapis.com".to_owned()) }),
    ]
}

fn pending(url: &str) -> Pending {
    Pending::at(url.to_owned())
}

fn on_device() -> Pending {
    Pending {
        method: Some(Method::Device),
        user_code: Some("BDWD-HQPK".to_owned()),
        verification_uri: Some("https://example.org/device".to_owned()),
        expires: Some(UnixTime(1_700_000_900)),
        ..pending("https://example.org/device?user_code=BDWD-HQPK")
    }
}

fn expired(last_error: Option<&str>, needs_attention: bool, refresh_in: u64) -> Response {
    Response::Expired(Expired { last_error: last_error.map(str::to_owned), needs_attention, refresh_in })
}

fn fetching(last_error: Option<&str>, needs_attention: bool, refresh_in: u64) -> Response {
    Response::Fetching(Expired { last_error: last_error.map(str::to_owned), needs_attention, refresh_in })
}

fn refusals() -> Vec<(&'static str, Answer)> {
    let refused = |kind, message: &str| Response::refused(kind, message.to_owned()).into();
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
        ("refused_no_code_yet", refused(Refusal::NoCodeYet, "the sign-in was declined")),
        ("refused_starting", refused(Refusal::Starting, "startup_cmd has not ended")),
        ("refused_restricted", refused(Refusal::Restricted, "this socket only shows tokens")),
        ("refused_denied", refused(Refusal::Denied, "the configuration gives dumps to hooks only")),
        ("refused_already_active", refused(Refusal::AlreadyActive, "work is signed in already")),
        ("refused_client_mismatch", refused(Refusal::ClientMismatch, "the token belongs to another client")),
        ("refused_ambiguous", refused(Refusal::Ambiguous, "several refresh tokens fit")),
        ("refused_not_valid_long_enough", not_valid_long_enough()),
        ("refused_no_user", refused(Refusal::NoUser, "work has no user: add user = \"me@example.org\"")),
        ("refused_no_method", refused(Refusal::NoMethod, "account \"work\" has no device_auth_uri")),
        ("refused_bad_redirect", refused(Refusal::BadRedirect, "the address has no state parameter")),
        ("refused_bad_format", refused(Refusal::BadFormat, "unknown format \"sasl\"")),
        ("refused_busy", refused(Refusal::Busy, "too many callers wait already")),
        ("refused_not_revoked", refused(Refusal::NotRevoked, "not revoked: http status 503")),
        ("refused_no_revocation", refused(Refusal::NoRevocation, "Microsoft has no revocation endpoint")),
        ("refused_ended", refused(Refusal::Ended, "the session has ended")),
        ("refused_timed_out", refused(Refusal::TimedOut, "no access token within 30 s")),
        ("refused_shutting_down", refused(Refusal::ShuttingDown, "pizauthd is stopping")),
        ("refused_internal", refused(Refusal::Internal, "a fault of pizauthd")),
    ]
}

fn not_valid_long_enough() -> Answer {
    let message = "the access token is valid for 4 min more".to_owned();
    Response::Refused { kind: Refusal::NotValidLongEnough, message, valid_for: Some(240) }.into()
}

fn too_large() -> FrameError {
    FrameError::TooLarge { kind: FrameKind::Request, length: 70_000 }
}
