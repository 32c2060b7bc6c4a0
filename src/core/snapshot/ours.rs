//! Our own dump format.
//!
//! ```text
//! 8 bytes   magic
//! 1 byte    format version
//! 8 bytes   length of what follows the nonce, little-endian
//! 12 bytes  nonce
//! …         JSON under ChaCha20-Poly1305, the 17 bytes before the nonce as associated data; 16 bytes of tag
//! ```
//!
//! The key is public: the cipher keeps secrets from `strings` and `grep`, and its tag covers every byte. It
//! is not encryption. Within a version, readers ignore JSON members that they do not know, so that later
//! pizauths may add some; what an older reader must not ignore takes a new version.

use alloc::borrow::Cow;
use core::cmp::Ordering;

use base64::Engine;
use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use super::{
    AccountSnapshot, DumpError, Fingerprint, Lineage, NamesSeen, Snapshot, cipher, clamped, usable_token,
};
use crate::prelude::*;

/// As PNG does it: a high bit that 7-bit transfers strip, a CRLF and an LF that text modes change, and a
/// control-Z that stops `type`.
const MAGIC: [u8; 8] = *b"\x8ePIZ\r\n\x1a\n";
const VERSION: u8 = 1;
const PUBLIC_KEY: [u8; 32] = *b"pizauth dump: obscured, not safe";

const AUTHENTICATED_BYTES: usize = MAGIC.len() + 1 + 8;
const HEADER_BYTES: usize = AUTHENTICATED_BYTES + cipher::NONCE_BYTES;

/// The JSON of an account but for its name and tokens, rounded up.
const BYTES_AROUND_AN_ACCOUNT: usize = 320;

/// The JSON as it is written: entry by entry, without a second copy of everything.
#[derive(Serialize)]
struct Written<'a> {
    #[serde(serialize_with = "entries")]
    accounts: &'a [AccountSnapshot],
}

fn entries<S: Serializer>(accounts: &[AccountSnapshot], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(accounts.iter().map(Entry::of))
}

/// The JSON as it is read.
#[derive(Deserialize)]
struct Read<'a> {
    #[serde(borrow)]
    accounts: Vec<Entry<'a>>,
}

#[derive(Serialize, Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    account: Cow<'a, str>,
    #[serde(with = "base64_text")]
    fingerprint: Fingerprint,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    access_token: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token: Option<Cow<'a, str>>,
    /// Seconds since the epoch, like `expires`.
    obtained: u64,
    expires: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lineage: Option<Lineage>,
}

/// A fingerprint as base64 without padding.
mod base64_text {
    use super::*;

    pub(super) fn serialize<S: Serializer>(
        fingerprint: &Fingerprint,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Base64Display::new(&fingerprint.0, &STANDARD_NO_PAD))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Fingerprint, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let bytes = STANDARD_NO_PAD.decode(&*text).map_err(D::Error::custom)?;
        bytes.try_into().map(Fingerprint).map_err(|_| D::Error::custom("not 32 bytes"))
    }
}

/// Whether `dump` begins with our magic, or ends within it.
pub(super) fn is_ours(dump: &[u8]) -> bool {
    dump.starts_with(&MAGIC) || MAGIC.starts_with(dump)
}

/// Whether there is a magic of ours somewhere.
pub(super) fn is_within(bytes: &[u8]) -> bool {
    // Its first byte first: dumps are long, and this is asked of each one that is saved.
    bytes.windows(MAGIC.len()).any(|window| window.first() == MAGIC.first() && window == MAGIC)
}

/// Whether `dump` begins with what a text-mode transfer makes of our magic: the letters are where they were,
/// or up to two bytes later where the first byte became a longer character.
pub(super) fn is_text_mode_damage(dump: &[u8]) -> bool {
    !is_ours(dump) && dump.windows(3).skip(1).take(3).any(|window| window == &MAGIC[1..4])
}

pub(super) fn encode(snapshot: &Snapshot, entropy: &mut dyn FnMut(&mut [u8])) -> Zeroizing<Vec<u8>> {
    let mut dump = Zeroizing::new(Vec::with_capacity(expected_bytes(snapshot)));
    dump.resize(HEADER_BYTES, 0);
    serde_json::to_writer(&mut *dump, &Written { accounts: &snapshot.accounts })
        .expect("texts and numbers go into memory without fail");
    let authenticated = authenticated(dump.len() - HEADER_BYTES + cipher::TAG_BYTES);
    let mut nonce = [0; cipher::NONCE_BYTES];
    entropy(&mut nonce);

    let (header, body) = dump.split_at_mut(HEADER_BYTES);
    header[..AUTHENTICATED_BYTES].copy_from_slice(&authenticated);
    header[AUTHENTICATED_BYTES..].copy_from_slice(&nonce);
    let tag = cipher::seal(&PUBLIC_KEY, nonce, &authenticated, body);
    dump.extend_from_slice(&tag);
    dump
}

fn authenticated(sealed_bytes: usize) -> [u8; AUTHENTICATED_BYTES] {
    let mut bytes = [0; AUTHENTICATED_BYTES];
    let (magic, version_and_length) = bytes.split_at_mut(MAGIC.len());
    magic.copy_from_slice(&MAGIC);
    version_and_length[0] = VERSION;
    version_and_length[1..].copy_from_slice(&(sealed_bytes as u64).to_le_bytes());
    bytes
}

/// Enough to spare most dumps a second allocation.
fn expected_bytes(snapshot: &Snapshot) -> usize {
    let bytes_of = |account: &AccountSnapshot| {
        let tokens = [&account.access_token, &account.refresh_token].into_iter().flatten();
        let tokens: usize = tokens.map(|token| token.expose().len()).sum();
        account.account.as_str().len() + tokens + BYTES_AROUND_AN_ACCOUNT
    };
    HEADER_BYTES + BYTES_AROUND_AN_ACCOUNT + snapshot.accounts.iter().map(bytes_of).sum::<usize>()
}

/// What a dump has around all accounts, rounded up.
pub(super) const BYTES_AROUND_ALL: usize = HEADER_BYTES + cipher::TAG_BYTES + BYTES_AROUND_AN_ACCOUNT;

/// The least that an account takes: an access token that can be renewed may be left out. In JSON a quote or a backslash
/// has another before it.
pub(super) fn least_bytes(account: &AccountSnapshot) -> usize {
    let written = |text: &str| text.len() + text.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count();
    let token = account.refresh_token.as_ref().or(account.access_token.as_ref());
    let token = token.map_or(0, |token| written(token.expose()));
    BYTES_AROUND_AN_ACCOUNT + written(account.account.as_str()) + token
}

/// `dump` begins with the magic, or is a piece of it.
pub(super) fn decode(dump: &[u8]) -> Result<Snapshot, DumpError> {
    let too_short = DumpError::Truncated { missing: None };
    let (authenticated, rest) = dump.split_first_chunk::<AUTHENTICATED_BYTES>().ok_or(too_short.clone())?;
    let (nonce, sealed) = rest.split_first_chunk().ok_or(too_short)?;
    let [_, _, _, _, _, _, _, _, version, length @ ..] = *authenticated;
    match version {
        VERSION => {}
        0 => return Err(DumpError::Corrupted),
        _ => return Err(DumpError::Newer { version: version.into() }),
    }
    check_length(u64::from_le_bytes(length), sealed.len() as u64)?;
    let json = cipher::open(&PUBLIC_KEY, *nonce, authenticated, sealed).ok_or(DumpError::Corrupted)?;
    let payload: Read =
        serde_json::from_slice(&json).map_err(|_| DumpError::Malformed("not the JSON of a dump"))?;
    let mut names = NamesSeen::default();
    let accounts = payload.accounts.iter().map(|entry| entry.checked(&mut names));
    Ok(Snapshot { accounts: accounts.collect::<Result<_, _>>()? })
}

fn check_length(stated: u64, found: u64) -> Result<(), DumpError> {
    match stated.cmp(&found) {
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(DumpError::Truncated { missing: Some(stated - found) }),
        Ordering::Less => Err(DumpError::TrailingBytes { extra: found - stated }),
    }
}

impl<'a> Entry<'a> {
    fn of(account: &'a AccountSnapshot) -> Self {
        Self {
            account: account.account.as_str().into(),
            fingerprint: account.fingerprint,
            access_token: account.access_token.as_ref().map(|token| token.expose().into()),
            refresh_token: account.refresh_token.as_ref().map(|token| token.expose().into()),
            obtained: account.obtained.0,
            expires: account.expires.0,
            lineage: account.lineage,
        }
    }

    fn checked(&self, names: &mut NamesSeen) -> Result<AccountSnapshot, DumpError> {
        let account = names.take(&self.account)?;
        let usable = |token: &Option<Cow<str>>| {
            token.as_deref().map(|token| usable_token(&account, token)).transpose()
        };
        Ok(AccountSnapshot {
            fingerprint: self.fingerprint,
            access_token: usable(&self.access_token)?,
            refresh_token: usable(&self.refresh_token)?,
            obtained: clamped(self.obtained),
            expires: clamped(self.expires),
            lineage: self
                .lineage
                .map(|lineage| Lineage { authorized: clamped(lineage.authorized.0), ..lineage }),
            account,
        })
    }
}
