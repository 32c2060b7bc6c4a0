//! The kinds of frames. A byte before the message says how long it may be and what it is about, so that this is known
//! before any of it is given memory or read.

use serde::Serialize;

use crate::ipc::message::{Answer, Report, Request, Response};

/// The most that a short request may have after its length, in bytes.
pub const MAX_REQUEST: usize = 64 * 1024;
/// The same for a short answer: an access token of 64 KiB fits, however it is written.
pub(super) const MAX_ANSWER: usize = 256 * 1024;
/// The same for long requests and answers.
pub const MAX_LONG: usize = 16 * 1024 * 1024;

/// About how many bytes a row of `status` has.
const BYTES_OF_AN_ACCOUNT: usize = 256;

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum FrameKind {
    /// A request, but for those that carry a dump or refresh tokens.
    Request = 1,
    /// A request that carries those.
    LongRequest = 2,
    /// A [`Response`].
    Response = 3,
    /// A [`Report`].
    Report = 4,
}

impl FrameKind {
    /// The most that it may have after its length, in bytes.
    pub fn limit(self) -> usize {
        match self {
            Self::Request => MAX_REQUEST,
            Self::Response => MAX_ANSWER,
            Self::LongRequest | Self::Report => MAX_LONG,
        }
    }
}

/// What frames carry, as one side expects it.
pub trait Message: Serialize + Sized {
    /// The kinds of frames in which it comes.
    const KINDS: &'static [FrameKind];

    /// The kind of frame in which this one comes.
    fn kind(&self) -> FrameKind;

    /// About how many bytes its long members take, which spares a large one most of its allocations.
    fn room(&self) -> usize;

    /// Whether another one follows on the same connection.
    fn has_more(&self) -> bool {
        false
    }

    /// Reads it from the JSON text of a frame.
    ///
    /// # Errors
    /// The text is no such message.
    fn parse(kind: FrameKind, json: &[u8]) -> serde_json::Result<Self>;
}

impl Message for Request {
    const KINDS: &'static [FrameKind] = &[FrameKind::Request, FrameKind::LongRequest];

    fn kind(&self) -> FrameKind {
        match self {
            Self::Restore { .. } | Self::Import(_) => FrameKind::LongRequest,
            _ => FrameKind::Request,
        }
    }

    fn room(&self) -> usize {
        if let Self::Restore { dump } = self { dump.encoded_len() } else { self.long_bytes() }
    }

    fn parse(_: FrameKind, json: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(json)
    }
}

impl Message for Response {
    const KINDS: &'static [FrameKind] = &[FrameKind::Response];

    fn kind(&self) -> FrameKind {
        FrameKind::Response
    }

    fn room(&self) -> usize {
        0
    }

    fn has_more(&self) -> bool {
        matches!(self, Self::Pending(pending) if pending.more)
    }

    fn parse(_: FrameKind, json: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(json)
    }
}

impl Message for Answer {
    const KINDS: &'static [FrameKind] = &[FrameKind::Response, FrameKind::Report];

    fn kind(&self) -> FrameKind {
        if matches!(self, Self::Report(_)) { FrameKind::Report } else { FrameKind::Response }
    }

    fn room(&self) -> usize {
        match self {
            Self::Report(Report::Dump { dump }) => dump.encoded_len(),
            Self::Report(Report::Status { accounts, .. }) => accounts.len() * BYTES_OF_AN_ACCOUNT,
            _ => 0,
        }
    }

    fn parse(kind: FrameKind, json: &[u8]) -> serde_json::Result<Self> {
        match kind {
            FrameKind::Report => serde_json::from_slice(json).map(Self::Report),
            _ => serde_json::from_slice(json).map(Self::Response),
        }
    }
}
