//! More visitors than there are places, and fewer descriptors than visitors.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use pizauth_test_server::{Endpoint, Fault, Gate};

use super::{approved_query, start, visit};
use crate::support::consumption::cpu_time;
use crate::support::{Answer, Door, Setup, WATCH, eventually, process};

/// How many connections the listener holds at a time.
const PLACES: usize = 64;

#[test]
fn the_oldest_idle_connections_make_room() {
    let running = start("");
    let door = Door::http(&running.sandbox);
    let mut idle: Vec<TcpStream> = (0..PLACES).map(|_| door.connect()).collect();
    running.sign_in("work");
    assert_eq!(idle[0].read(&mut [0]).unwrap_or(0), 0, "the oldest has been closed");
    idle[PLACES - 1].write_all(visit(&door, "").as_bytes()).unwrap();
    assert_eq!(Answer::read(idle.pop().unwrap()).status(), Some(400), "the youngest has not");
}

#[test]
fn as_many_as_there_are_places_wait_for_one_exchange() {
    let running = start("");
    let door = Door::http(&running.sandbox);
    let gate = Gate::closed();
    running.server.script(Endpoint::Exchange, Fault::none().held(&gate));
    let request = visit(&door, &approved_query(&running, "work"));
    let mut visitors: Vec<TcpStream> = (0..PLACES).map(|_| door.connect()).collect();
    for visitor in &mut visitors {
        visitor.write_all(request.as_bytes()).unwrap();
    }
    running.wait_arrived(Endpoint::Exchange, 1);
    gate.open();
    for visitor in visitors {
        let answer = Answer::read(visitor);
        assert!(answer.body().contains("signed in: work"), "{answer:?}");
    }
    assert_eq!(running.server.log().count(Endpoint::Exchange), 1);
}

#[test]
fn fifty_accounts_sign_in_at_the_same_moment() {
    let names: Vec<String> = (0..50).map(|number| format!("a{number}")).collect();
    let running = names.iter().fold(Setup::new(), |setup, name| setup.account(name, "")).start();
    let door = Door::http(&running.sandbox);
    let visit = |name: &String| visit(&door, &approved_query(&running, name));
    let requests: Vec<String> = names.iter().map(visit).collect();
    let visitors = requests.iter().map(|request| {
        let mut visitor = door.connect();
        visitor.write_all(request.as_bytes()).unwrap();
        visitor
    });
    for (name, visitor) in names.iter().zip(visitors.collect::<Vec<_>>()) {
        let answer = Answer::read(visitor);
        assert!(answer.body().contains(&format!("signed in: {name}<")), "{answer:?}");
    }
}

#[test]
fn with_few_descriptors_idle_visitors_make_room_for_others_and_for_callers() {
    let mut running = start("");
    running.restart_with_descriptors(48);
    let door = Door::http(&running.sandbox);
    let crowd: Vec<TcpStream> = (0..PLACES).map(|_| door.connect()).collect();
    running.sign_in("work");
    assert!(!running.daemon.log().contains("listener_degraded"), "{}", running.daemon.log());
    drop(crowd);
}

#[cfg(target_os = "linux")]
#[test]
fn without_descriptors_the_listener_pauses_and_goes_on_when_there_are_some() {
    if !process::can_look() {
        return;
    }
    let mut running = start("");
    running.restart_with_descriptors(48);
    let door = Door::http(&running.sandbox);
    let mut crowd = Vec::new();
    eventually("callers with all descriptors but one", || {
        crowd.push(UnixStream::connect(running.sandbox.socket()).unwrap());
        (process::descriptors(running.daemon.pid()) >= 47).then_some(())
    });
    // Callers make room for callers only, and there are places for more visitors than these.
    let visitors: Vec<TcpStream> = (0..4).map(|_| door.connect()).collect();
    running.daemon.wait_for_log(&["listener_degraded", "accept a connection"]);
    let before = cpu_time(running.daemon.pid());
    std::thread::sleep(WATCH);
    let spent = cpu_time(running.daemon.pid()) - before;
    assert!(spent < Duration::from_millis(500), "it spins: {spent:?} in {WATCH:?}");
    drop((crowd, visitors));
    eventually("a place", || (door.ask(visit(&door, "")).status() == Some(400)).then_some(()));
    running.sign_in("work");
}
