//! Which ports are held, and what a reload does to them.

use std::net::{IpAddr, Ipv6Addr, TcpListener, TcpStream};

use super::{approved_query, start, visit};
use crate::support::{Call, Daemon, Door, Running, Sandbox, Setup, eventually};

const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

fn has_ipv6() -> bool {
    let has = TcpListener::bind((V6, 0)).is_ok();
    if !has {
        eprintln!("skipped, since this machine has no ::1");
    }
    has
}

#[test]
fn both_halves_of_localhost_lead_to_both_listeners() {
    if !has_ipv6() {
        return;
    }
    let running = start("");
    let doors = [("work", Door::http(&running.sandbox)), ("tls", Door::https(&running.sandbox))];
    for (account, door) in doors {
        let request = visit(&door, &approved_query(&running, account));
        let answer = door.ask_over(door.connect_to(V6), request);
        assert!(answer.body().contains(&format!("signed in: {account}")), "{answer:?}");
        assert!(TcpListener::bind((V6, door.port)).is_err(), "somebody else could have the other half");
    }
}

/// A daemon that should not start, with `http_listen` on this port.
fn start_on(port: u16) -> (Sandbox, Call) {
    let sandbox = Sandbox::new();
    sandbox.write_config(&format!(
        "http_listen = \"127.0.0.1:{port}\"; https_listen = none;\naccount \"work\" {{ auth_uri = \
         \"https://a.example/\"; token_uri = \"https://t.example/\"; client_id = \"c\"; }}"
    ));
    let server = sandbox.applet("server").args(["-d"]);
    (sandbox, server)
}

#[test]
fn a_port_that_is_taken_on_one_half_is_not_listened_on_and_the_daemon_says_so() {
    if !has_ipv6() {
        return;
    }
    for taken in ["127.0.0.1", "::1"] {
        let taken: IpAddr = taken.parse().unwrap();
        let holder = TcpListener::bind((taken, 0)).unwrap();
        let port = holder.local_addr().unwrap().port();
        let (sandbox, server) = start_on(port);
        let daemon = Daemon::start(&sandbox, server);
        let (event, address) = ("event=listener_failed", format!("127.0.0.1:{port} (http_listen)"));
        daemon.wait_for_log(&[event, &address, "both 127.0.0.1 and ::1", "the port is taken"]);
    }
}

#[test]
fn a_reload_that_changes_the_address_moves_the_listener_and_keeps_the_tokens() {
    let running = Setup::new().global("http_listen = \"127.0.0.1:0\";").start();
    let token = running.sign_in("work");
    let before = Door::http(&running.sandbox);
    let moved = move_to_a_free_port(&running);
    let after = Door::http(&running.sandbox);
    assert_eq!(after.port, moved);
    assert_eq!(after.ask(visit(&after, "")).status(), Some(400));
    eventually("the old port to be given up", || {
        TcpStream::connect(("127.0.0.1", before.port)).is_err().then_some(())
    });
    assert_eq!(running.token("work"), token);
    running.revoke("work").exits(0);
    assert!(running.pending_url("work").contains(&format!("localhost%3A{moved}")));
    running.sign_in("work");
}

/// Changes `http_listen` from port 0 to the first that is free, and reloads. Not one of those that the system gives to
/// whoever asks for any: another test might be given it first.
fn move_to_a_free_port(running: &Running) -> u16 {
    let text = std::fs::read_to_string(running.sandbox.config_file()).unwrap();
    assert!(text.contains("127.0.0.1:0"), "{text}");
    let is_free = |port: &u16| {
        running.sandbox.write_config(&text.replace("127.0.0.1:0", &format!("127.0.0.1:{port}")));
        let reload = running.sandbox.applet("reload").run();
        reload.code() == 0 && !reload.stderr.contains("is taken")
    };
    (20_000..20_100).find(is_free).expect("a free port")
}

/// Listens, and keeps the port from being given to anybody who asks for none in particular.
fn hold_a_port() -> (TcpListener, (TcpStream, TcpStream), u16) {
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = holder.local_addr().unwrap();
    let kept = (TcpStream::connect(address).unwrap(), holder.accept().unwrap().0);
    (holder, kept, address.port())
}

#[test]
fn a_port_that_is_taken_keeps_nobody_from_a_token_and_is_listened_on_once_it_is_free() {
    let running =
        Setup::new().global("http_listen = \"127.0.0.1:0\";").account("work", "").account("play", "").start();
    let token = running.sign_in("work");
    let (holder, _kept, port) = hold_a_port();
    let text = std::fs::read_to_string(running.sandbox.config_file()).unwrap();
    let taken = format!("127.0.0.1:{port}");
    running.sandbox.write_config(&text.replace("127.0.0.1:0", &taken));
    running.sandbox.applet("reload").run().exits(0).says(&taken).says("the port is taken");
    running.daemon.wait_for_log(&["event=listener_failed", &taken]);
    assert_eq!(running.token("work"), token);
    let show = || running.sandbox.applet("show").args(["play"]).run().exits(1);
    let hindered = show().says("Access token unavailable until authorised with URL ");
    hindered.says("do not sign in yet").says(&taken).says("the port is taken");
    drop(holder);
    // A process that another test has just started may still have it.
    eventually("the port to be listened on", || {
        (!show().stderr.contains("do not sign in yet")).then_some(())
    });
    running.daemon.wait_for_log(&["event=listening", &taken]);
    running.sign_in("play");
}

#[test]
fn a_listener_that_other_machines_can_reach_is_warned_of() {
    let (sandbox, _) = start_on(0);
    let text = std::fs::read_to_string(sandbox.config_file()).unwrap();
    sandbox.write_config(&text.replace("127.0.0.1:0", "0.0.0.0:0"));
    let daemon = Daemon::start(&sandbox, sandbox.applet("server").args(["-v"]));
    daemon.wait_for_log(&["config_warning", "0.0.0.0:", "other machines"]);
}
