//! Raw requests and their verdicts.

use super::*;

/// Read to its end, this is what a head comes to.
#[derive(Debug, PartialEq)]
enum Parsed {
    /// Path and query of a request.
    Terms(&'static str, &'static str),
    Incomplete,
    Malformed,
    Fault(HeadFault),
}

use Parsed::{Fault, Incomplete, Malformed, Terms};

const TABLE: &[(&str, Parsed)] = &[
    // What browsers and people send.
    ("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", Terms("/", "")),
    ("GET /?code=c&state=s HTTP/1.1\r\nHost: localhost:80\r\n\r\n", Terms("/", "code=c&state=s")),
    ("GET /a/b?c=d?e HTTP/1.1\r\nHost: localhost\r\n\r\n", Terms("/a/b", "c=d?e")),
    ("GET /? HTTP/1.1\r\nHost: localhost\r\n\r\n", Terms("/", "")),
    ("GET / HTTP/1.0\r\nHost: localhost\r\n\r\n", Terms("/", "")),
    ("GET / HTTP/1.1\nHost: localhost\n\n", Terms("/", "")),
    ("\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n", Terms("/", "")),
    ("GET / HTTP/1.1\r\nhOST:localhost  \r\n\r\n", Terms("/", "")),
    ("GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", Terms("/", "")),
    ("GET //elsewhere/ HTTP/1.1\r\nHost: localhost\r\n\r\n", Terms("//elsewhere/", "")),
    ("GET /%2e%2e/ HTTP/1.1\r\nHost: localhost\r\n\r\n", Terms("/%2e%2e/", "")),
    ("GET / HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Dest: document\r\n\r\n", Terms("/", "")),
    ("GET / HTTP/1.1\r\nHost: localhost\r\nSec-Purpose:\r\n\r\n", Terms("/", "")),
    ("GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", Terms("/", "")),
    ("GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET /more HTTP/1.1\r\n\r\n", Terms("/", "")),
    ("GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade-Insecure-Requests: 1\r\n\r\n", Terms("/", "")),
    ("GET / HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Mode: Navigate\r\n\r\n", Terms("/", "")),
    // What has not arrived.
    ("", Incomplete),
    ("GET", Incomplete),
    ("GET / HTTP/1.1\r\nHost: localhost\r\n", Incomplete),
    ("GET / HTTP/1.1\r\nHost: localhost\r\n\r", Incomplete),
    // Methods.
    ("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n", Fault(HeadFault::Method)),
    ("POST /?code=c HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\na=b", Fault(HeadFault::Method)),
    ("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", Fault(HeadFault::Method)),
    ("CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", Fault(HeadFault::Method)),
    ("get / HTTP/1.1\r\nHost: localhost\r\n\r\n", Fault(HeadFault::Method)),
    // Request targets.
    ("GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n", Malformed),
    ("GET * HTTP/1.1\r\nHost: localhost\r\n\r\n", Malformed),
    ("GET ?code=c HTTP/1.1\r\nHost: localhost\r\n\r\n", Malformed),
    ("GET /#part HTTP/1.1\r\nHost: localhost\r\n\r\n", Malformed),
    ("GET /ü HTTP/1.1\r\nHost: localhost\r\n\r\n", Malformed),
    ("GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n", Malformed),
    ("GET / HTTP/1.1 \r\nHost: localhost\r\n\r\n", Malformed),
    // Versions, and what is not HTTP.
    ("GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", Malformed),
    ("GET / HTTP/0.9\r\n\r\n", Malformed),
    ("GET /\r\n\r\n", Malformed),
    ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Malformed),
    ("\u{16}\u{3}\u{1}\u{0}", Malformed),
    ("SSH-2.0-OpenSSH_9.2\r\n", Malformed),
    // Host.
    ("GET / HTTP/1.1\r\n\r\n", Fault(HeadFault::Host)),
    ("GET / HTTP/1.0\r\n\r\n", Fault(HeadFault::Host)),
    ("GET / HTTP/1.1\r\nHost:\r\n\r\n", Fault(HeadFault::Host)),
    ("GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", Fault(HeadFault::Host)),
    ("GET / HTTP/1.1\r\nHost: localhost\r\nhost: evil.example\r\n\r\n", Fault(HeadFault::Host)),
    ("GET / HTTP/1.1\r\nHost: local host\r\n\r\n", Fault(HeadFault::Host)),
    ("GET / HTTP/1.1\r\nHost: löcalhost\r\n\r\n", Fault(HeadFault::Host)),
    // Headers.
    ("GET / HTTP/1.1\r\nHost: localhost\r\n folded\r\n\r\n", Malformed),
    ("GET / HTTP/1.1\r\nHost : localhost\r\n\r\n", Malformed),
    ("GET / HTTP/1.1\r\nHost: localhost\r\nNo colon\r\n\r\n", Malformed),
    ("GET / HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n", Malformed),
    ("GET / HTTP/1.1\r\nHost: localhost\r\nX: a\rb\r\n\r\n", Malformed),
    // Bodies.
    ("GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\na=b", Malformed),
    ("GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nContent-Length: 3\r\n\r\na=b", Malformed),
    ("GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Malformed),
    // What the user has not opened.
    ("GET / HTTP/1.1\r\nHost: localhost\r\nSec-Purpose: prefetch\r\n\r\n", Fault(HeadFault::Prefetch)),
    (
        "GET / HTTP/1.1\r\nHost: localhost\r\nSec-Purpose: prefetch;prerender\r\n\r\n",
        Fault(HeadFault::Prefetch),
    ),
    ("GET / HTTP/1.1\r\nHost: localhost\r\nPurpose: Prefetch\r\n\r\n", Fault(HeadFault::Prefetch)),
    ("GET / HTTP/1.1\r\nHost: localhost\r\nX-Moz: prefetch\r\n\r\n", Fault(HeadFault::Prefetch)),
    ("GET / HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Dest: image\r\n\r\n", Fault(HeadFault::SubResource)),
    ("GET / HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Dest: iframe\r\n\r\n", Fault(HeadFault::SubResource)),
    ("GET / HTTP/1.1\r\nHost: localhost\r\nsec-fetch-dest: empty\r\n\r\n", Fault(HeadFault::SubResource)),
    ("GET / HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Mode: no-cors\r\n\r\n", Fault(HeadFault::SubResource)),
    (
        "GET / HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Dest: document\r\nSec-Fetch-Mode: cors\r\n\r\n",
        Fault(HeadFault::SubResource),
    ),
    (
        "GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\n\r\n",
        Fault(HeadFault::SubResource),
    ),
    ("GET / HTTP/1.1\r\nHost: localhost\r\norigin: null\r\n\r\n", Fault(HeadFault::SubResource)),
    (
        "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        Fault(HeadFault::SubResource),
    ),
    (
        "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
        Fault(HeadFault::SubResource),
    ),
    (
        "GET / HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Dest: document\r\nSec-Fetch-Dest: script\r\n\r\n",
        Fault(HeadFault::SubResource),
    ),
    (
        "GET /favicon.ico HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Dest: image\r\n\r\n",
        Fault(HeadFault::Favicon),
    ),
];

fn verdict(bytes: &[u8]) -> Result<Option<RedirectRequest>, HeadFault> {
    parse(bytes, Scheme::Http, 8080)
}

fn fits(found: &Result<Option<RedirectRequest>, HeadFault>, expected: &Parsed) -> bool {
    match (found, expected) {
        (Ok(Some(request)), Terms(path, query)) => request.path == *path && request.query.expose() == *query,
        (Ok(None), Incomplete) | (Err(HeadFault::Malformed(_)), Malformed) => true,
        (Err(fault), Fault(expected)) => fault == expected,
        _ => false,
    }
}

#[test]
fn every_request_of_the_table_gets_its_verdict() {
    for (request, expected) in TABLE {
        let found = verdict(request.as_bytes());
        assert!(fits(&found, expected), "{request:?}: {found:?} instead of {expected:?}");
    }
}

#[test]
fn a_verdict_on_a_beginning_is_never_taken_back() {
    for (request, _) in TABLE {
        let whole = verdict(request.as_bytes());
        for end in 0..request.len() {
            let beginning = verdict(&request.as_bytes()[..end]);
            assert!(beginning == Ok(None) || beginning == whole, "{request:?} cut at {end}: {beginning:?}");
        }
    }
}

#[test]
fn the_host_is_kept_as_sent() {
    let request = verdict(b"GET / HTTP/1.1\r\nHost:  LocalHost:8080 \r\n\r\n").unwrap().unwrap();
    assert_eq!((request.host.as_str(), request.port, request.scheme), ("LocalHost:8080", 8080, Scheme::Http));
}

#[test]
fn a_head_may_take_16_kib_and_no_byte_more() {
    let padded_to = |length: usize| {
        let frame = "GET / HTTP/1.1\r\nHost: localhost\r\nCookie: \r\n\r\n".len();
        format!("GET / HTTP/1.1\r\nHost: localhost\r\nCookie: {}\r\n\r\n", "c".repeat(length - frame))
    };
    let largest = padded_to(MAX_HEAD_BYTES);
    assert!(matches!(verdict(largest.as_bytes()), Ok(Some(_))));
    assert_eq!(verdict(&largest.as_bytes()[..MAX_HEAD_BYTES - 1]), Ok(None));
    let larger = padded_to(MAX_HEAD_BYTES + 1);
    assert_eq!(verdict(larger.as_bytes()), Err(HeadFault::TooLarge));
    assert_eq!(verdict(&larger.as_bytes()[..MAX_HEAD_BYTES]), Err(HeadFault::TooLarge));
    let faulty_after = larger.replace("\r\n\r\n", "\r\nNo Name: v\r\n\r\n");
    assert_eq!(verdict(faulty_after.as_bytes()), Err(HeadFault::TooLarge), "what follows is not read");
}

#[test]
fn a_head_has_at_most_100_headers() {
    let with =
        |count: usize| format!("GET / HTTP/1.1\r\nHost: localhost\r\n{}\r\n", "A: b\r\n".repeat(count));
    assert!(matches!(verdict(with(MAX_HEADERS - 1).as_bytes()), Ok(Some(_))));
    assert_eq!(verdict(with(MAX_HEADERS).as_bytes()), Err(HeadFault::TooLarge));
}
