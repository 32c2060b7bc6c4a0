//! A QR code (ISO/IEC 18004) of the address that a user opens on another device: half a character for each of its
//! squares, black on white whatever the colours of the terminal are.

use std::env;
use std::fmt;
use std::io;

use qrcodegen::{QrCode, QrCodeEcc};
use rustix::termios::tcgetwinsize;

#[cfg(test)]
mod tests;

/// White squares around it. The standard wants four; readers do with two.
const QUIET: usize = 2;
const BLACK_ON_WHITE: &str = "\x1b[0;30;47m";
const AS_BEFORE: &str = "\x1b[0m";

/// Why there is no picture.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoPicture {
    TooLong,
    TooNarrow { columns: usize, wanted: usize },
    NoUtf8,
}

impl fmt::Display for NoPicture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no QR code: ")?;
        match self {
            Self::TooLong => f.write_str("the address is too long for one"),
            Self::TooNarrow { columns, wanted } => {
                write!(f, "it takes {wanted} columns, and the terminal has {columns}")
            }
            Self::NoUtf8 => f.write_str("the locale (LC_ALL, LC_CTYPE, LANG) is none of UTF-8"),
        }
    }
}

/// Where it is to be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Screen {
    /// None where that is not known, as in a file.
    pub(super) columns: Option<usize>,
    pub(super) has_utf8: bool,
}

impl Screen {
    /// What standard output leads to.
    pub(super) fn here() -> Self {
        let size = tcgetwinsize(io::stdout()).ok();
        let columns = size.map(|size| size.ws_col.into()).filter(|columns| *columns > 0);
        let locale =
            ["LC_ALL", "LC_CTYPE", "LANG"].iter().filter_map(env::var_os).find(|value| !value.is_empty());
        let locale = locale.unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        Self { columns, has_utf8: locale.contains("utf-8") || locale.contains("utf8") }
    }
}

/// The code as lines of text.
///
/// # Errors
/// The screen cannot show it, or the text is too long for a QR code.
pub(super) fn picture(text: &str, screen: Screen) -> Result<String, NoPicture> {
    let code = QrCode::encode_text(text, QrCodeEcc::Low).map_err(|_| NoPicture::TooLong)?;
    let size = usize::try_from(code.size()).unwrap_or_default();
    let wanted = size + 2 * QUIET;
    match screen {
        Screen { has_utf8: false, .. } => Err(NoPicture::NoUtf8),
        Screen { columns: Some(columns), .. } if columns < wanted => {
            Err(NoPicture::TooNarrow { columns, wanted })
        }
        _ => Ok(drawn(size, |x, y| {
            // The crate answers "white" for places outside the code, such as -1.
            let at = |place| i32::try_from(place).unwrap_or(-1);
            code.get_module(at(x), at(y))
        })),
    }
}

/// A code of `size` modules a side, in its quiet zone. A character is two modules, one above the other.
fn drawn(size: usize, is_black: impl Fn(usize, usize) -> bool) -> String {
    let side = size + 2 * QUIET;
    let is_black = |x: usize, y: usize| {
        let inside = |place: usize| place.checked_sub(QUIET).filter(|place| *place < size);
        inside(x).zip(inside(y)).is_some_and(|(x, y)| is_black(x, y))
    };
    let half = |x, y| match (is_black(x, y), is_black(x, y + 1)) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) => ' ',
    };
    let line =
        |y| format!("{BLACK_ON_WHITE}{}{AS_BEFORE}\n", (0..side).map(|x| half(x, y)).collect::<String>());
    (0..side).step_by(2).map(line).collect()
}
