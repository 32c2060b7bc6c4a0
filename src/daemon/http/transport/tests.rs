use std::io::Read as _;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{TryRecvError, channel};
use std::time::Duration;
use std::{fs, thread};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pizauth_common::secret::Secret;
use pizauth_core::http::Lost;
use rustls::pki_types::PrivateKeyDer;

use super::*;
use crate::http::NotSigned;

mod bodies;
mod limits;
mod proxies;
mod signatures;
mod unreachable;

const LONG: Duration = Duration::from_secs(20);

/// Patient where a test waits for something that comes, impatient where it waits for something that must not.
fn limits() -> RequestLimits {
    RequestLimits { total: LONG, ..RequestLimits::default() }
}

fn impatient() -> RequestLimits {
    RequestLimits { total: Duration::from_secs(2), grace: LONG, ..RequestLimits::default() }
}

const FORM: &str = "grant_type=refresh_token&refresh_token=hunter2";

fn post(uri: &str) -> Request {
    let headers = vec![("Content-Type", Secret::from("application/x-www-form-urlencoded"))];
    Request { method: Method::Post, uri: uri.to_owned(), headers, body: Secret::from(FORM), assertion: None }
}

/// Nothing is to be signed.
fn as_it_is(request: &Request) -> Result<Signed, NotSigned> {
    Ok(Signed { body: request.body.clone(), added: None })
}

fn perform(uri: &str, limits: RequestLimits) -> Result<Answer, Lost> {
    perform_with(uri, limits, &[])
}

/// With these environment variables.
fn perform_with(uri: &str, limits: RequestLimits, variables: &[(&str, &str)]) -> Result<Answer, Lost> {
    perform_request(&post(uri), limits, variables)
}

fn perform_request(
    request: &Request,
    limits: RequestLimits,
    variables: &[(&str, &str)],
) -> Result<Answer, Lost> {
    let variable =
        |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value));
    let attempt = Attempt::default();
    Transport::new(limits, as_it_is, variable)
        .perform(request, &attempt)
        .map_err(|failure| attempt.lost(&failure))
}

/// A server that serves each connection with `serve` until the test ends.
fn server(serve: impl Fn(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || listener.incoming().flatten().for_each(serve));
    format!("http://{address}/token/?a=b")
}

fn read_head(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    let mut byte = [0];
    while !text.ends_with("\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
        text.push(char::from(byte[0]));
    }
    text
}

/// Reads one request whole, by its Content-Length.
fn read_request(stream: &mut TcpStream) -> String {
    let text = read_head(stream);
    let length = text.to_ascii_lowercase();
    let length =
        length.split("content-length: ").nth(1).unwrap().split('\r').next().unwrap().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    text + &String::from_utf8(body).unwrap()
}

/// A server that answers every request with these bytes and closes.
fn answering(bytes: impl Into<Vec<u8>>) -> String {
    let bytes = bytes.into();
    server(move |mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(&bytes);
    })
}

#[track_caller]
fn body(result: Result<Answer, Lost>) -> String {
    String::from_utf8(result.unwrap().body.to_vec()).unwrap()
}

#[track_caller]
fn lost(result: Result<Answer, Lost>) -> (String, bool) {
    let Lost { sent, why, .. } = result.unwrap_err();
    assert!(!why.contains("hunter2"), "{why}");
    (why, sent)
}

/// The lines of a head in an order of ours, and what comes after it.
fn parts(text: &str) -> (Vec<String>, String) {
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<_> = head.lines().map(str::to_owned).collect();
    lines[1..].iter_mut().for_each(|line| line.make_ascii_lowercase());
    lines[1..].sort_unstable();
    (lines, body.to_owned())
}

#[test]
fn a_post_is_what_was_asked_for_and_its_answer_comes_back_as_it_is() {
    let (sent, received) = channel();
    let uri = server(move |mut stream| {
        sent.send(read_request(&mut stream)).unwrap();
        let head = "HTTP/1.1 429 Later\r\nContent-Type: text/x-words\r\nRetry-After: 7\r\nDate: today\r\n";
        write!(stream, "{head}Content-Length: 8\r\n\r\nas it is").unwrap();
    });
    let answer = perform(&uri, limits()).unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (429, b"as it is".as_slice()));
    assert_eq!(answer.content_type.as_deref(), Some("text/x-words"));
    assert_eq!((answer.retry_after.as_deref(), answer.date.as_deref()), (Some("7"), Some("today")));
    let (head, form) = parts(&received.recv().unwrap());
    let host = format!("host: {}", &uri["http://".len()..uri.len() - "/token/?a=b".len()]);
    let length = format!("content-length: {}", FORM.len());
    let expected = [
        "POST /token/?a=b HTTP/1.1",
        "accept-encoding: gzip",
        "accept: */*",
        "connection: close",
        &length,
        "content-type: application/x-www-form-urlencoded",
        &host,
        concat!("user-agent: pizauth/", env!("CARGO_PKG_VERSION")),
    ];
    assert_eq!(head, expected, "these and no others");
    assert_eq!(form, FORM);
}

#[test]
fn a_get_has_no_body_and_counts_as_sent() {
    let (sent, received) = channel();
    let uri = server(move |mut stream| sent.send(read_head(&mut stream)).unwrap());
    let headers =
        vec![("Accept", Secret::from("text/plain")), ("Authorization", Secret::from("Bearer hunter2"))];
    let get = Request { method: Method::Get, uri, headers, body: Secret::from(""), assertion: None };
    let (_, has_been_sent) = lost(perform_request(&get, limits(), &[]));
    assert!(has_been_sent);
    let (head, _) = parts(&received.recv().unwrap());
    assert_eq!(head[0], "GET /token/?a=b HTTP/1.1");
    assert!(head.contains(&"accept: text/plain".to_owned()), "{head:?}");
    assert!(head.contains(&"authorization: bearer hunter2".to_owned()), "{head:?}");
    assert!(
        !head.iter().any(|line| line.starts_with("content-") || line.starts_with("transfer-")),
        "{head:?}"
    );
}

#[test]
fn what_was_given_up_is_not_sent_any_more() {
    let (visit, visits) = channel();
    let uri = server(move |mut stream| {
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        visit.send(text).unwrap();
    });
    let attempt = Attempt::default();
    let late = attempt.give_up(&Failure::Late { limit: LONG });
    let failure = Transport::new(limits(), as_it_is, |_| None).perform(&post(&uri), &attempt).unwrap_err();
    assert!(!late.sent && !attempt.lost(&failure).sent, "{failure}");
    assert!(!visits.recv().unwrap().contains("hunter2"));
}

#[test]
fn a_header_that_cannot_be_sent_is_an_error_without_its_text() {
    let mut request = post("http://127.0.0.1:9/");
    request.headers.push(("Authorization", Secret::from("hunter2\r\nX: y")));
    let (why, sent) = lost(perform_request(&request, limits(), &[]));
    assert!(why.contains("header") && !sent, "{why}");
}

#[test]
fn an_answer_before_the_answer_is_none() {
    let uri = answering(
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    );
    let (why, sent) = lost(perform(&uri, limits()));
    assert!(why.contains("http status 103 came before the answer") && sent, "{why}");
}

#[test]
fn a_form_is_sent_once_whatever_becomes_of_it() {
    let (visit, visits) = channel();
    for answer in ["", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "HTTP/1.1 503 Busy\r\n\r\n"] {
        let visit = visit.clone();
        let uri = server(move |mut stream| {
            visit.send(read_request(&mut stream)).unwrap();
            let _ = stream.write_all(answer.as_bytes());
        });
        let result = perform(&uri, limits());
        assert!(result.map_or_else(|lost| lost.sent, |answer| answer.status == 503));
        assert!(visits.recv().is_ok());
        assert_eq!(visits.try_recv(), Err(TryRecvError::Empty), "{answer:?}");
    }
}

#[test]
fn a_redirect_is_not_followed() {
    let (visit, visits) = channel();
    let elsewhere = server(move |_stream| visit.send(()).unwrap());
    for status in [301, 302, 303, 307, 308] {
        let uri = answering(format!("HTTP/1.1 {status} Moved\r\nLocation: {elsewhere}\r\n\r\n"));
        assert_eq!(perform(&uri, limits()).unwrap().status, status);
    }
    assert_eq!(visits.try_recv(), Err(TryRecvError::Empty));
}

/// Serves `answer` over TLS with a certificate for 127.0.0.1, and writes that to `ca_file`.
fn tls_server(ca_file: &Path, answer: &str) -> String {
    tls_server_with_end(ca_file, answer, true)
}

/// One that may break off instead of saying that this was all.
fn tls_server_with_end(ca_file: &Path, answer: &str, has_end: bool) -> String {
    let answer = answer.to_owned();
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let text = STANDARD.encode(made.cert.der());
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"));
    fs::write(ca_file, pem).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder().with_no_client_auth();
    let config = Arc::new(config.with_single_cert(vec![made.cert.der().clone()], key).unwrap());
    let uri = server(move |mut stream| {
        let mut session = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut tls = rustls::Stream::new(&mut session, &mut stream);
        let mut head = [0; 4096];
        if tls.read(&mut head).is_ok() {
            let _ = tls.write_all(answer.as_bytes());
            if has_end {
                tls.conn.send_close_notify();
            }
            let _ = tls.flush();
            // What is closed before all has been read is reset.
            let _ = stream.shutdown(Shutdown::Write);
            let _ = stream.read_to_end(&mut Vec::new());
        }
    });
    uri.replace("http:", "https:")
}

#[test]
fn tls_trusts_what_ssl_cert_file_names_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let ours = folder.path().join("ours.pem");
    let theirs = folder.path().join("theirs.pem");
    let uri = tls_server(&ours, "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"access_token\":\"a\"}");
    tls_server(&theirs, "");
    let with = |file: &Path| perform_with(&uri, limits(), &[("SSL_CERT_FILE", file.to_str().unwrap())]);
    assert_eq!(body(with(&ours)), "{\"access_token\":\"a\"}");
    let (why, sent) = lost(with(&theirs));
    assert!(why.contains("certificate") && !sent, "{why}");
    let (why, sent) = lost(with(&folder.path().join("missing.pem")));
    assert!(why.contains("cannot use SSL_CERT_FILE=") && !sent, "{why}");
}
