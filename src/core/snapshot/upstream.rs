//! Upstream's dump format, read only: nobody signs in again to try us.
//!
//! Twelve bytes of nonce, then ChaCha20-Poly1305 with a key that upstream publishes and no associated data
//! over a packed list of accounts. Numbers are little-endian; a text or a list is a `u64` length and the data.

use pizauth_common::unix_time::UnixTime;

use super::{
    AccountSnapshot, DumpError, Fingerprint, NamesSeen, SecurityFields, Snapshot, cipher, clamped,
    usable_token,
};
use crate::prelude::*;

const VERSION: u64 = 1;
/// More accounts, or scopes or fields of one, than anybody has: what is read of a dump must not take many times its
/// size.
const MOST_ACCOUNTS: u64 = 50_000;
const MOST_VALUES: u64 = 1_000;
pub(super) const PUBLIC_KEY: [u8; 32] = [
    0x66, 0xa2, 0x47, 0xa8, 0x5e, 0x48, 0xcf, 0xec, 0xaa, 0xed, 0x9b, 0x36, 0xeb, 0xa9, 0x7d, 0x53, 0x50,
    0xd4, 0x28, 0x63, 0x75, 0x09, 0x7a, 0x44, 0xee, 0xff, 0xb9, 0xc4, 0x54, 0x6b, 0x65, 0xa3,
];

/// Without magic bytes, only the integrity check tells upstream's dump from anything else.
pub(super) fn decode(dump: &[u8]) -> Result<Snapshot, DumpError> {
    let (nonce, sealed) = dump.split_first_chunk().ok_or(DumpError::Foreign)?;
    let plain = cipher::open(&PUBLIC_KEY, *nonce, b"", sealed).ok_or(DumpError::Foreign)?;
    let mut reader = Reader(&plain);
    match reader.u64()? {
        VERSION => {}
        0 => return Err(DumpError::Malformed("its version is 0")),
        version => return Err(DumpError::Newer { version }),
    }
    let mut names = NamesSeen::default();
    let accounts = reader.list(MOST_ACCOUNTS, |reader| account(reader, &mut names))?;
    match reader.0.len() {
        0 => Ok(Snapshot { accounts: accounts.into_iter().flatten().collect() }),
        extra => Err(DumpError::TrailingBytes { extra: extra as u64 }),
    }
}

/// One account; `None` where upstream had no tokens for it.
fn account(reader: &mut Reader, names: &mut NamesSeen) -> Result<Option<AccountSnapshot>, DumpError> {
    let name = reader.text()?;
    let account = names.take(name)?;
    let auth_uri = reader.text()?;
    let auth_uri_fields =
        reader.list(MOST_VALUES, |reader| Ok((reader.text()?.to_owned(), reader.text()?.to_owned())))?;
    let client_id = reader.text()?;
    let _client_secret = reader.option(Reader::text)?;
    let redirect_uri = reader.text()?;
    let scopes = reader.list(MOST_VALUES, |reader| reader.text().map(str::to_owned))?;
    let token_uri = reader.text()?;
    match reader.u32()? {
        0 => return Ok(None),
        1 => {}
        _ => return Err(DumpError::Malformed("an account is neither empty nor active")),
    }
    let access_token = Some(usable_token(&account, reader.text()?)?);
    let obtained = reader.time()?;
    let expires = reader.time()?;
    let refresh_token =
        reader.option(Reader::text)?.map(|token| usable_token(&account, token)).transpose()?;
    let fingerprint = Fingerprint::of(&SecurityFields {
        name,
        auth_uri,
        auth_uri_fields: &auth_uri_fields,
        client_id,
        redirect_uri,
        scopes: &scopes,
        token_uri,
        // What it does not know.
        ..SecurityFields::default()
    });
    Ok(Some(AccountSnapshot {
        account,
        fingerprint,
        access_token,
        refresh_token,
        obtained,
        expires,
        lineage: None,
    }))
}

/// What is still to be read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], DumpError> {
        let (head, rest) = self.0.split_first_chunk().ok_or(DumpError::Malformed("it ends too early"))?;
        self.0 = rest;
        Ok(*head)
    }

    fn u32(&mut self) -> Result<u32, DumpError> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, DumpError> {
        self.array().map(u64::from_le_bytes)
    }

    fn text(&mut self) -> Result<&'a str, DumpError> {
        let length = usize::try_from(self.u64()?).unwrap_or(usize::MAX);
        let (text, rest) =
            self.0.split_at_checked(length).ok_or(DumpError::Malformed("a text is longer than the dump"))?;
        self.0 = rest;
        str::from_utf8(text).map_err(|_| DumpError::Malformed("a text is not UTF-8"))
    }

    fn option<T>(
        &mut self,
        some: impl FnOnce(&mut Self) -> Result<T, DumpError>,
    ) -> Result<Option<T>, DumpError> {
        match self.array()? {
            [0] => Ok(None),
            [1] => some(self).map(Some),
            _ => Err(DumpError::Malformed("an optional value is neither there nor not there")),
        }
    }

    /// Nothing is allocated for the count: each item has to be there, and takes bytes of the dump.
    fn list<T>(
        &mut self,
        most: u64,
        mut item: impl FnMut(&mut Self) -> Result<T, DumpError>,
    ) -> Result<Vec<T>, DumpError> {
        let count = self.u64()?;
        if count > most {
            return Err(DumpError::Malformed("a list is longer than anybody's"));
        }
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// Seconds and nanoseconds since the epoch; fractions of a second are dropped.
    fn time(&mut self) -> Result<UnixTime, DumpError> {
        let (seconds, nanoseconds) = (self.u64()?, self.u32()?);
        match nanoseconds {
            0..1_000_000_000 => Ok(clamped(seconds)),
            _ => Err(DumpError::Malformed("a time has too many nanoseconds")),
        }
    }
}
