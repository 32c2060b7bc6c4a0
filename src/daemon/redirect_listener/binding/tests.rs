//! Which addresses are held for which `*_listen`.

use super::*;
use crate::redirect_listener::tests::support::until_nobody_listens;

fn bind(host: &str, port: u16, is_for_localhost: bool, held: &[Bound]) -> Result<Binding, BindError> {
    let address = ListenAddress { host: host.to_owned(), port };
    let addresses = Addresses::default();
    ListenSpec { option: "http_listen", address: &address, is_for_localhost, addresses: &addresses }
        .bind(held, None)
}

fn addresses(binding: &Binding) -> Vec<String> {
    binding.sockets.iter().map(|bound| bound.address.ip().to_string()).collect()
}

fn has_ipv6() -> bool {
    TcpListener::bind((V6, 0)).is_ok()
}

#[test]
fn localhost_is_held_in_both_halves_on_one_port() {
    let halves: &[&str] = if has_ipv6() { &["127.0.0.1", "::1"] } else { &["127.0.0.1"] };
    for (host, is_for_localhost) in [("127.0.0.1", true), ("localhost", true), ("LOCALHOST", false)] {
        let binding = bind(host, 0, is_for_localhost, &[]).unwrap();
        assert_eq!(addresses(&binding), halves, "{host}");
        assert!(binding.sockets.iter().all(|bound| bound.address.port() == binding.port));
    }
}

#[test]
fn another_host_is_bound_as_written() {
    for (host, is_for_localhost) in [("127.0.0.1", false), ("127.0.0.2", true), ("0.0.0.0", true)] {
        assert_eq!(addresses(&bind(host, 0, is_for_localhost, &[]).unwrap()), [host]);
    }
    if has_ipv6() {
        assert_eq!(addresses(&bind("::1", 0, true, &[]).unwrap()), ["::1"]);
    }
}

#[test]
fn a_port_that_is_taken_on_one_half_is_an_error() {
    if !has_ipv6() {
        return;
    }
    let other = TcpListener::bind((V6, 0)).unwrap();
    let port = other.local_addr().unwrap().port();
    let error = bind("127.0.0.1", port, true, &[]).unwrap_err().to_string();
    let expected = format!(
        "cannot listen on 127.0.0.1:{port} (http_listen) on both 127.0.0.1 and ::1, which localhost in a \
         redirect_uri needs: the port is taken (end the program that holds it, or choose another port, or 0 \
         for any)"
    );
    assert_eq!(error, expected);
    until_nobody_listens(port);
    assert!(TcpListener::bind((V4, port)).is_ok(), "the other half was kept");
}

#[test]
fn what_is_held_already_is_kept() {
    let before = bind("127.0.0.1", 0, true, &[]).unwrap();
    let after = bind("127.0.0.1", before.port, true, &before.sockets).unwrap();
    for (old, new) in before.sockets.iter().zip(&after.sockets) {
        assert!(Arc::ptr_eq(&old.socket, &new.socket));
    }
}

#[test]
fn a_port_that_was_picked_stays_while_it_can() {
    let before = bind("127.0.0.1", 0, false, &[]).unwrap();
    let address = ListenAddress { host: "127.0.0.1".to_owned(), port: 0 };
    let addresses = Addresses::default();
    let spec = ListenSpec {
        option: "http_listen",
        address: &address,
        is_for_localhost: true,
        addresses: &addresses,
    };
    assert_eq!(spec.bind(&before.sockets, Some(before.port)).unwrap().port, before.port);
    let elsewhere = spec.bind(&[], Some(before.port)).unwrap();
    assert_ne!(elsewhere.port, before.port, "the old port is taken, and not ours");
}

#[test]
fn only_a_machine_without_ipv6_may_do_without_it() {
    let is_without = |errno: Errno| is_without_ipv6(&io::Error::from_raw_os_error(errno.raw_os_error()));
    assert!(is_without(Errno::ADDRNOTAVAIL) && is_without(Errno::AFNOSUPPORT));
    assert!(!is_without(Errno::ADDRINUSE) && !is_without(Errno::ACCESS) && !is_without(Errno::MFILE));
}

#[test]
fn a_port_that_we_hold_for_another_address_is_told_apart() {
    let before = bind("0.0.0.0", 0, true, &[]).unwrap();
    let error = bind("127.0.0.1", before.port, false, &before.sockets).unwrap_err().to_string();
    assert!(error.ends_with("(by pizauthd itself, for another address: restart pizauthd)"), "{error}");
}

#[test]
fn an_error_says_what_to_do() {
    let error = bind("192.0.2.1", 4321, true, &[]).unwrap_err().to_string();
    assert_eq!(
        error,
        "cannot listen on 192.0.2.1:4321 (http_listen): this machine does not have that address"
    );
    let error = bind("2001:db8::1", 4321, true, &[]).unwrap_err().to_string();
    assert!(error.starts_with("cannot listen on [2001:db8::1]:4321 (http_listen): "), "{error}");
}
