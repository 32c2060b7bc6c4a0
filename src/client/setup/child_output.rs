//! What another program prints, as far as anybody waits and looks.

use std::io::{self, Read};
use std::process::ChildStdout;
use std::time::Duration;

use pizauth_common::deadline::Deadline;
use rustix::event::{PollFd, PollFlags};
use zeroize::Zeroizing;

/// All of it. Where that is `most` bytes or more there may be more, which is not read.
///
/// # Errors
/// It has not ended in time, or cannot be read.
pub(super) fn read(
    stdout: &mut ChildStdout,
    patience: Duration,
    most: usize,
) -> io::Result<Zeroizing<Vec<u8>>> {
    let deadline = Deadline::after(patience);
    let mut bytes = Zeroizing::new(Vec::new());
    let mut piece = Zeroizing::new([0; 4096]);
    while bytes.len() < most {
        deadline.wait(&mut [PollFd::new(stdout, PollFlags::IN)])?;
        match stdout.read(&mut *piece)? {
            0 => break,
            read => bytes.extend_from_slice(&piece[..read]),
        }
    }
    Ok(bytes)
}
