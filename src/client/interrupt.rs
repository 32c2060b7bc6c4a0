//! Ctrl-C as an event, for commands that have something to say when they are left.

use std::io;
use std::os::unix::net::UnixStream;

use signal_hook::consts::SIGINT;
use signal_hook::low_level::pipe;

/// A stream that can be read from once somebody has pressed Ctrl-C. From here on that does not end this process.
///
/// # Errors
/// The system has no descriptor left.
pub(crate) fn watch() -> io::Result<UnixStream> {
    let (interrupts, sender) = UnixStream::pair()?;
    pipe::register(SIGINT, sender)?;
    Ok(interrupts)
}
