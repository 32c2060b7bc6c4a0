//! The command socket under callers that are many, slow, mute, mad or somebody else's.

mod crowds;
mod frames;
mod memory;
mod other_users;

use ring::digest::{SHA256, digest};

/// Bytes that look random, and are the same in each run.
fn noise(seed: usize, length: usize) -> Vec<u8> {
    let block = |number: usize| digest(&SHA256, format!("{seed} {number}").as_bytes());
    let blocks = (0..length.div_ceil(32)).map(block);
    let mut bytes: Vec<u8> = blocks.flat_map(|block| block.as_ref().to_vec()).collect();
    bytes.truncate(length);
    bytes
}
