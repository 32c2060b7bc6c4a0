//! Reads a configuration file, whatever it is, without ever hanging on it.

mod exposure;
mod hook_files;
mod secrecy;
mod unreadable;

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use rustix::event::PollFlags;
use rustix::fs::{FileType, Mode, OFlags, Stat};
use zeroize::Zeroizing;

use self::exposure::Exposed;
use self::secrecy::holds_a_secret;
pub use self::unreadable::Unreadable;
use super::report::{Diagnostic, Severity};
use super::snippet::visible;
use super::source::{Position, Source};
use super::{Checked, Report, parse};
use crate::deadline::Deadline;
use crate::paths::ProcessEnvironment;

/// What a pipe may take to deliver everything: a person may be typing a passphrase into gpg.
const PATIENCE: Duration = Duration::from_secs(10);
/// In bytes.
const LARGEST: usize = 16 << 20;
const PIECE: usize = 64 << 10;

/// When the file is read, which decides what it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Anything that can be read to its end within 10 s and 16 MiB: `-c <(gpg -d …)`.
    Start,
    /// A regular file only: a pipe cannot be read a second time.
    Reload,
}

/// Why there is no configuration.
#[derive(Debug)]
pub enum LoadError {
    /// The file could not be read.
    Unreadable {
        /// Its name.
        file: OsString,
        /// What happened.
        why: Unreadable,
    },
    /// It could, and has errors.
    Invalid {
        /// Its name.
        file: OsString,
        /// The errors, and what else there is to say.
        report: Report,
    },
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { file, why } => {
                write!(f, "cannot read the configuration {}: {why}", visible(&file.to_string_lossy()))
            }
            // Diagnostics begin a line, `FILE:LINE:COLUMN:`, since that is where editors look for them.
            Self::Invalid { file, report } => {
                write!(f, "the configuration {} has errors:\n{report}", visible(&file.to_string_lossy()))
            }
        }
    }
}

impl std::error::Error for LoadError {}

/// Reads and checks the configuration file at `path`.
///
/// # Errors
///
/// When it cannot be read, is not what may be read now, is not UTF-8, or has errors.
pub fn load(path: &Path, when: When) -> Result<Checked, LoadError> {
    let unreadable = |why| LoadError::Unreadable { file: path.as_os_str().to_owned(), why };
    let invalid = |report| LoadError::Invalid { file: path.as_os_str().to_owned(), report };
    let (bytes, stat) = read(path, when).map_err(unreadable)?;
    let name = path.to_string_lossy();
    let text =
        std::str::from_utf8(&bytes).map_err(|error| invalid(not_utf8(&bytes, error.valid_up_to(), &name)))?;
    let mut checked = parse(text, &name).map_err(invalid)?;
    checked.warnings.append(hook_files::warnings(&checked.config, text, &name, &ProcessEnvironment));
    let exposed = exposure::of(path, &stat, holds_a_secret(&checked.config));
    let keys = exposure::of_keys(&checked.config, &ProcessEnvironment);
    exposed.into_iter().chain(keys).for_each(|exposed| checked.warnings.push(warning(exposed, &name)));
    Ok(checked)
}

fn read(path: &Path, when: When) -> Result<(Zeroizing<Vec<u8>>, Stat), Unreadable> {
    // Not blocking: opening a FIFO would wait for its writer.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
    let file = rustix::fs::open(path, flags, Mode::empty())?;
    let stat = rustix::fs::fstat(&file)?;
    match FileType::from_raw_mode(stat.st_mode as _) {
        FileType::RegularFile => {}
        FileType::Directory => return Err(Unreadable::Directory),
        _ if when == When::Reload => return Err(Unreadable::NotAgain),
        _ => {}
    }
    Ok((read_to_end(&File::from(file))?, stat))
}

/// Everything up to the end, within the limits.
fn read_to_end(file: &File) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
    let deadline = Deadline::after(PATIENCE);
    let mut bytes = Zeroizing::new(Vec::new());
    let mut piece = Zeroizing::new(vec![0; PIECE]);
    loop {
        // A FIFO has no end before it has had a writer, so it is waited for first.
        match deadline.transfer(file, PollFlags::IN, |mut file| file.read(&mut piece))? {
            0 => return Ok(bytes),
            read => bytes.extend_from_slice(&piece[..read]),
        }
        if bytes.len() > LARGEST {
            return Err(Unreadable::TooLarge);
        }
    }
}

fn not_utf8(bytes: &[u8], valid: usize, name: &str) -> Report {
    let before = bytes.get(..valid).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default();
    let byte = bytes.get(valid).copied().unwrap_or_default();
    let position = Source::new(before, name).position(&before[before.len()..]);
    let message = format!("the byte 0x{byte:02X} is not UTF-8");
    let help = Some("save the file in the encoding UTF-8".into());
    Report::new(0, vec![about_the_file(Severity::Error, position, message, help, name)])
}

fn warning(exposed: Exposed, name: &str) -> Diagnostic {
    let Exposed { message, help } = exposed;
    about_the_file(Severity::Warning, Position { line: 1, column: 1 }, message, Some(help), name)
}

/// A diagnostic that shows nothing of the text.
fn about_the_file(
    severity: Severity,
    position: Position,
    message: String,
    help: Option<String>,
    name: &str,
) -> Diagnostic {
    Diagnostic { severity, position, file_name: name.to_owned(), message, snippet: String::new(), help }
}

#[cfg(test)]
mod tests;
