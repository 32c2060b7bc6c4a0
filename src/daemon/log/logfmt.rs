//! The text of a line: logfmt, one line whatever the values are, with a cap.

use std::fmt::Write;

use pizauth_common::terminal::{self, printable};

/// A line with our name before it and a newline after it fits into PIPE_BUF, 4096 bytes on Linux, so that a
/// pipe takes it whole or not at all (POSIX write).
pub(super) const MAX_BYTES: usize = 4080;
/// Marks what was cut.
const ELLIPSIS: &str = "…";

/// `event=NAME key=value …`
#[derive(Debug)]
pub(super) struct Text(String);

impl Text {
    pub(super) fn new(event: &str) -> Self {
        Self(format!("event={event}"))
    }

    /// Adds a value that is quoted always.
    pub(super) fn quoted(&mut self, key: &str, value: &str) {
        let _ = write!(self.0, " {key}=\"");
        self.push_capped(&escaped(value));
        self.0.push('"');
    }

    /// Adds a value that is quoted where a reader could misread it.
    pub(super) fn field(&mut self, key: &str, value: &str) {
        if !value.is_empty() && value.bytes().all(is_plain) && value.len() < MAX_BYTES / 8 {
            let _ = write!(self.0, " {key}={value}");
        } else {
            self.quoted(key, value);
        }
    }

    /// The line, without a newline.
    pub(super) fn finished(mut self) -> String {
        if self.0.len() > MAX_BYTES {
            cut(&mut self.0, MAX_BYTES - ELLIPSIS.len());
            self.0.push_str(ELLIPSIS);
        }
        self.0
    }

    /// A value may take what is left of the line, less some room for the fields that follow.
    fn push_capped(&mut self, value: &str) {
        let room = (MAX_BYTES - MAX_BYTES / 8).saturating_sub(self.0.len());
        let start = self.0.len();
        self.0.push_str(value);
        if value.len() > room {
            cut(&mut self.0, start + room);
            self.0.push_str(ELLIPSIS);
        }
    }
}

/// `value` with quotes, backslashes, control characters and line breaks escaped.
fn escaped(value: &str) -> String {
    printable(&value.replace('\\', "\\\\").replace('"', "\\\"")).into_owned()
}

/// What can stand without quotes: no space, no `=`, no quote, nothing that a shell or a regex would trip over.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.:/+@%,".contains(&byte)
}

/// Shortens `text` to at most `bytes`, not within a character or an escape.
fn cut(text: &mut String, bytes: usize) {
    terminal::cut(text, bytes);
    let backslashes = text.bytes().rev().take_while(|byte| *byte == b'\\').count();
    if backslashes % 2 == 1 {
        text.pop();
    }
}
