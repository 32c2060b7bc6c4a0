//! Dumps made by hand: a snapshot, our format around any payload, and upstream's writer.

use chacha20poly1305::aead::{AeadInPlace, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};

use super::super::*;

pub(super) const OURS: &str = include_str!("../../../../tests/dumps/ours-1.hex");
pub(super) const UPSTREAM: &str = include_str!("../../../../tests/dumps/upstream-1.hex");

pub(super) fn bytes_of(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

pub(super) fn sevens(buffer: &mut [u8]) {
    buffer.fill(7);
}

pub(super) fn account(name: &str) -> AccountSnapshot {
    AccountSnapshot {
        account: name.into(),
        fingerprint: Fingerprint::of(&fields(name)),
        access_token: Some(Secret::from("EwB4-access.token/~+=")),
        refresh_token: Some(Secret::from("0.AX \"refresh\\token\"")),
        obtained: UnixTime(1_790_000_000),
        expires: UnixTime(1_790_003_600),
        lineage: None,
    }
}

pub(super) fn fields(name: &str) -> SecurityFields<'_> {
    SecurityFields {
        name,
        auth_uri: "https://login.example.org/authorize",
        auth_uri_fields: &[],
        client_id: "pizauth-test",
        redirect_uri: "http://localhost/",
        scopes: &[],
        token_uri: "https://login.example.org/token",
        resource: &[],
        token_uri_fields: &[],
        is_application: false,
        subject: None,
    }
}

pub(super) fn snapshot() -> Snapshot {
    let lineage = Lineage { session: u64::MAX, generation: 3, authorized: UnixTime(1_780_000_000) };
    let work = AccountSnapshot { lineage: Some(lineage), ..account("work") };
    let without_refresh_token = AccountSnapshot { refresh_token: None, ..account("büro") };
    Snapshot { accounts: vec![work, without_refresh_token] }
}

/// Our format around a payload of the test's choice.
pub(super) fn ours_around(version: u8, json: &str) -> Vec<u8> {
    let mut dump = b"\x8ePIZ\r\n\x1a\n".to_vec();
    dump.push(version);
    dump.extend((json.len() as u64 + 16).to_le_bytes());
    let sealed = sealed(*b"pizauth dump: obscured, not safe", &dump, json.as_bytes());
    dump.extend(sealed);
    dump
}

/// Nonce, ciphertext, tag.
pub(super) fn sealed(key: [u8; 32], associated: &[u8], plain: &[u8]) -> Vec<u8> {
    let nonce = [7; 12];
    let mut body = plain.to_vec();
    let tag = ChaCha20Poly1305::new(Key::from_slice(&key))
        .encrypt_in_place_detached(Nonce::from_slice(&nonce), associated, &mut body)
        .unwrap();
    [&nonce[..], &body, &tag].concat()
}

pub(super) fn upstream_around(plain: &[u8]) -> Vec<u8> {
    sealed(upstream::PUBLIC_KEY, b"", plain)
}

/// Packs values as upstream does.
#[derive(Clone, Default)]
pub(super) struct Packer(pub(super) Vec<u8>);

impl Packer {
    pub(super) fn u8(mut self, value: u8) -> Self {
        self.0.push(value);
        self
    }
    pub(super) fn u32(mut self, value: u32) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }
    pub(super) fn u64(mut self, value: u64) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }
    pub(super) fn bytes(mut self, text: &[u8]) -> Self {
        self = self.u64(text.len() as u64);
        self.0.extend(text);
        self
    }
    pub(super) fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }
    pub(super) fn account(self, name: &str) -> Self {
        self.text(name)
            .text("https://login.example.org")
            .u64(1)
            .text("login_hint")
            .text("ich@example.org")
            .text("pizauth-test")
            .u8(1)
            .text("a client secret")
            .text("http://localhost/")
            .u64(2)
            .text("mail")
            .text("offline_access")
            .text("https://login.example.org/token")
    }
    pub(super) fn active(self, access_token: &str, expires: u64, nanoseconds: u32) -> Self {
        let times = self.u32(1).text(access_token).u64(1_790_000_000).u32(1).u64(expires).u32(nanoseconds);
        times.u8(1).text("a refresh token")
    }
    /// A dump of one account with these tokens.
    pub(super) fn one(access_token: &str, expires: u64, nanoseconds: u32) -> Vec<u8> {
        let packed = Self::default().u64(1).u64(1).account("work");
        upstream_around(&packed.active(access_token, expires, nanoseconds).0)
    }
}

pub(super) fn upstream_fields() -> ([(String, String); 1], [String; 2]) {
    let hint = ("login_hint".to_owned(), "ich@example.org".to_owned());
    ([hint], ["mail".to_owned(), "offline_access".to_owned()])
}

pub(super) fn malformed(dump: &[u8]) -> bool {
    matches!(Snapshot::decode(dump), Err(DumpError::Malformed(_)))
}
