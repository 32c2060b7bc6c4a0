//! What can be wrong with a frame, and how the daemon says so.

use std::fmt;

use super::VERSION;
use super::kind::FrameKind;
use crate::ipc::message::{Answer, Refusal, Response};

/// The longest detail that is passed on: a caller's own text comes back in it.
const MAX_DETAIL: usize = 200;

/// A frame or message that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// It has no version or kind.
    Empty,
    /// It is of a version that this program does not speak.
    UnknownVersion(u8),
    /// It is of a kind that does not exist, or goes the other way.
    UnknownKind(u8),
    /// Its message belongs into a frame of another kind.
    WrongKind {
        /// In which it came.
        found: FrameKind,
        /// In which it should come.
        wanted: FrameKind,
    },
    /// It is over its cap.
    TooLarge {
        /// What it carries, which has the cap.
        kind: FrameKind,
        /// How many bytes it says that it has after its length.
        length: usize,
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
    pub fn to_answer(&self) -> Answer {
        let kind = match self {
            Self::UnknownVersion(_) => Refusal::UnsupportedVersion,
            Self::TooLarge { .. } | Self::NoMemory { .. } => Refusal::TooLarge,
            Self::Empty | Self::UnknownKind(_) | Self::WrongKind { .. } | Self::NotAMessage(_) => {
                Refusal::BadRequest
            }
        };
        Response::refused(kind, self.to_string()).into()
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the frame is empty: a version, a kind and a JSON object are missing"),
            Self::UnknownVersion(version) => {
                write!(f, "version {version} of the protocol is not spoken here, only version {VERSION}")
            }
            Self::UnknownKind(kind) => write!(f, "frames of kind {kind} are not known here"),
            Self::WrongKind { found, wanted } => {
                write!(f, "this message belongs into a frame of kind {}, not {}", *wanted as u8, *found as u8)
            }
            Self::TooLarge { kind, length } => {
                let (kind, limit) = (*kind as u8, kind.limit());
                write!(f, "a frame of kind {kind} with {length} bytes is over its limit of {limit} bytes")
            }
            Self::NoMemory { length } => write!(f, "there is no memory for {length} bytes of a request"),
            Self::NotAMessage(detail) => write!(f, "the message cannot be understood: {detail}"),
        }
    }
}

impl std::error::Error for FrameError {}
