//! What each fuzz target does with its bytes, and what must hold whatever they are. The replay of the
//! committed corpus in `tests/it` calls the same functions.

use std::fmt::Debug;
use std::sync::LazyLock;

use chacha20poly1305::aead::{AeadInPlace, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use pizauth_client::import;
use pizauth_common::config::{self, Account, Config, KeyAlgorithm, Scheme};
use pizauth_common::ipc::frame::{Decoder, FrameError, Message, VERSION, encode};
use pizauth_common::ipc::message::{self, Request, Response};
use pizauth_common::secret::Secret;
use pizauth_core::http::Answer;
use pizauth_core::oauth::client_auth::Client;
use pizauth_core::oauth::device_poll::{DevicePoll, Polled};
use pizauth_core::oauth::device_request::DeviceRequest;
use pizauth_core::oauth::metadata::{Found, Metadata, MetadataRequest};
use pizauth_core::oauth::outcome::{Outcome, Reason};
use pizauth_core::oauth::redirect::AuthorizationResponse;
use pizauth_core::oauth::registration::{NewClientAuth, Registered, RegistrationRequest};
use pizauth_core::oauth::revocation::{RevocationRequest, Revoked, TokenKind};
use pizauth_core::oauth::served::Served;
use pizauth_core::oauth::token_request::TokenRequest;
use pizauth_core::snapshot::Snapshot;
use pizauth_daemon::head;
use pizauth_daemon::key_file::{KeyFault, KeyFile};
use zeroize::Zeroizing;

/// A configuration file, good or bad. What is said about it goes to a terminal and to the log.
pub fn configuration(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let (secrets, report) = match config::parse(text, "pizauth.conf") {
        Ok(checked) => (secrets(&checked.config), checked.warnings),
        Err(report) => (Vec::new(), report),
    };
    assert!(report.lines().len() <= 51, "at most 50 diagnostics and the number of the others");
    assert!(report.lines().iter().all(|line| !line.contains(char::is_control)));
    let said = report.to_string();
    assert!(said.chars().all(|c| c == '\n' || !c.is_control()), "nothing that drives a terminal: {said:?}");
    for secret in secrets.iter().filter(|secret| secret.expose().contains(MARKER)) {
        let is_elsewhere = text.matches(MARKER).count() > secret.expose().matches(MARKER).count();
        assert!(is_elsewhere || !said.contains(MARKER), "a secret is shown: {said}");
    }
}

/// Stands in the seeds as the value of a `client_secret`, and is no word of a diagnostic.
const MARKER: &str = "hunter2";

fn secrets(config: &Config) -> Vec<Secret> {
    config.accounts.iter().filter_map(|account| account.client_auth.secret().cloned()).collect()
}

/// A file with a private key. What is said of one that does not sign goes to a terminal and to the log; one that is taken
/// signs, in the one way that its kind has or in each of the two. Of an RSA key only signing shows whether its numbers fit.
pub fn key_file(data: &[u8]) {
    let key = match KeyFile::parse(data) {
        Ok(key) => key,
        Err(fault) => return assert!(!fault.to_string().contains(char::is_control)),
    };
    let is_rsa = key.algorithm(Some(KeyAlgorithm::Es256), false).is_err();
    for (has_certificate, of_rsa) in [(false, KeyAlgorithm::Rs256), (true, KeyAlgorithm::Ps256)] {
        let expected = if is_rsa { of_rsa } else { KeyAlgorithm::Es256 };
        assert_eq!(key.algorithm(None, has_certificate), Ok(expected));
        match key.sign(expected, data) {
            Ok(signature) if is_rsa => assert!((256..=512).contains(&signature.len())),
            Ok(signature) => assert_eq!(signature.len(), 64),
            Err(fault) => assert!(is_rsa && fault == KeyFault::Signing, "{fault}"),
        }
    }
    // A service account's name may be anything, these words included.
    let is_elsewhere = String::from_utf8_lossy(data).matches("PRIVATE").count() > 2;
    let shown = format!("{key:?}");
    assert!(is_elsewhere || !shown.contains("PRIVATE"), "{shown}");
}

/// A dump. The first byte chooses: as it is, or the content of our format or of upstream's, sealed here
/// because no fuzzer guesses an integrity check.
pub fn dump(data: &[u8]) {
    let Some((kind, data)) = data.split_first() else { return };
    let dump = match kind % 3 {
        0 => data.to_vec(),
        1 => ours(data),
        _ => sealed(UPSTREAM_KEY, b"", data),
    };
    if let Ok(snapshot) = Snapshot::decode(&dump) {
        let again = Snapshot::decode(&snapshot.encode(&mut |nonce| nonce.fill(7)));
        assert_eq!(again.as_ref(), Ok(&snapshot), "a dump that is taken can be dumped again");
    }
}

const OUR_KEY: [u8; 32] = *b"pizauth dump: obscured, not safe";
const UPSTREAM_KEY: [u8; 32] = [
    0x66, 0xa2, 0x47, 0xa8, 0x5e, 0x48, 0xcf, 0xec, 0xaa, 0xed, 0x9b, 0x36, 0xeb, 0xa9, 0x7d, 0x53, 0x50,
    0xd4, 0x28, 0x63, 0x75, 0x09, 0x7a, 0x44, 0xee, 0xff, 0xb9, 0xc4, 0x54, 0x6b, 0x65, 0xa3,
];

fn ours(json: &[u8]) -> Vec<u8> {
    let mut header = b"\x8ePIZ\r\n\x1a\n\x01".to_vec();
    header.extend((json.len() as u64 + 16).to_le_bytes());
    [header.clone(), sealed(OUR_KEY, &header, json)].concat()
}

fn sealed(key: [u8; 32], associated: &[u8], plain: &[u8]) -> Vec<u8> {
    let (nonce, mut body) = ([7; 12], plain.to_vec());
    let tag = ChaCha20Poly1305::new(Key::from_slice(&key))
        .encrypt_in_place_detached(Nonce::from_slice(&nonce), associated, &mut body)
        .unwrap();
    [&nonce[..], &body, &tag].concat()
}

/// A frame and what it carries. The first byte chooses who reads it and in what pieces the bytes arrive, which must
/// make no difference.
pub fn frame(data: &[u8]) {
    let Some((how, data)) = data.split_first() else { return };
    let piece = usize::from(how >> 1) + 1;
    if how & 1 == 0 {
        in_pieces::<Request>(data, piece);
    } else {
        in_pieces::<message::Answer>(data, piece);
        in_pieces::<Response>(data, piece);
    }
}

fn in_pieces<M: Message + PartialEq + Debug>(data: &[u8], piece: usize) {
    let whole = received::<M>(data, data.len().max(1));
    assert_eq!(whole, received(data, piece), "in pieces as at once");
    if let Ok(Some(message)) = whole {
        let frame = encode(&message).expect("what has come can be sent");
        assert_eq!(received(&frame, frame.len()), Ok(Some(message)));
    }
}

fn received<M: Message>(data: &[u8], piece: usize) -> Result<Option<M>, FrameError> {
    let mut decoder = Decoder::default();
    for (index, piece) in data.chunks(piece).enumerate() {
        let message = decoder.push(piece)?;
        let held = decoder.memory();
        assert!(held <= 512.max(2 * data.len()), "{held} bytes for {}, piece {index}", data.len());
        if message.is_some() {
            return Ok(message);
        }
    }
    Ok(None)
}

/// The JSON of a request or an answer, in each kind of frame.
pub fn message(data: &[u8]) {
    let Ok(length) = u32::try_from(data.len() + 2) else { return };
    for kind in 1..=4 {
        let wire = [&length.to_be_bytes()[..], &[VERSION, kind], data].concat();
        in_pieces::<Request>(&wire, wire.len());
        in_pieces::<message::Answer>(&wire, wire.len());
    }
}

/// The head of a browser's request. The first byte says how much of it arrives first.
pub fn redirect_head(data: &[u8]) {
    let Some((first, data)) = data.split_first() else { return };
    let parse = |bytes| head::parse(bytes, Scheme::Http, 80);
    let all = parse(data);
    match parse(&data[..data.len() * usize::from(*first) / 255]) {
        Ok(None) => {}
        decided => assert_eq!(decided, all, "what has been decided stays, whatever follows"),
    }
    if let Ok(Some(request)) = all {
        assert!(request.path.starts_with('/') && request.path.is_ascii() && !request.path.contains('?'));
        callback(request.query.expose().as_bytes());
    }
}

/// The query of an authorization response.
pub fn callback(data: &[u8]) {
    let Ok(query) = str::from_utf8(data) else { return };
    if let Ok(AuthorizationResponse::Code { code, .. }) = AuthorizationResponse::parse(query) {
        assert!(is_printable(code.expose()), "a code is printable ASCII");
    }
}

/// The client of an account that has no secret, and whose endpoints are written.
fn client(account: &Account) -> Client<'_> {
    let served = Served::new(account, None).expect("nothing is to be asked for");
    Client::of(served, None).expect("it has no secret")
}

/// The answer to a token request: a status, headers up to an empty line, a body. The same bytes are one to a revocation.
pub fn token_answer(data: &[u8]) {
    static ACCOUNT: LazyLock<Account> = LazyLock::new(|| {
        let text = "account \"a\" { auth_uri = \"http://127.0.0.1/\"; token_uri = \"http://127.0.0.1/token\"; \
                    client_id = \"c\"; scopes = [\"mail\"]; }";
        config::parse(text, "").expect("a good configuration").config.accounts.remove(0)
    });
    let answer = http_answer(data);
    let client = client(&ACCOUNT);
    let secret = Secret::from("a-secret");
    for request in [
        TokenRequest::exchange(client, &secret, &secret, "http://127.0.0.1/"),
        TokenRequest::refresh(client, &secret),
    ] {
        check_outcome(&request.outcome(Ok(answer.clone())));
    }
    let (uri, kind) = (ACCOUNT.token_uri.anchor(), TokenKind::RefreshToken);
    match RevocationRequest::new(client, uri, kind, &secret).outcome(Ok(answer)) {
        Revoked::Done => {}
        Revoked::OtherKindsOnly(reason) | Revoked::NotDone(reason) => {
            check_reason(&reason);
            assert!(!reason.as_str().contains("a-secret"), "{reason}");
        }
    }
}

/// The answer of a device authorization endpoint, and the same bytes as the answer to a poll.
pub fn device_answer(data: &[u8]) {
    let answer = http_answer(data);
    static ACCOUNT: LazyLock<Account> = LazyLock::new(|| {
        let text = "account \"a\" { grant = \"device_code\"; device_auth_uri = \"http://127.0.0.1/device\"; \
                    token_uri = \"http://127.0.0.1/token\"; client_id = \"c\"; scopes = [\"mail\"]; }";
        config::parse(text, "").expect("a good configuration").config.accounts.remove(0)
    });
    let client = client(&ACCOUNT);
    let request = DeviceRequest::new(client).expect("its grant");
    match request.outcome(Ok(answer.clone())) {
        Err(reason) => check_reason(&reason),
        Ok(given) => {
            let code = given.device_code.expose();
            assert!(is_printable(code) && (1..=4096).contains(&code.len()));
            assert!(is_printable(&given.user_code) && (1..=64).contains(&given.user_code.len()));
            assert!((60..=3600).contains(&given.lifetime.as_secs()));
            assert!(given.interval.as_secs() >= 5 && given.interval <= given.lifetime);
            let url = given.url();
            assert!(url.bytes().all(|byte| byte.is_ascii_graphic()) && url.len() <= 4096);
            assert!(url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https")));
        }
    }
    let lifetime = std::time::Duration::from_secs(900);
    let device_code = "a-device-code";
    let poll = DevicePoll::new(client, &Secret::from(device_code), "ABCD-EFGH", lifetime);
    match poll.outcome(Ok(answer)) {
        Polled::Issued(issued) => check_outcome(&Outcome::Issued(issued)),
        Polled::Failed(reason) | Polled::NoVerdict { reason, .. } => {
            check_reason(&reason);
            let is_told = [reason.as_str(), reason.logged()].iter().any(|text| text.contains(device_code));
            assert!(!is_told && !reason.logged().contains("ABCD-EFGH"), "{reason}");
        }
        Polled::SlowDown(interval) => assert!(interval.is_none_or(|interval| interval <= lifetime)),
        Polled::Pending => {}
    }
}

/// What an issuer says of itself, at both places.
pub fn metadata(data: &[u8]) {
    let answer = http_answer(data);
    let issuer = config::Uri::parse("https://as.example".to_owned()).expect("a URI");
    let first = MetadataRequest::new(issuer);
    for request in [first.elsewhere().expect("a second place"), first] {
        match request.outcome(Ok(answer.clone())) {
            Found::NotHere(reason) | Found::Unusable(reason) | Found::Transient { reason, .. } => {
                check_reason(&reason);
            }
            Found::Metadata(metadata) => {
                let endpoints = [
                    &metadata.authorization_endpoint,
                    &metadata.token_endpoint,
                    &metadata.device_authorization_endpoint,
                    &metadata.revocation_endpoint,
                    &metadata.registration_endpoint,
                ];
                for uri in endpoints.into_iter().flatten() {
                    assert!(uri.scheme() == Scheme::Https && uri.written().len() <= 4096, "{uri:?}");
                    assert!(
                        uri.written().bytes().all(|byte| byte.is_ascii_graphic()) && !uri.host().is_empty()
                    );
                }
                assert!(metadata.scopes.len() <= 100);
                for scope in &metadata.scopes {
                    assert!(
                        (1..=256).contains(&scope.len()) && scope.bytes().all(|byte| byte.is_ascii_graphic())
                    );
                }
            }
        }
    }
}

/// The answer of a client registration endpoint.
pub fn registration(data: &[u8]) {
    let endpoint = config::Uri::parse("https://as.example/register".to_owned()).expect("a URI");
    let server = Metadata { registration_endpoint: Some(endpoint), ..Metadata::default() };
    let request = RegistrationRequest::new(&server, "mail").expect("it registers");
    match request.outcome(Ok(http_answer(data))) {
        Registered::Refused(reason) | Registered::Unusable(reason) | Registered::Transient(reason) => {
            check_reason(&reason);
            assert!(!gives_marker(data) || !reason.as_str().contains(MARKER), "{reason}");
        }
        Registered::Client(client) => {
            assert!(is_printable(&client.client_id) && (1..=1024).contains(&client.client_id.len()));
            assert!(client.scope.is_none_or(|scope| is_printable(&scope) && scope.len() <= 4096));
            if let NewClientAuth::Post(given) | NewClientAuth::Basic(given) = client.auth {
                let secret = given.secret.expose();
                assert!(is_printable(secret) && (1..=4096).contains(&secret.len()));
            }
        }
    }
}

/// Whether the answer names a secret of the client's, once, and that is the marker.
fn gives_marker(data: &[u8]) -> bool {
    const NAME: &str = "client_secret";
    let names = data.windows(NAME.len()).filter(|window| *window == NAME.as_bytes()).count();
    let body = data.windows(4).position(|window| window == b"\r\n\r\n").map(|end| &data[end + 4..]);
    let members = body.and_then(|body| serde_json::from_slice::<serde_json::Value>(body).ok());
    names == 1 && members.is_some_and(|members| members[NAME] == MARKER)
}

fn http_answer(data: &[u8]) -> Answer {
    let end = data.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(data.len());
    let (head, rest) = data.split_at(end);
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).unwrap_or(200);
    let headers: Vec<_> = lines.filter_map(|line| line.split_once(": ")).collect();
    let value = |wanted: &str| {
        headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.to_string())
    };
    Answer {
        status,
        content_type: value("content-type"),
        retry_after: value("retry-after"),
        date: value("date"),
        signed: None,
        body: Zeroizing::new(rest.get(4..).unwrap_or_default().to_vec()),
    }
}

fn check_outcome(outcome: &Outcome) {
    match outcome {
        Outcome::Issued(issued) => {
            let token = issued.access_token.expose();
            assert!(is_printable(token) && (1..=64 << 10).contains(&token.len()));
            assert!(issued.lifetime.as_secs() <= 10 * 366 * 86_400);
        }
        Outcome::Ended(reason)
        | Outcome::NeedsAttention(reason)
        | Outcome::RefusedVaguely(reason)
        | Outcome::RefusedSilently(reason)
        | Outcome::Transient { reason, .. } => {
            check_reason(reason);
        }
    }
}

fn check_reason(reason: &Reason) {
    for text in [reason.as_str(), reason.logged()] {
        assert!(text.len() <= 4096 && !text.contains(char::is_control));
    }
}

fn is_printable(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// What another program has written. What is said about it goes to a terminal.
pub fn import(data: &[u8]) {
    match import::recognise(data) {
        Ok(found) => {
            assert!((1..=message::MAX_CANDIDATES).contains(&found.candidates.len()));
            for candidate in &found.candidates {
                let token = candidate.refresh_token.expose();
                assert!(is_printable(token) && (1..=64 << 10).contains(&token.len()));
            }
            let comments = found.facts.as_comments();
            assert!(comments.lines().all(|line| line.starts_with("// ") && is_showable(line)), "{comments}");
            // What is written down can be read again, and is the same.
            assert_eq!(import::recognise(&[b" \n", data, b"\r\n"].concat()), Ok(found));
        }
        Err(why) => {
            let told = why.told("work").to_string();
            assert!(told.len() <= 1024 && is_showable(&told), "{told}");
            let is_of_data = data.windows(MARKER.len()).any(|window| window == MARKER.as_bytes());
            assert!(!is_of_data || !told.contains(MARKER), "{told}");
        }
    }
}

fn is_showable(text: &str) -> bool {
    !text.contains(char::is_control)
}
