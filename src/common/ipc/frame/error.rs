//! What can be wrong with a frame, and how the daemon says so.

use std::fmt;

use super::{Kind, MAX_RESTORE, VERSION};
use crate::ipc::message::{Refusal, Response};

/// The longest detail that is passed on: a caller's own text comes back in it.
const MAX_DETAIL: usize = 200;

/// A frame or message that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// It has no version byte.
    Empty,
    /// It is of a version that this program does not speak.
    UnknownVersion(u8),
    /// It is over its cap; figures in bytes, counted after the length.
    TooLarge {
        /// What was to be carried.
        kind: Kind,
        /// How long it says that it is.
        length: usize,
        /// How long it may be.
        limit: usize,
    },
    /// It is within its cap, and the system has no memory for it.
    NoMemory {
        /// How many bytes it was to take.
        length: usize,
    },
    /// It is no JSON, or no message of this version.
    NotAMessage(String),
}

impl FrameError {
    pub(super) fn not_a_message(error: &serde_json::Error) -> Self {
        Self::NotAMessage(error.to_string().chars().take(MAX_DETAIL).collect())
    }

    /// The daemon's answer to a request with this error.
    pub fn to_answer(&self) -> Response {
        let kind = match self {
            Self::UnknownVersion(_) => Refusal::UnsupportedVersion,
            Self::TooLarge { .. } | Self::NoMemory { .. } => Refusal::TooLarge,
            Self::Empty | Self::NotAMessage(_) => Refusal::BadRequest,
        };
        Response::Refused { kind, message: self.to_string() }
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the frame is empty: a version byte and a JSON object are missing"),
            Self::UnknownVersion(version) => {
                write!(f, "version {version} of the protocol is not spoken here, only version {VERSION}")
            }
            Self::TooLarge { kind: Kind::Request, length, limit } if *limit < MAX_RESTORE => write!(
                f,
                "a request of {length} bytes is over the limit of {limit} bytes (restore: {MAX_RESTORE} bytes)"
            ),
            Self::TooLarge { kind: Kind::Request, length, limit } => {
                write!(f, "a request of {length} bytes is over the limit of {limit} bytes")
            }
            Self::TooLarge { kind: Kind::Answer, length, limit } => {
                write!(f, "an answer of {length} bytes is over the limit of {limit} bytes")
            }
            Self::NoMemory { length } => write!(f, "there is no memory for {length} bytes of a request"),
            Self::NotAMessage(detail) => write!(f, "the message cannot be understood: {detail}"),
        }
    }
}

impl std::error::Error for FrameError {}
