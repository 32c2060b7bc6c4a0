//! Plain HTTP: a visit from its first byte to the page.

use std::io::Write;
use std::sync::mpsc::Sender;

use pizauth_common::account_name::AccountName;
use pizauth_common::config::Scheme;
use pizauth_core::oauth::outcome::Reason;
use pizauth_core::oauth::redirect::RedirectRequest;

use super::support::*;
use crate::page::Page;

#[test]
fn a_visit_reaches_the_loop_and_brings_its_page_back() {
    let bench = Bench::http(http_only("127.0.0.1", 0));
    let answer = bench.ask("GET /back?code=c&state=s HTTP/1.1\r\nHost: LocalHost:99\r\n\r\n");
    assert_eq!(status(&answer), "200 OK");
    assert!(answer.contains("signed in: work"), "{answer}");
    let expected = RedirectRequest {
        scheme: Scheme::Http,
        port: bench.port(),
        host: "LocalHost:99".to_owned(),
        path: "/back".to_owned(),
        query: "code=c&state=s".into(),
    };
    assert_eq!(bench.requests.recv_timeout(PATIENCE).unwrap(), expected);
}

#[test]
fn both_halves_of_localhost_are_ours() {
    let bench = Bench::http(http_only("127.0.0.1", 0));
    if has_ipv6() {
        let answer = exchange(connect(V6, bench.port()).unwrap(), ROOT_VISIT);
        assert_eq!(status(&answer), "200 OK");
    }
}

#[test]
fn a_head_may_drip() {
    let bench = Bench::http(http_only("127.0.0.1", 0));
    let mut stream = bench.connect();
    stream.set_nodelay(true).unwrap();
    for byte in ROOT_VISIT.as_bytes() {
        stream.write_all(&[*byte]).unwrap();
    }
    assert_eq!(status(&answer(&mut stream)), "200 OK");
}

#[test]
fn what_is_no_visit_never_reaches_the_loop() {
    let bench = Bench::http(http_only("127.0.0.1", 0));
    let refused = [
        ("POST / HTTP/1.1\r\nHost: localhost\r\n\r\n", "405 Method Not Allowed"),
        ("GET / HTTP/1.1\r\n\r\n", "404 Not Found"),
        ("GET /favicon.ico HTTP/1.1\r\nHost: localhost\r\n\r\n", "404 Not Found"),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nSec-Purpose: prefetch\r\n\r\n", "503 Service Unavailable"),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Dest: image\r\n\r\n", "503 Service Unavailable"),
        ("\u{16}\u{3}\u{1}", "400 Bad Request"),
    ];
    for (request, expected) in refused {
        assert_eq!(status(&bench.ask(request)), expected, "{request:?}");
    }
    assert!(bench.requests.try_recv().is_err());
}

#[test]
fn a_page_arrives_although_its_request_goes_on() {
    let bench = Bench::http(http_only("127.0.0.1", 0));
    let endless = "x".repeat(200 * 1024);
    let answer = bench.ask(&format!("GET / HTTP/1.1\r\nHost: localhost\r\nCookie: {endless}"));
    assert_eq!(status(&answer), "431 Request Header Fields Too Large");
    assert!(answer.ends_with("</html>\n"), "{answer}");
}

#[test]
fn the_page_tells_why_an_authorization_failed() {
    fn fail(_: &RedirectRequest, reply: Sender<Page>) {
        let _ = reply.send(Page::Failed(AccountName::from("work"), Reason::new("access_denied: <b>no</b>")));
    }
    let bench = Bench::new(http_only("127.0.0.1", 0), patient(), fail);
    let answer = bench.ask(ROOT_VISIT);
    assert!(answer.contains("access_denied: &lt;b&gt;no&lt;/b&gt;"), "{answer}");
}

#[test]
fn a_loop_that_drops_the_question_is_not_waited_for() {
    let bench = Bench::new(http_only("127.0.0.1", 0), patient(), |_, _| ());
    assert_eq!(status(&bench.ask(ROOT_VISIT)), "503 Service Unavailable");
}
