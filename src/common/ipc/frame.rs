//! The frame around a message: `u32` big-endian length of what follows, one version byte, JSON.
//!
//! [`Decoder`] is pure: bytes in, a frame out. The daemon's readiness loop and the commands' blocking client share it.

mod error;
#[cfg(test)]
mod tests;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use self::error::FrameError;
use super::message::{Request, Response};

/// The version of the protocol that this program speaks.
pub const VERSION: u8 = 1;
/// The most that a request may have after its length, in bytes.
pub const MAX_REQUEST: usize = 64 * 1024;
/// The same for `restore`, which carries a dump.
pub const MAX_RESTORE: usize = 16 * 1024 * 1024;
/// The most that an answer may have after its length, in bytes.
pub const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// How a request has to begin to be longer than [`MAX_REQUEST`].
const RESTORE_PREFIX: &[u8] = br#"{"request":"restore""#;
const LENGTH_BYTES: usize = 4;
const HEAD_BYTES: usize = LENGTH_BYTES + 1;
const FIRST_ALLOCATION: usize = 512;
/// A row of `status`, about.
const BYTES_OF_AN_ACCOUNT: usize = 256;

/// What a frame carries, which decides its cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// From a caller.
    Request,
    /// From the daemon.
    Answer,
}

/// Puts a frame together from bytes as they arrive. Its memory grows with what has arrived, not with what a length
/// promises, and a cap is checked as soon as the bytes that decide it are there.
#[derive(Debug)]
pub struct Decoder {
    kind: Kind,
    bytes: Vec<u8>,
}

impl Decoder {
    /// An empty one; it allocates nothing yet.
    pub fn new(kind: Kind) -> Self {
        Self { kind, bytes: Vec::new() }
    }

    /// Takes more bytes; the JSON text once it is whole. What follows the frame is ignored.
    ///
    /// # Errors
    /// The frame is over its cap, empty, or of another version. No more bytes should be pushed then.
    pub fn push(&mut self, mut more: &[u8]) -> Result<Option<Vec<u8>>, FrameError> {
        while let Some(want) = self.missing()? {
            if more.is_empty() {
                return Ok(None);
            }
            let (now, later) = more.split_at(want.min(more.len()));
            self.append(now)?;
            more = later;
        }
        let mut frame = std::mem::take(&mut self.bytes);
        frame.drain(..HEAD_BYTES);
        Ok(Some(frame))
    }

    /// Bytes of memory that are held for the frame.
    pub fn memory(&self) -> usize {
        self.bytes.capacity()
    }

    /// How many bytes to take before the next decision; none when the frame is whole.
    fn missing(&self) -> Result<Option<usize>, FrameError> {
        let Some((length, rest)) = self.bytes.split_first_chunk::<LENGTH_BYTES>() else {
            return Ok(Some(LENGTH_BYTES - self.bytes.len()));
        };
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let goal = self.checked_goal(length, rest)?;
        Ok(goal.checked_sub(rest.len()).filter(|missing| *missing > 0))
    }

    /// Up to where, after the length, the frame may be read without a further check.
    fn checked_goal(&self, length: usize, rest: &[u8]) -> Result<usize, FrameError> {
        let limit = match self.kind {
            Kind::Request => MAX_RESTORE,
            Kind::Answer => MAX_ANSWER,
        };
        if length == 0 {
            return Err(FrameError::Empty);
        }
        let Some((version, json)) = rest.split_first() else { return Ok(1) };
        if *version != VERSION {
            return Err(FrameError::UnknownVersion(*version));
        }
        let prefix = json.get(..RESTORE_PREFIX.len());
        match (self.kind, prefix) {
            _ if length > limit => Err(self.too_large(length, limit)),
            (Kind::Request, Some(prefix)) if length > MAX_REQUEST && prefix != RESTORE_PREFIX => {
                Err(self.too_large(length, MAX_REQUEST))
            }
            (Kind::Request, None) if length > MAX_REQUEST => Ok(1 + RESTORE_PREFIX.len()),
            _ => Ok(length),
        }
    }

    fn too_large(&self, length: usize, limit: usize) -> FrameError {
        FrameError::TooLarge { kind: self.kind, length, limit }
    }

    fn append(&mut self, more: &[u8]) -> Result<(), FrameError> {
        let needed = self.bytes.len() + more.len();
        if needed > self.bytes.capacity() {
            // Doubling, but never past the frame's end: what is freed is wiped in its whole capacity.
            let whole = self.bytes.first_chunk::<LENGTH_BYTES>().map_or(0, |length| {
                usize::try_from(u32::from_be_bytes(*length))
                    .unwrap_or(usize::MAX)
                    .saturating_add(LENGTH_BYTES)
            });
            let roomy = (needed * 2).max(FIRST_ALLOCATION).min(whole.max(HEAD_BYTES));
            let length = roomy.max(needed);
            // The daemon has better to do than to end because a caller's message does not fit.
            let reserved = self.bytes.try_reserve_exact(length - self.bytes.len());
            reserved.map_err(|_| FrameError::NoMemory { length })?;
        }
        self.bytes.extend_from_slice(more);
        Ok(())
    }
}

/// The frame of a request, in one buffer.
///
/// # Errors
/// It is over the cap.
pub fn encode_request(request: &Request) -> Result<Vec<u8>, FrameError> {
    let limit = if matches!(request, Request::Restore { .. }) { MAX_RESTORE } else { MAX_REQUEST };
    let room = if let Request::Restore { dump } = request { dump.encoded_len() } else { 0 };
    encode(request, Kind::Request, limit, room)
}

/// The frame of an answer, in one buffer.
///
/// # Errors
/// It is over the cap.
pub fn encode_answer(answer: &Response) -> Result<Vec<u8>, FrameError> {
    let room = match answer {
        Response::Dump { dump } => dump.encoded_len(),
        Response::Status { accounts } => accounts.len() * BYTES_OF_AN_ACCOUNT,
        _ => 0,
    };
    encode(answer, Kind::Answer, MAX_ANSWER, room)
}

/// Reads the JSON text of a request.
///
/// # Errors
/// It is no message of this version.
pub fn parse_request(json: &[u8]) -> Result<Request, FrameError> {
    parse(json)
}

/// Reads the JSON text of an answer: a [`Response`], or what stands for those that a command expects.
///
/// # Errors
/// It is no message of this version.
pub fn parse_answer<A: DeserializeOwned>(json: &[u8]) -> Result<A, FrameError> {
    parse(json)
}

/// `room` is about what the message's long members take, which spares a large one most of its allocations.
fn encode<M: Serialize>(message: &M, kind: Kind, limit: usize, room: usize) -> Result<Vec<u8>, FrameError> {
    let mut frame = Vec::with_capacity(FIRST_ALLOCATION.saturating_add(room.min(limit)));
    frame.extend_from_slice(&[0, 0, 0, 0, VERSION]);
    serde_json::to_writer(&mut frame, message).map_err(|error| FrameError::not_a_message(&error))?;
    let length = frame.len() - LENGTH_BYTES;
    match u32::try_from(length) {
        Ok(bytes) if length <= limit => frame[..LENGTH_BYTES].copy_from_slice(&bytes.to_be_bytes()),
        _ => return Err(FrameError::TooLarge { kind, length, limit }),
    }
    Ok(frame)
}

fn parse<M: DeserializeOwned>(json: &[u8]) -> Result<M, FrameError> {
    serde_json::from_slice(json).map_err(|error| FrameError::not_a_message(&error))
}
