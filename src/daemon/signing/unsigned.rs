//! Why nothing is signed.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;

use pizauth_common::cause::Cause;
use rustix::io::Errno;

use super::key_file::KeyFault;

/// A file that is needed for it cannot be used.
#[derive(Debug)]
pub(super) struct Unsigned {
    /// The option that names it.
    pub(super) option: &'static str,
    /// As it does so.
    pub(super) path: String,
    pub(super) why: Unusable,
}

impl fmt::Display for Unsigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { option, path, why } = self;
        write!(f, "cannot use {option} {path}: {why}")
    }
}

impl Error for Unsigned {}

/// What is wrong with it.
#[derive(Debug)]
pub(super) enum Unusable {
    /// Its path begins with `~/`.
    NoHome,
    Io(io::Error),
    NotRegular,
    /// Neither the user's own nor root's.
    OfOther {
        uid: u32,
    },
    /// Than this, in bytes.
    TooLarge {
        most: u64,
    },
    NoCertificate,
    /// It tells whose key it is.
    OfOtherClient {
        owner: String,
        client_id: Arc<str>,
    },
    Key(KeyFault),
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHome => f.write_str("there is no HOME"),
            Self::Io(error) => Cause(error).fmt(f),
            Self::NotRegular => f.write_str("it is not a regular file"),
            Self::OfOther { uid } => write!(f, "it belongs to another user (uid {uid})"),
            Self::TooLarge { most } => write!(f, "it is larger than {} KiB", most >> 10),
            Self::NoCertificate => {
                f.write_str("there is no certificate in it (PEM: -----BEGIN CERTIFICATE-----)")
            }
            Self::OfOtherClient { owner, client_id } => {
                write!(f, "it is the key of {owner}, and client_id is {client_id}")
            }
            Self::Key(fault) => fault.fmt(f),
        }
    }
}

impl From<io::Error> for Unusable {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Errno> for Unusable {
    fn from(errno: Errno) -> Self {
        Self::Io(errno.into())
    }
}

impl From<KeyFault> for Unusable {
    fn from(fault: KeyFault) -> Self {
        Self::Key(fault)
    }
}
