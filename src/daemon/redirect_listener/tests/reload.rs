//! What a reload changes, and what it leaves alone.

use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

use pizauth_common::config::{Listeners, RedirectPeer, Scheme};
use pizauth_core::moment::Moment;

use super::super::Settings;
use super::support::*;
use crate::name_lookup::Addresses;
use crate::testing::connection;

const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn is_served(port: u16) -> bool {
    connect(V4, port).is_ok_and(|stream| exchange(stream, ROOT_VISIT).starts_with("HTTP/1.1 200"))
}

/// A port that is free, and that nobody is given who does not ask for it while the connection is there.
fn free_port() -> (u16, (TcpStream, TcpStream)) {
    let kept = connection();
    let port = kept.0.peer_addr().unwrap().port();
    until_nobody_listens(port);
    (port, kept)
}

fn both(http: u16, https: u16) -> Settings {
    let listeners = Listeners::Both { http: address("127.0.0.1", http), https: address("127.0.0.1", https) };
    Settings { listeners, ..http_only("127.0.0.1", 0) }
}

#[test]
fn a_port_that_was_picked_outlives_a_reload() {
    let mut bench = Bench::http(http_only("127.0.0.1", 0));
    let port = bench.port();
    let changed = Settings { redirect_peer: RedirectPeer::Any, ..http_only("127.0.0.1", 0) };
    bench.reconfigure(changed).unwrap();
    assert_eq!(bench.port(), port);
    assert!(is_served(port));
}

#[test]
fn another_port_is_bound_and_the_old_one_left() {
    let mut bench = Bench::http(http_only("127.0.0.1", 0));
    let (old, (new, _kept)) = (bench.port(), free_port());
    bench.reconfigure(http_only("127.0.0.1", new)).unwrap();
    assert_eq!(bench.port(), new);
    assert!(is_served(new));
    while TcpListener::bind((V4, old)).is_err() {
        std::thread::yield_now();
    }
}

#[test]
fn a_reload_that_fails_changes_nothing() {
    let mut bench = Bench::http(http_only("127.0.0.1", 0));
    let old = bench.port();
    let error = bench.reconfigure(http_only("a name that was not looked up", 1));
    assert!(error.unwrap_err().to_string().contains("the name was not looked up"));
    assert_eq!(bench.port(), old);
    assert!(is_served(old));
}

#[test]
fn a_port_that_is_taken_is_tried_again_with_growing_pauses_until_it_is_free() {
    let mut bench = Bench::http(both(0, 0));
    let https = bench.listener.ports().https.unwrap();
    let key = bench.listener.https_public_key();
    let (port, _kept) = free_port();
    let holder = TcpListener::bind((V4, port)).unwrap();
    bench.reconfigure(both(port, https)).unwrap();
    let ports = bench.listener.ports();
    assert_eq!((ports.http, ports.https, bench.listener.https_public_key()), (None, Some(https), key));
    assert_eq!(bench.listener.ports_of_redirects().http, Some(port));
    assert!(bench.listener.why_missing(Scheme::Http).unwrap().contains("the port is taken"));
    assert_eq!((bench.listener.warnings().len(), bench.listener.why_missing(Scheme::Https)), (1, None));
    let mut now = Moment(1_000_000);
    for pause in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
        assert!(bench.listener.poll_timeout().is_some_and(|due| due <= now));
        assert_eq!(bench.listener.handle_timeout(now), []);
        assert_eq!(bench.listener.handle_timeout(now), [], "once");
        now = now.plus(Duration::from_secs(pause));
        assert_eq!(bench.listener.poll_timeout(), Some(now));
    }
    drop(holder);
    // A process that another test has just started may still have it.
    while bench.listener.handle_timeout(now) != [Scheme::Http] {
        now = now.plus(Duration::from_secs(300));
    }
    assert_eq!((bench.listener.poll_timeout(), bench.listener.ports().http), (None, Some(port)));
    assert!(is_served(port) && bench.listener.warnings().is_empty());
}

#[test]
fn a_port_that_is_taken_at_the_start_is_tried_again_too() {
    let (port, _kept) = free_port();
    let holder = TcpListener::bind((V4, port)).unwrap();
    let mut bench = Bench::http(http_only("127.0.0.1", port));
    assert_eq!(bench.listener.try_again(), []);
    drop(holder);
    while bench.listener.try_again() != [Scheme::Http] {
        std::thread::yield_now();
    }
    assert!(is_served(port) && bench.listener.poll_timeout().is_none());
}

#[test]
fn the_key_outlives_a_reload_that_adds_a_host() {
    let mut bench = Bench::http(https_only(&[]));
    let (port, key) = (bench.port(), bench.listener.https_public_key());
    let fingerprint = bench.listener.https_fingerprint();
    bench.reconfigure(https_only(&["mail.example"])).unwrap();
    assert_eq!((bench.port(), bench.listener.https_public_key()), (port, key));
    assert_ne!(bench.listener.https_fingerprint(), fingerprint);
}

#[test]
fn listeners_come_and_go() {
    let mut bench = Bench::http(http_only("127.0.0.1", 0));
    let http = bench.port();
    bench.reconfigure(both(0, 0)).unwrap();
    assert_eq!(bench.listener.ports().http, Some(http));
    assert!(bench.listener.ports().https.is_some_and(|https| https != http));
    bench.reconfigure(https_only(&[])).unwrap();
    assert_eq!(bench.listener.ports().http, None);
    bench.reconfigure(http_only("127.0.0.1", 0)).unwrap();
    assert_eq!((bench.listener.ports().https, bench.listener.https_public_key()), (None, None));
    assert!(is_served(bench.port()));
}

#[test]
fn two_listeners_can_swap_their_ports() {
    let mut bench = Bench::http(both(0, 0));
    let (http, https) = (bench.listener.ports().http.unwrap(), bench.listener.ports().https.unwrap());
    bench.reconfigure(both(https, http)).unwrap();
    assert_eq!((bench.listener.ports().http, bench.listener.ports().https), (Some(https), Some(http)));
    while !is_served(https) {
        std::thread::yield_now();
    }
}

#[test]
fn two_listeners_cannot_share_a_port() {
    let mut bench = Bench::http(http_only("127.0.0.1", 0));
    let port = bench.port();
    let error = bench.reconfigure(both(port, port)).unwrap_err().to_string();
    assert!(error.contains("https_listen"), "{error}");
    assert!(is_served(port));
}

#[test]
fn the_other_half_is_taken_when_an_account_comes_to_need_it() {
    if !has_ipv6() {
        return;
    }
    let one_half = Settings { has_localhost_redirect: false, ..http_only("127.0.0.1", 0) };
    let mut bench = Bench::http(one_half);
    let port = bench.port();
    assert!(connect(V6, port).is_err());
    bench.reconfigure(http_only("127.0.0.1", 0)).unwrap();
    assert_eq!(bench.port(), port);
    assert!(connect(V6, port).is_ok());
}

#[test]
fn an_acceptor_that_has_died_is_started_again_by_a_reload_that_changes_nothing() {
    let mut bench = Bench::http(http_only("127.0.0.1", 0));
    let port = bench.port();
    bench.listener.acceptor.end();
    bench.reconfigure(http_only("127.0.0.1", 0)).unwrap();
    assert_eq!(bench.port(), port);
    assert!(is_served(port));
    bench.listener.acceptor.end();
    bench.reconfigure(Settings { redirect_peer: RedirectPeer::Any, ..http_only("127.0.0.1", 0) }).unwrap();
    assert!(is_served(port));
}

#[test]
fn a_name_is_bound_at_the_addresses_that_were_looked_up_and_only_if_something_changes() {
    let mut bench = Bench::http(http_only("127.0.0.1", 0));
    // A name to us; the system knows its address without asking anybody.
    let named = http_only("127.1", 0);
    let names = bench.listener.names_to_look_up(&named);
    assert_eq!(names, ["127.1"]);
    let error = bench.reconfigure(named.clone()).unwrap_err().to_string();
    assert_eq!(error, "cannot listen on 127.1:0 (http_listen): the name was not looked up");
    bench.listener.reconfigure(named.clone(), Addresses::look_up(names)).unwrap();
    assert!(is_served(bench.port()));
    let none = [
        named,
        http_only("127.0.0.1", 0),
        http_only("::1", 0),
        http_only("LocalHost", 0),
        https_only(&["x"]),
    ];
    assert_eq!(none.map(|settings| bench.listener.names_to_look_up(&settings).len()), [0; 5]);
    bench.listener.acceptor.end();
    assert_eq!(bench.listener.names_to_look_up(&http_only("127.1", 0)), ["127.1"]);
}
