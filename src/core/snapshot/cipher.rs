//! ChaCha20-Poly1305 (RFC 8439) over bytes in memory.
//!
//! From ring, which TLS brings along: at the release profile's optimisation for size it is several times as
//! fast as a generic implementation, and a dump of many accounts holds up the event loop.

use crate::prelude::*;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

pub(super) const NONCE_BYTES: usize = ring::aead::NONCE_LEN;
pub(super) const TAG_BYTES: usize = 16;

/// Encrypts `body` in place; the result authenticates it, and `associated` with it.
pub(super) fn seal(
    key: &[u8; 32],
    nonce: [u8; NONCE_BYTES],
    associated: &[u8],
    body: &mut [u8],
) -> [u8; TAG_BYTES] {
    let sealed = key_of(key).seal_in_place_separate_tag(
        Nonce::assume_unique_for_key(nonce),
        Aad::from(associated),
        body,
    );
    let mut tag = [0; TAG_BYTES];
    tag.copy_from_slice(sealed.expect("a body in memory is under the cipher's 256 GiB").as_ref());
    tag
}

/// Decrypts what [`seal`] gives, the tag behind the body; `None` if a bit of anything is different.
pub(super) fn open(
    key: &[u8; 32],
    nonce: [u8; NONCE_BYTES],
    associated: &[u8],
    sealed: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let mut buffer = Zeroizing::new(sealed.to_vec());
    let nonce = Nonce::assume_unique_for_key(nonce);
    let plain = key_of(key).open_in_place(nonce, Aad::from(associated), &mut buffer).ok()?.len();
    buffer.truncate(plain);
    Some(buffer)
}

fn key_of(key: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, key).expect("the cipher's keys have 32 bytes"))
}
