//! Why a dump is refused, in words for a person at night.

use core::fmt;

use pizauth_common::account_name::AccountName;
use pizauth_common::dump::MAX_BYTES;

/// A dump that is not taken. It is refused whole: nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DumpError {
    /// Nothing at all.
    Empty,
    /// Over [`MAX_BYTES`].
    TooLarge {
        /// Its size in bytes.
        bytes: usize,
    },
    /// Neither our format nor upstream's.
    Foreign,
    /// Line ends or high bits were changed on the way.
    TextMode,
    /// Shorter than it says.
    Truncated {
        /// How many bytes are missing, where that is known.
        missing: Option<u64>,
    },
    /// Longer than it says.
    TrailingBytes {
        /// By how many bytes.
        extra: u64,
    },
    /// The integrity check failed.
    Corrupted,
    /// A format version that we do not know.
    Newer {
        /// That version.
        version: u64,
    },
    /// The integrity check holds, but the content breaks a rule of the format.
    Malformed(&'static str),
    /// Two entries for one account.
    DuplicateAccount(AccountName),
    /// A token that is empty, over 64 KiB or not printable ASCII.
    UnusableToken(AccountName),
}

impl fmt::Display for DumpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "dump refused, nothing restored: {}", self.why())
    }
}

impl DumpError {
    /// What is wrong with it, without what follows from that.
    pub fn why(&self) -> impl fmt::Display + '_ {
        Why(self)
    }
}

struct Why<'a>(&'a DumpError);

impl fmt::Display for Why<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            DumpError::Empty => f.write_str("it is empty (did the command before the pipe fail?)"),
            DumpError::TooLarge { bytes } => {
                write!(f, "it has {bytes} bytes, more than the {MAX_BYTES} that a dump may have")
            }
            DumpError::Foreign => {
                f.write_str("not made by pizauth (still encrypted? decrypt it first), or damaged")
            }
            DumpError::TextMode => f.write_str(
                "its first bytes were changed on the way, as a text-mode transfer does: copy it as binary",
            ),
            DumpError::Truncated { missing: Some(missing) } => {
                write!(f, "truncated, {missing} bytes are missing (was a disk full when it was written?)")
            }
            DumpError::Truncated { missing: None } => {
                f.write_str("truncated (was a disk full when it was written?)")
            }
            DumpError::TrailingBytes { extra } => {
                write!(f, "{extra} bytes follow its end (are two dumps in one file?)")
            }
            DumpError::Corrupted => f.write_str("corrupted, its integrity check fails: restore another copy"),
            DumpError::Newer { version } => {
                write!(f, "made by a newer pizauth (dump format {version}): update this one")
            }
            DumpError::Malformed(what) => write!(f, "its content is malformed: {what}"),
            DumpError::DuplicateAccount(account) => {
                write!(f, "it has two entries for account {:?}", account.as_str())
            }
            DumpError::UnusableToken(account) => write!(
                f,
                "a token of account {:?} is not 1 byte to 64 KiB of printable ASCII",
                account.as_str()
            ),
        }
    }
}

impl core::error::Error for DumpError {}
