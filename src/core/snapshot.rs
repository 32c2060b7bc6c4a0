//! The token state as data: what `dump` writes and `restore` takes back.

mod cipher;
mod error;
mod fingerprint;
mod ours;
mod upstream;

#[cfg(test)]
mod tests;

use alloc::collections::BTreeSet;

use pizauth_common::account_name::AccountName;
use pizauth_common::dump::MAX_BYTES;
use pizauth_common::secret::Secret;
use pizauth_common::unix_time::UnixTime;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::prelude::*;
pub use error::DumpError;
pub use fingerprint::{Fingerprint, SecurityFields};

/// The tokens of all accounts at one time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// One for each account of the dump, accounts without tokens left out.
    pub accounts: Vec<AccountSnapshot>,
}

/// The tokens of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountSnapshot {
    /// Its name.
    pub account: AccountName,
    /// What the configuration must still say for these tokens to fit.
    pub fingerprint: Fingerprint,
    /// RFC 6749 §1.4. Absent where it has expired.
    pub access_token: Option<Secret>,
    /// RFC 6749 §1.5.
    pub refresh_token: Option<Secret>,
    /// When the access token was obtained.
    pub obtained: UnixTime,
    /// When the access token expires.
    pub expires: UnixTime,
    /// Where the tokens come from; upstream's dumps do not say.
    pub lineage: Option<Lineage>,
}

/// Which authorization tokens come from, and how many refreshes ago that was. Of two snapshots of one session
/// this tells the newer one, whatever the clocks did meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lineage {
    /// A random number that each authorization gets.
    pub session: u64,
    /// Counts the refreshes since.
    pub generation: u64,
    /// When the user authorized.
    pub authorized: UnixTime,
}

impl Lineage {
    /// Of a session that begins.
    pub(crate) fn new(session: u64, authorized: UnixTime) -> Self {
        Self { session, generation: 0, authorized }
    }
}

impl Snapshot {
    /// Reads a dump, ours or upstream's: whole, or not at all.
    ///
    /// # Errors
    ///
    /// Any byte that is missing, changed or too many; a newer format; content that breaks a rule.
    pub fn decode(dump: &[u8]) -> Result<Self, DumpError> {
        match dump.len() {
            0 => Err(DumpError::Empty),
            bytes if bytes > MAX_BYTES => Err(DumpError::TooLarge { bytes }),
            _ if ours::is_ours(dump) => ours::decode(dump),
            _ if ours::is_text_mode_damage(dump) => Err(DumpError::TextMode),
            _ => upstream::decode(dump),
        }
    }

    /// Writes a dump. `entropy` fills a buffer with random bytes.
    ///
    /// The bytes are obscured and protected against damage, **not** encrypted: whoever has them has the
    /// tokens.
    pub fn encode(&self, entropy: &mut dyn FnMut(&mut [u8])) -> Zeroizing<Vec<u8>> {
        ours::encode(self, entropy)
    }

    /// Writes a dump that can be read again, as [`Snapshot::encode`] does. Where there is too much for one, it lacks
    /// access tokens that a refresh token renews, the longest first.
    pub fn encode_to_fit(self, entropy: &mut dyn FnMut(&mut [u8])) -> Zeroizing<Vec<u8>> {
        self.encode_within(MAX_BYTES, entropy)
    }

    fn encode_within(mut self, limit: usize, entropy: &mut dyn FnMut(&mut [u8])) -> Zeroizing<Vec<u8>> {
        let dump = self.encode(entropy);
        if dump.len() <= limit {
            return dump;
        }
        self.leave_out(dump.len() - limit);
        drop(dump);
        self.encode(entropy)
    }

    /// Leaves out access tokens of so many bytes, or all that can be renewed.
    fn leave_out(&mut self, bytes: usize) {
        let mut renewable: Vec<_> =
            self.accounts.iter_mut().filter(|account| account.refresh_token.is_some()).collect();
        let length =
            |account: &AccountSnapshot| account.access_token.as_ref().map_or(0, |it| it.expose().len());
        renewable.sort_by_key(|account| core::cmp::Reverse(length(account)));
        let mut left_out = 0;
        for account in renewable {
            if left_out >= bytes {
                break;
            }
            left_out += length(account);
            account.access_token = None;
        }
    }
}

/// What a dump has room for, without the access tokens that it can do without.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    bytes: usize,
}

impl Room {
    /// That of an empty dump.
    pub(crate) fn of_a_dump() -> Self {
        Self { bytes: MAX_BYTES - ours::BYTES_AROUND_ALL }
    }

    /// Room for the account in place of what is there of it. False, and nothing changes, where there is none.
    pub(crate) fn replace(&mut self, present: Option<&AccountSnapshot>, new: &AccountSnapshot) -> bool {
        let bytes = self.bytes.saturating_add(present.map_or(0, ours::least_bytes));
        let left = bytes.checked_sub(ours::least_bytes(new));
        self.bytes = left.unwrap_or(self.bytes);
        left.is_some()
    }

    /// Takes the room of an account that is there already, whether or not there is enough.
    pub(crate) fn take(&mut self, present: &AccountSnapshot) {
        self.bytes = self.bytes.saturating_sub(ours::least_bytes(present));
    }
}

/// Whether a dump of ours lies somewhere in these bytes, for all to see.
pub fn holds_a_dump(bytes: &[u8]) -> bool {
    ours::is_within(bytes)
}

/// Longer names, of accounts that we do not have, would only be told to whoever restores.
const MAX_NAME_BYTES: usize = 4096;

/// The names that a dump has had so far: each may stand once.
#[derive(Default)]
struct NamesSeen(BTreeSet<AccountName>);

impl NamesSeen {
    fn take(&mut self, name: &str) -> Result<AccountName, DumpError> {
        if name.len() > MAX_NAME_BYTES {
            return Err(DumpError::Malformed("the name of an account has more than 4096 bytes"));
        }
        let name = AccountName::from(name);
        match self.0.insert(name.clone()) {
            true => Ok(name),
            false => Err(DumpError::DuplicateAccount(name)),
        }
    }
}

fn usable_token(account: &AccountName, token: &str) -> Result<Secret, DumpError> {
    Secret::token(token).ok_or_else(|| DumpError::UnusableToken(account.clone()))
}

/// A time of a dump, in seconds since the epoch, with what is absurd cut off.
fn clamped(seconds: u64) -> UnixTime {
    UnixTime(seconds).min(UnixTime::MAX)
}
