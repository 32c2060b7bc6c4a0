//! What comes to the wrong port, and heads that take their time.

use std::io::Write;
use std::net::Shutdown;

use super::{approved_query, start, state_of, visit};
use crate::support::{Answer, Door};

/// The beginning of a TLS handshake, and then nothing that belongs to one.
const BROKEN_HANDSHAKE: &[u8] = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 and so on";

#[test]
fn plain_http_at_the_https_port_is_told_where_to_go() {
    let running = start("");
    let (http, https) = (Door::http(&running.sandbox), Door::https(&running.sandbox));
    let mut socket = https.connect();
    socket.write_all(visit(&http, &approved_query(&running, "tls")).as_bytes()).unwrap();
    let answer = Answer::read(socket);
    assert_eq!(answer.status(), Some(400));
    assert!(answer.body().contains("https://"), "{answer:?}");
    assert_eq!(state_of(&running, "tls"), "pending");
}

#[test]
fn tls_on_the_port_for_http_is_called_by_its_name() {
    let running = start("");
    let mut browser = Door::http(&running.sandbox).connect();
    browser.write_all(BROKEN_HANDSHAKE).unwrap();
    running.daemon.wait_for_log(&["redirect_refused", "it is TLS, on the port for http"]);
}

#[test]
fn junk_instead_of_a_handshake_or_a_request_ends_that_connection_only() {
    let running = start("");
    let (http, https) = (Door::http(&running.sandbox), Door::https(&running.sandbox));
    assert_eq!(http.ask(BROKEN_HANDSHAKE).status(), Some(400));
    for junk in [BROKEN_HANDSHAKE, &[0x16; 64 * 1024], b"\x16"] {
        let mut socket = https.connect();
        // It may have hung up already.
        let _ = socket.write_all(junk);
        let _ = socket.shutdown(Shutdown::Write);
        let mut alert = Vec::new();
        let _ = std::io::Read::read_to_end(&mut socket, &mut alert);
        assert!(alert.len() < 64, "no more than a TLS alert: {alert:?}");
    }
    let answer = https.ask(visit(&https, &approved_query(&running, "tls")));
    assert_eq!(answer.status(), Some(200));
    running.sign_in("work");
}

#[test]
fn a_head_may_come_a_byte_at_a_time() {
    let running = start("");
    let door = Door::http(&running.sandbox);
    let mut socket = door.connect();
    socket.set_nodelay(true).unwrap();
    for byte in visit(&door, &approved_query(&running, "work")).bytes() {
        socket.write_all(&[byte]).unwrap();
    }
    assert!(Answer::read(socket).body().contains("signed in: work"));
}

#[test]
fn a_head_that_never_ends_is_given_up_and_others_are_served_meanwhile() {
    let running = start("");
    let door = Door::http(&running.sandbox);
    let mut slow = door.connect();
    slow.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    running.sign_in("work");
    // Waits as long as the listener does.
    assert_eq!(Answer::read(slow).status(), Some(408));
}

#[test]
fn an_endless_head_is_told_that_it_is_too_large() {
    let running = start("");
    let door = Door::http(&running.sandbox);
    let request = format!("GET /?{}", "x".repeat(200 * 1024));
    let answer = door.ask(request);
    assert_eq!(answer.status(), Some(431));
    assert!(answer.body().ends_with("</html>\n"), "the page is whole: {answer:?}");
}
