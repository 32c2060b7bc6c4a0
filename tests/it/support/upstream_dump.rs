//! Dumps as upstream writes them: a way to sessions that nobody has to sign in to.

use std::time::UNIX_EPOCH;

use chacha20poly1305::aead::Aead;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit};
use pizauth_test_server::AuthServer;

/// A session of an account as [`super::Setup`] configures it.
pub(crate) struct Session<'a> {
    pub(crate) account: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) access_token: &'a str,
    /// Seconds before now.
    pub(crate) obtained_ago: u64,
    /// Seconds from now on.
    pub(crate) expires_in: u64,
}

/// A dump of these sessions with `server`.
pub(crate) fn upstream_dump(server: &AuthServer, sessions: &[Session<'_>]) -> Vec<u8> {
    sealed(&plaintext(server, sessions))
}

pub(crate) fn sealed(plaintext: &[u8]) -> Vec<u8> {
    const KEY: [u8; 32] = [
        0x66, 0xa2, 0x47, 0xa8, 0x5e, 0x48, 0xcf, 0xec, 0xaa, 0xed, 0x9b, 0x36, 0xeb, 0xa9, 0x7d, 0x53, 0x50,
        0xd4, 0x28, 0x63, 0x75, 0x09, 0x7a, 0x44, 0xee, 0xff, 0xb9, 0xc4, 0x54, 0x6b, 0x65, 0xa3,
    ];
    let nonce = [7; 12];
    let sealed = ChaCha20Poly1305::new(&KEY.into()).encrypt(&nonce.into(), plaintext).unwrap();
    [&nonce, sealed.as_slice()].concat()
}

pub(crate) fn plaintext(server: &AuthServer, sessions: &[Session<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    number(&mut out, 1);
    number(&mut out, sessions.len() as u64);
    for session in sessions {
        append(&mut out, server, session);
    }
    out
}

fn append(out: &mut Vec<u8>, server: &AuthServer, session: &Session<'_>) {
    let now = UNIX_EPOCH.elapsed().expect("a clock after 1970").as_secs();
    text(out, session.account);
    text(out, &server.auth_uri());
    number(out, 0);
    text(out, session.client_id);
    out.push(0);
    text(out, "http://localhost/");
    number(out, 2);
    text(out, "imap");
    text(out, "smtp");
    text(out, &server.token_uri());
    out.extend(1u32.to_le_bytes());
    text(out, session.access_token);
    for seconds in [now - session.obtained_ago, now + session.expires_in] {
        number(out, seconds);
        out.extend(0u32.to_le_bytes());
    }
    out.push(1);
    text(out, "upstreams-refresh-token");
}

fn number(out: &mut Vec<u8>, number: u64) {
    out.extend(number.to_le_bytes());
}

fn text(out: &mut Vec<u8>, text: &str) {
    number(out, text.len() as u64);
    out.extend(text.as_bytes());
}
