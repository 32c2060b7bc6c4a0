//! Whose socket is at the other end.

use super::*;

#[test]
fn only_our_user_and_root_may_ask() {
    let table = [
        (Owner::User(1000), 1000, Ok(())),
        (Owner::User(0), 1000, Ok(())),
        (Owner::User(1001), 1000, Err(Refusal::OtherUser(1001))),
        (Owner::User(1000), 0, Err(Refusal::OtherUser(1000))),
        (Owner::Untold, 1000, Ok(())),
    ];
    for (owner, our_uid, expected) in table {
        for is_local in [true, false] {
            assert_eq!(judge(owner, is_local, our_uid), expected, "{owner:?} for {our_uid}");
        }
    }
    for (owner, refusal) in [(Owner::Nobody, Refusal::NoSocket), (Owner::Hidden, Refusal::Hidden)] {
        assert_eq!(judge(owner, true, 1000), Err(refusal));
        assert_eq!(judge(owner, false, 1000), Ok(()), "it is on another machine");
    }
}

/// Who may not be seen coming from 127.0.0.1 comes from another address of the machine.
#[test]
fn whoever_comes_to_a_loopback_address_needs_a_row_whatever_address_it_has() {
    for (peer, ours, is_local) in [
        ("192.0.2.2:1", "127.0.0.1:2", true),
        ("[2001:db8::2]:1", "[::1]:2", true),
        ("127.0.0.1:1", "192.0.2.2:2", true),
        ("192.0.2.3:1", "192.0.2.2:2", false),
    ] {
        let ends = Ends { peer: peer.parse().unwrap(), ours: ours.parse().unwrap() };
        assert_eq!(ends.are_local(), is_local, "{peer} to {ours}");
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io::Read;
    use std::net::TcpListener;

    use super::*;
    use crate::testing::{connection, connection_over};

    fn ends(peer: &str, ours: &str) -> Ends {
        Ends { peer: peer.parse().unwrap(), ours: ours.parse().unwrap() }
    }

    /// As on a little-endian machine; the words of the addresses are turned for others.
    fn row(peer: &str, ours: &str, state: &str, uid: u32, inode: u64) -> String {
        let turned = |address: &str| {
            let (ip, port) = address.split_once(':').unwrap();
            let words = ip.as_bytes().chunks(8).map(|word| {
                let word = u32::from_str_radix(std::str::from_utf8(word).unwrap(), 16).unwrap();
                format!("{:08X}", u32::from_le(word))
            });
            format!("{}:{port}", words.collect::<String>())
        };
        let (peer, ours) = (turned(peer), turned(ours));
        format!(
            "   1: {peer} {ours} {state} 00000000:00000000 02:00000A2C 00000000  {uid}        0 {inode} 2 0"
        )
    }

    #[test]
    fn rows_of_proc_net_tcp_are_matched_by_both_ends() {
        let v4 = ends("127.0.0.1:8080", "127.0.0.1:80");
        let found = |line: &str| proc_net::row_of(line, v4);
        let (peer, ours) = ("0100007F:1F90", "0100007F:0050");
        assert_eq!(found(&row(peer, ours, "01", 1000, 77)), Some(Row { uid: 1000, inode: 77 }));
        assert_eq!(found(&row(ours, peer, "01", 1000, 77)), None, "our own end");
        assert_eq!(found(&row(peer, ours, "0A", 1000, 77)), None, "one that listens");
        assert_eq!(found(&row("0100007F:1F91", ours, "01", 1000, 77)), None, "another port");
        let mapped_peer = "0000000000000000FFFF00000100007F:1F90";
        let mapped_ours = "0000000000000000FFFF00000100007F:0050";
        assert_eq!(found(&row(mapped_peer, mapped_ours, "01", 7, 1)), Some(Row { uid: 7, inode: 1 }));
    }

    #[test]
    fn rows_of_proc_net_tcp6_are_matched_too() {
        let v6 = ends("[::1]:8080", "[::1]:80");
        let line = row(
            "00000000000000000000000001000000:1F90",
            "00000000000000000000000001000000:0050",
            "01",
            1000,
            77,
        );
        assert_eq!(proc_net::row_of(&line, v6), Some(Row { uid: 1000, inode: 77 }));
    }

    #[test]
    fn lines_that_are_no_rows_match_nothing() {
        let v4 = ends("127.0.0.1:8080", "127.0.0.1:80");
        let good = row("0100007F:1F90", "0100007F:0050", "01", 1000, 77);
        let header = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid";
        for line in ["", header, "0: 0100007F 0100007F:0050 01", "0: é100007F:1F90 x", &good[..60]] {
            assert_eq!(proc_net::row_of(line, v4), None, "{line:?}");
        }
    }

    #[test]
    fn a_socket_without_inode_is_nobodys() {
        assert_eq!(Row { uid: 0, inode: 0 }.owner(), Owner::Nobody);
        assert_eq!(Row { uid: 0, inode: 1 }.owner(), Owner::User(0));
    }

    /// The whole answer of the kernel, cut, and with each byte turned: an error or another row, no panic.
    #[test]
    fn answers_of_sock_diag_are_not_trusted() {
        let v4 = ends("127.0.0.1:8080", "127.0.0.1:80");
        let mut answer = vec![0; 88];
        answer[4] = 20;
        answer[16..18].copy_from_slice(&[2, 1]);
        answer[20..24].copy_from_slice(&[0x1f, 0x90, 0, 80]);
        answer[24..28].copy_from_slice(&[127, 0, 0, 1]);
        answer[40..44].copy_from_slice(&[127, 0, 0, 1]);
        answer[80..84].copy_from_slice(&1000_u32.to_ne_bytes());
        answer[84..88].copy_from_slice(&77_u32.to_ne_bytes());
        assert_eq!(sock_diag::read(&answer, v4).unwrap(), Some(Row { uid: 1000, inode: 77 }));
        for length in 0..answer.len() {
            assert!(sock_diag::read(&answer[..length], v4).is_err(), "cut at {length}");
        }
        for index in [4, 16, 20, 23, 24, 43] {
            let mut turned = answer.clone();
            turned[index] ^= 0xff;
            assert_ne!(
                sock_diag::read(&turned, v4).ok().flatten(),
                Some(Row { uid: 1000, inode: 77 }),
                "byte {index}"
            );
        }
        answer[17] = LISTENS;
        assert_eq!(sock_diag::read(&answer, v4).unwrap(), None);
    }

    #[test]
    fn both_tables_know_our_own_connections() {
        let our_uid = rustix::process::geteuid().as_raw();
        let (table, peers) = (sock_diag::Table::open().unwrap(), PeerCheck::new());
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Some((_client, accepted)) = connection_over(address) else { continue };
            let ends = Ends::of(&accepted).unwrap();
            let asked = table.find(ends).unwrap().unwrap();
            assert_eq!((asked.uid, proc_net::find(ends).unwrap()), (our_uid, Some(asked)), "{address}");
            assert_eq!(peers.check(&accepted), Ok(()));
        }
    }

    #[test]
    fn a_peer_with_another_address_of_this_machine_has_a_row() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let Some(_client) = from_another_address(listener.local_addr().unwrap()) else { return };
        let accepted = listener.accept().unwrap().0;
        assert!(!accepted.peer_addr().unwrap().ip().is_loopback());
        let our_uid = rustix::process::geteuid().as_raw();
        assert_eq!(PeerCheck::new().owner(Ends::of(&accepted).unwrap()), Owner::User(our_uid));
    }

    /// A connection from an address of this machine that is not on loopback, if it has one.
    fn from_another_address(to: SocketAddr) -> Option<std::os::fd::OwnedFd> {
        use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
        let probe = std::net::UdpSocket::bind("0.0.0.0:0").ok()?;
        // Nothing is sent: the kernel tells which address it would use.
        probe.connect("192.0.2.1:9").ok()?;
        let ours = probe.local_addr().ok().filter(|address| !address.ip().is_loopback())?;
        let socket = socket(AddressFamily::INET, SocketType::STREAM, None).ok()?;
        bind(&socket, &SocketAddr::new(ours.ip(), 0)).ok()?;
        connect(&socket, &to).ok()?;
        Some(socket)
    }

    #[test]
    fn ipv4_over_a_socket_for_ipv6_is_recognised() {
        let Ok(listener) = TcpListener::bind("[::]:0") else { return };
        let port = listener.local_addr().unwrap().port();
        let (table, peers) = (sock_diag::Table::open().unwrap(), PeerCheck::new());
        for to in ["127.0.0.1", "::ffff:127.0.0.1", "::1"] {
            let to: std::net::IpAddr = to.parse().unwrap();
            if TcpListener::bind((to, 0)).is_err() {
                continue; // [::] can be there without ::1.
            }
            let _client = TcpStream::connect((to, port)).unwrap();
            let accepted = listener.accept().unwrap().0;
            let ends = Ends::of(&accepted).unwrap();
            assert_eq!(ends.peer.is_ipv4(), to.to_canonical().is_ipv4());
            assert_eq!(peers.check(&accepted), Ok(()), "{to}");
            assert!(table.find(ends).unwrap().is_some(), "{to}");
            assert!(proc_net::find(ends).unwrap().is_some(), "{to}");
        }
    }

    #[test]
    fn a_peer_that_has_gone_may_not_ask() {
        let (client, mut accepted) = connection();
        drop(client);
        // It has gone when no process has it, and one that another test starts may do so for a moment.
        assert_eq!(accepted.read(&mut [0]).unwrap(), 0);
        assert_eq!(PeerCheck::new().check(&accepted), Err(Refusal::NoSocket));
    }
}
