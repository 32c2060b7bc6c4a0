//! The frame around a message: `u32` big-endian length of what follows, a version byte, a kind byte, JSON.
//!
//! [`Decoder`] is pure: bytes in, a message out. The daemon's readiness loop and the commands' client share it.

mod ask;
mod error;
mod kind;
#[cfg(test)]
mod tests;

use std::marker::PhantomData;

use serde::Serialize;

pub use self::ask::Ask;
pub use self::error::FrameError;
pub use self::kind::{FrameKind, MAX_LONG, MAX_REQUEST, Message};

/// The version of the protocol that this program speaks.
pub const VERSION: u8 = 1;

const LENGTH_BYTES: usize = 4;
/// Length, version, kind.
const HEAD_BYTES: usize = LENGTH_BYTES + 2;
const FIRST_ALLOCATION: usize = 512;

/// Puts a message together from bytes as they arrive. Its memory grows with what has arrived, not with what a length
/// promises, and a cap is checked before anything of the message is taken.
#[derive(Debug)]
pub struct Decoder<M> {
    bytes: Vec<u8>,
    message: PhantomData<M>,
}

impl<M> Default for Decoder<M> {
    /// Without memory of its own yet.
    fn default() -> Self {
        Self { bytes: Vec::new(), message: PhantomData }
    }
}

impl<M: Message> Decoder<M> {
    /// Takes more bytes; the message once it is whole. What follows the frame is ignored.
    ///
    /// # Errors
    /// The frame or its message cannot be used. No more bytes should be pushed then.
    pub fn push(&mut self, mut more: &[u8]) -> Result<Option<M>, FrameError> {
        self.take(&mut more)
    }

    /// As [`Decoder::push`], and leaves what follows the frame, which begins the next one.
    ///
    /// # Errors
    /// As [`Decoder::push`].
    pub fn take(&mut self, more: &mut &[u8]) -> Result<Option<M>, FrameError> {
        loop {
            let head = head(&self.bytes, M::KINDS)?;
            let whole = head.map_or(HEAD_BYTES, |(_, whole)| whole);
            if let Some((kind, _)) = head
                && self.bytes.len() == whole
            {
                return parse(kind, &std::mem::take(&mut self.bytes)).map(Some);
            }
            if more.is_empty() {
                return Ok(None);
            }
            let (now, later) = more.split_at(more.len().min(whole - self.bytes.len()));
            self.append(now, whole)?;
            *more = later;
        }
    }

    /// Bytes of memory that are held for the frame.
    pub fn memory(&self) -> usize {
        self.bytes.capacity()
    }

    fn append(&mut self, more: &[u8], whole: usize) -> Result<(), FrameError> {
        let needed = self.bytes.len() + more.len();
        if needed > self.bytes.capacity() {
            // Doubling, but never past the frame's end: what is freed is wiped in its whole capacity.
            let length = (needed * 2).max(FIRST_ALLOCATION).min(whole);
            // A failure to allocate would end the whole daemon; this way it ends one call.
            let reserved = self.bytes.try_reserve_exact(length - self.bytes.len());
            reserved.map_err(|_| FrameError::NoMemory { length })?;
        }
        self.bytes.extend_from_slice(more);
        Ok(())
    }
}

/// The kind of a frame and the bytes of all of it, once its head is there. Each byte is judged as soon as it has come.
fn head(bytes: &[u8], kinds: &[FrameKind]) -> Result<Option<(FrameKind, usize)>, FrameError> {
    let Some((length, rest)) = bytes.split_first_chunk::<LENGTH_BYTES>() else { return Ok(None) };
    let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    if length < HEAD_BYTES - LENGTH_BYTES {
        return Err(FrameError::Empty);
    }
    let Some((version, rest)) = rest.split_first() else { return Ok(None) };
    if *version != VERSION {
        return Err(FrameError::UnknownVersion(*version));
    }
    let Some(byte) = rest.first() else { return Ok(None) };
    let kind = kinds.iter().find(|kind| **kind as u8 == *byte);
    let kind = *kind.ok_or(FrameError::UnknownKind(*byte))?;
    if length > kind.limit() {
        return Err(FrameError::TooLarge { kind, length });
    }
    Ok(Some((kind, LENGTH_BYTES + length)))
}

/// The frame of a message, in one buffer.
///
/// # Errors
/// It is over the cap.
pub fn encode<M: Message>(message: &M) -> Result<Vec<u8>, FrameError> {
    framed(message.kind(), message.room(), message)
}

fn framed(kind: FrameKind, room: usize, message: &impl Serialize) -> Result<Vec<u8>, FrameError> {
    let room = room.min(kind.limit());
    let mut frame = Vec::with_capacity(FIRST_ALLOCATION.saturating_add(room));
    frame.extend_from_slice(&[0, 0, 0, 0, VERSION, kind as u8]);
    serde_json::to_writer(&mut frame, message).map_err(|error| FrameError::not_a_message(&error))?;
    let length = frame.len() - LENGTH_BYTES;
    match u32::try_from(length) {
        Ok(bytes) if length <= kind.limit() => frame[..LENGTH_BYTES].copy_from_slice(&bytes.to_be_bytes()),
        _ => return Err(FrameError::TooLarge { kind, length }),
    }
    Ok(frame)
}

fn parse<M: Message>(kind: FrameKind, frame: &[u8]) -> Result<M, FrameError> {
    let json = frame.get(HEAD_BYTES..).unwrap_or_default();
    let message = M::parse(kind, json).map_err(|error| FrameError::not_a_message(&error))?;
    let wanted = message.kind();
    if kind == wanted { Ok(message) } else { Err(FrameError::WrongKind { found: kind, wanted }) }
}
