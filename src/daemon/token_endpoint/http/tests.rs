use std::io::Read as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{TryRecvError, channel};
use std::time::Duration;
use std::{fs, thread};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::PrivateKeyDer;

use super::*;
use crate::oauth::testing;
use crate::oauth::token_answer::golden;

const LONG: Duration = Duration::from_secs(20);

/// Patient where a test waits for something that comes, impatient where it waits for something that must not.
fn limits() -> Limits {
    Limits { total: LONG, ..Limits::default() }
}

fn impatient() -> Limits {
    Limits { total: Duration::from_secs(1), grace: LONG, ..Limits::default() }
}

fn request(token_uri: &str) -> TokenRequest {
    TokenRequest { token_uri: token_uri.to_owned(), ..testing::refresh() }
}

fn perform(token_uri: &str, limits: Limits) -> Outcome {
    perform_with(token_uri, limits, &[])
}

/// With these environment variables.
fn perform_with(token_uri: &str, limits: Limits, variables: &[(&str, &str)]) -> Outcome {
    let variable =
        |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value));
    Transport::new(limits, variable).perform(&request(token_uri), &Attempt::default())
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

fn transient(outcome: Outcome) -> (String, bool) {
    match outcome {
        Outcome::Transient { reason, reached, .. } => (reason.to_string(), reached),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_request_is_one_form_and_its_answer_is_judged() {
    let (sent, received) = channel();
    let uri = server(move |mut stream| {
        sent.send(read_request(&mut stream)).unwrap();
        let body = r#"{"access_token":"new","expires_in":60}"#;
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    });
    let Outcome::Issued(issued) = perform(&uri, limits()) else { panic!("not issued") };
    assert_eq!(issued.access_token.expose(), "new");
    let text = received.recv().unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let head = head.to_ascii_lowercase();
    assert!(head.starts_with("post /token/?a=b http/1.1\r\n"), "{head}");
    for line in ["content-type: application/x-www-form-urlencoded", "accept: application/json"] {
        assert_eq!(head.lines().filter(|there| *there == line).count(), 1, "{head}");
    }
    assert!(head.contains(concat!("user-agent: pizauth/", env!("CARGO_PKG_VERSION"))), "{head}");
    assert_eq!(body, testing::refresh().form.expose());
}

#[test]
fn chunks_are_joined() {
    let uri = answering(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{\"access_\r\nb\r\ntoken\":\"a\"}\r\n0\r\n\r\n",
    );
    assert!(matches!(perform(&uri, limits()), Outcome::Issued(_)));
}

#[test]
fn a_redirect_is_not_followed() {
    let (visit, visits) = channel();
    let elsewhere = server(move |_stream| visit.send(()).unwrap());
    for status in [301, 302, 303, 307, 308] {
        let uri = answering(format!("HTTP/1.1 {status} Moved\r\nLocation: {elsewhere}\r\n\r\n"));
        let (reason, reached) = transient(perform(&uri, limits()));
        assert!(reason.contains(&status.to_string()) && reached, "{reason}");
    }
    assert_eq!(visits.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn a_broken_answer_is_transient_and_the_server_was_reached() {
    let long = "x".repeat(2 * 1024 * 1024);
    for (bytes, why) in [
        (String::new(), "no answer"),
        ("garbage".to_owned(), "no answer"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"access_token\":\"a\"}".to_owned(), "ended early"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\n{\"access_token\"".to_owned(),
            "cannot read",
        ),
        (format!("HTTP/1.1 200 OK\r\n\r\n{{\"access_token\":\"{long}\"}}"), "longer than 1 MiB"),
        (format!("HTTP/1.1 200 OK\r\nX: {long}\r\n\r\n"), "no answer"),
        ("HTTP/1.1 100 Continue\r\n\r\n".to_owned(), "http status 100"),
    ] {
        let (reason, reached) = transient(perform(&answering(bytes), limits()));
        assert!(reason.contains(why) && reached, "{why}: {reason}");
    }
}

#[test]
fn a_server_that_is_not_there_was_not_reached() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let (reason, reached) = transient(perform(&format!("http://{address}/"), limits()));
    assert!(reason.starts_with("cannot reach 127.0.0.1: ") && !reached, "{reason}");
}

#[test]
fn a_mute_server_is_left_when_the_time_is_up() {
    let (keep, _kept) = channel();
    let mute = server(move |stream| drop(keep.send(stream)));
    let (reason, reached) = transient(perform(&mute, impatient()));
    assert!(reason.contains("timed out") && reached, "{reason}");
    let (reason, reached) = transient(perform(&mute.replace("http:", "https:"), impatient()));
    assert!(reason.starts_with("cannot reach") && !reached, "the handshake has not ended: {reason}");
}

#[test]
fn a_dripping_server_is_left_when_the_time_is_up() {
    let uri = server(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
        while stream.write_all(b" ").is_ok() {
            thread::park_timeout(Duration::from_millis(5));
        }
    });
    let (_, reached) = transient(perform(&uri, impatient()));
    assert!(reached);
}

/// Serves `answer` over TLS with a certificate for 127.0.0.1, and writes that to `ca_file`.
fn tls_server(ca_file: &Path, answer: &'static str) -> String {
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
            tls.conn.send_close_notify();
            let _ = tls.flush();
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
    assert!(matches!(with(&ours), Outcome::Issued(_)));
    let (reason, reached) = transient(with(&theirs));
    assert!(reason.contains("certificate") && !reached, "{reason}");
    let (reason, reached) = transient(with(&folder.path().join("missing.pem")));
    assert!(reason.contains("cannot use SSL_CERT_FILE=") && !reached, "{reason}");
}

#[test]
fn a_proxy_is_asked_and_an_exception_goes_past_it() {
    let (visit, visits) = channel();
    let proxy = server(move |mut stream| {
        visit.send(read_request(&mut stream)).unwrap();
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n{\"access_token\":\"by-proxy\"}");
    });
    let direct = answering("HTTP/1.1 200 OK\r\n\r\n{\"access_token\":\"direct\"}");
    let token = |variables: &[(&str, &str)]| match perform_with(&direct, limits(), variables) {
        Outcome::Issued(issued) => issued.access_token.expose().to_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!(token(&[("http_proxy", &proxy)]), "by-proxy");
    assert!(visits.recv().unwrap().starts_with(&format!("POST {direct} HTTP/1.1\r\n")));
    assert_eq!(token(&[("http_proxy", &proxy), ("NO_PROXY", "127.0.0.0/8")]), "direct");
    assert_eq!(visits.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn a_proxy_that_refuses_means_not_reached() {
    let proxy = server(|mut stream| {
        read_head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    });
    let outcome = perform_with("https://as.example/", limits(), &[("https_proxy", &proxy)]);
    let (reason, reached) = transient(outcome);
    assert!(reason.contains("the proxy refused the connection with http status 403") && !reached, "{reason}");
}

/// The same cases as in the pure replay, through the whole transport.
#[test]
fn every_golden_answer_gets_its_verdict_over_the_wire() {
    golden::replay(|bytes, request| {
        let token_uri = answering(bytes);
        let request = TokenRequest { token_uri, ..request };
        Transport::new(limits(), |_| None).perform(&request, &Attempt::default())
    });
}
