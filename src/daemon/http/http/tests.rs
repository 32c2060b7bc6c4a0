use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{TryRecvError, channel};
use std::time::Duration;
use std::{fs, thread};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::PrivateKeyDer;

use super::*;
use pizauth_core::oauth::testing;
use pizauth_core::oauth::token_answer::golden;
use crate::http::dial::tests::Refusing;

mod limits;
mod proxies;

const LONG: Duration = Duration::from_secs(20);

/// Patient where a test waits for something that comes, impatient where it waits for something that must not.
fn limits() -> Limits {
    Limits { total: LONG, ..Limits::default() }
}

fn impatient() -> Limits {
    Limits { total: Duration::from_secs(2), grace: LONG, ..Limits::default() }
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
    let mut lines: Vec<_> = head.lines().skip(1).collect();
    lines.sort_unstable();
    let host = format!("host: {}", &uri["http://".len()..uri.len() - "/token/?a=b".len()]);
    let length = format!("content-length: {}", body.len());
    let expected = [
        "accept: application/json",
        "connection: close",
        &length,
        "content-type: application/x-www-form-urlencoded",
        &host,
        concat!("user-agent: pizauth/", env!("CARGO_PKG_VERSION")),
    ];
    assert_eq!(lines, expected, "these and no others");
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
fn interim_answers_are_passed_over() {
    let uri = answering(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n\
         HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"access_token\":\"a\"}",
    );
    assert!(matches!(perform(&uri, limits()), Outcome::Issued(_)));
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
        let (_, reached) = transient(perform(&uri, limits()));
        assert!(reached && visits.recv().is_ok());
        assert_eq!(visits.try_recv(), Err(TryRecvError::Empty), "{answer:?}");
    }
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
        ("HTTP/1.1 100 Continue\r\n\r\n".to_owned(), "the connection was closed"),
    ] {
        let (reason, reached) = transient(perform(&answering(bytes), limits()));
        assert!(reason.contains(why) && reached, "{why}: {reason}");
    }
}

#[test]
fn a_server_that_is_not_there_was_not_reached() {
    let nobody = Refusing::new();
    let (reason, reached) = transient(perform(&format!("http://{}/", nobody.address), limits()));
    assert!(reason.starts_with("cannot reach 127.0.0.1: ") && !reached, "{reason}");
}

/// Serves `answer` over TLS with a certificate for 127.0.0.1, and writes that to `ca_file`.
fn tls_server(ca_file: &Path, answer: &'static str) -> String {
    tls_server_with_end(ca_file, answer, true)
}

/// One that may break off instead of saying that this was all.
fn tls_server_with_end(ca_file: &Path, answer: &'static str, has_end: bool) -> String {
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
    assert!(matches!(with(&ours), Outcome::Issued(_)));
    let (reason, reached) = transient(with(&theirs));
    assert!(reason.contains("certificate") && !reached, "{reason}");
    let (reason, reached) = transient(with(&folder.path().join("missing.pem")));
    assert!(reason.contains("cannot use SSL_CERT_FILE=") && !reached, "{reason}");
}

#[test]
fn an_answer_over_tls_that_breaks_off_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let authority = folder.path().join("ca.pem");
    // As a form, an answer would be whole wherever it ends.
    let answer = "HTTP/1.1 200 OK\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\naccess_token=a";
    for has_end in [true, false] {
        let uri = tls_server_with_end(&authority, answer, has_end);
        let outcome = perform_with(&uri, limits(), &[("SSL_CERT_FILE", authority.to_str().unwrap())]);
        assert_eq!(matches!(outcome, Outcome::Issued(_)), has_end, "{outcome:?}");
    }
}

/// The same cases as in the pure replay, through the whole transport.
#[test]
fn every_golden_answer_gets_its_verdict_over_the_wire() {
    let (next, answers) = channel::<Vec<u8>>();
    // One for all: each has a socket until the tests end, and there are hundreds of answers.
    let token_uri = server(move |mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(&answers.recv().unwrap());
    });
    golden::replay(|bytes, request| {
        next.send(bytes).unwrap();
        let request = TokenRequest { token_uri: token_uri.clone(), ..request };
        Transport::new(limits(), |_| None).perform(&request, &Attempt::default())
    });
}
