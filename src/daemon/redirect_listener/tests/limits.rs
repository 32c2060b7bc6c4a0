//! Slow, silent and many peers; the end.

use std::io::Write;
use std::net::TcpListener;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use pizauth_common::account_name::AccountName;
use rustix::process::Rlimit;

use super::super::connection::{Timeouts, serve};
use super::super::{MAX_CONNECTIONS, places};
use super::support::*;
use crate::page::Page;

const SHORT: Duration = Duration::from_millis(50);
/// Long enough for a thread to take up what has arrived already.
const TWO_SECONDS: Duration = Duration::from_secs(2);

#[test]
fn visitors_get_no_more_than_half_of_the_descriptors_that_are_left() {
    let places_of = |limit| places(Rlimit { current: limit, maximum: None });
    let few = [(0, 1), (24, 1), (30, 4), (48, 13), (150, 64), (u64::MAX, 64)];
    assert_eq!(few.map(|(limit, _)| (limit, places_of(Some(limit)))), few);
    assert_eq!(places_of(None), 64);
}

#[test]
fn a_head_that_takes_too_long_is_told_so() {
    let begun = Begun::with(b"GET / HTTP/1.1\r\n", None, Timeouts { head: TWO_SECONDS, ..patient() });
    assert_eq!(status(&begun.served()), "408 Request Timeout");
}

#[test]
fn a_connection_made_in_advance_is_closed_without_a_word() {
    let timeouts = Timeouts { head: SHORT, ..patient() };
    let bench = Bench::new(http_only("127.0.0.1", 0), timeouts, sign_in);
    assert_eq!(answer(&mut bench.connect()), "");
}

#[test]
fn a_drip_does_not_move_the_deadline() {
    let begun = Begun::with(b"G", None, Timeouts { head: TWO_SECONDS, ..patient() });
    let mut dripping = begun.client.try_clone().unwrap();
    let (stop, is_over) = channel::<()>();
    // So slow that the time is up long before the head is as long as it may be.
    let drip = std::thread::spawn(move || {
        while is_over.recv_timeout(Duration::from_millis(5)) == Err(RecvTimeoutError::Timeout) {
            let _ = dripping.write_all(b"G");
        }
    });
    assert_eq!(status(&begun.served()), "408 Request Timeout");
    drop(stop);
    drip.join().unwrap();
}

#[test]
fn a_browser_is_not_kept_waiting_for_a_slow_exchange() {
    let timeouts = Timeouts { decision: SHORT, ..patient() };
    // Neither answered nor given up, for ever.
    let bench = Bench::new(http_only("127.0.0.1", 0), timeouts, |_, reply| std::mem::forget(reply));
    let answer = bench.ask(ROOT_VISIT);
    assert_eq!(status(&answer), "200 OK");
    assert!(answer.contains("still working"), "{answer}");
}

#[test]
fn nothing_comes_of_a_visit_that_had_to_make_room() {
    let begun = Begun::with(ROOT_VISIT.as_bytes(), None, Timeouts { notice: Duration::ZERO, ..patient() });
    begun.connections.end(Duration::ZERO);
    serve(&begun.place, &begun.terms);
    assert!(begun.events.try_recv().is_err(), "its code would have been used, and its page lost");
}

#[test]
fn idle_connections_keep_nobody_out() {
    let bench = Bench::http(http_only("127.0.0.1", 0));
    let mut idle: Vec<_> = (0..100).map(|_| bench.connect()).collect();
    assert_eq!(status(&bench.ask(ROOT_VISIT)), "200 OK");
    assert_eq!(answer(&mut idle[0]), "", "the oldest had to make room");
}

#[test]
fn visitors_who_wait_for_their_page_are_not_disturbed_and_the_next_waits_for_a_place() {
    let (hold, held) = channel();
    let bench = Bench::new(http_only("127.0.0.1", 0), patient(), move |_, reply| hold.send(reply).unwrap());
    let visit = || {
        let mut visitor = bench.connect();
        visitor.write_all(ROOT_VISIT.as_bytes()).unwrap();
        visitor
    };
    let visitors: Vec<_> = (0..MAX_CONNECTIONS).map(|_| visit()).collect();
    let waiting: Vec<_> = visitors.iter().map(|_| held.recv_timeout(PATIENCE).unwrap()).collect();
    let late = visit();
    assert!(held.try_recv().is_err(), "there was no place for it");
    for reply in waiting {
        reply.send(Page::SignedIn(AccountName::from("work"))).unwrap();
    }
    for mut visitor in visitors {
        assert_eq!(status(&answer(&mut visitor)), "200 OK");
    }
    held.recv_timeout(PATIENCE).unwrap().send(Page::NotFound).unwrap();
    assert_eq!(status(&answer(&mut { late })), "404 Not Found");
}

#[test]
fn once_stopped_the_port_is_free_and_nobody_is_left_hanging() {
    let bench = Bench::http(http_only("127.0.0.1", 0));
    let (mut idle, port) = (bench.connect(), bench.port());
    assert_eq!(status(&bench.ask(ROOT_VISIT)), "200 OK");
    bench.listener.stop();
    assert_eq!(answer(&mut idle), "");
    until_nobody_listens(port);
    assert!(TcpListener::bind(("127.0.0.1", port)).is_ok());
}

#[test]
fn dropping_stops_too() {
    let bench = Bench::http(http_only("127.0.0.1", 0));
    let (mut idle, port) = (bench.connect(), bench.port());
    assert_eq!(status(&bench.ask(ROOT_VISIT)), "200 OK");
    drop(bench);
    assert_eq!(answer(&mut idle), "");
    until_nobody_listens(port);
}
