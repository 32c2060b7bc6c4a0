//! One line of what somebody pastes: as much of it as an address may have, and wiped.

use std::io::{self, BufRead};

use pizauth_common::keys::{END, corrects};
use pizauth_common::secret::Secret;
use zeroize::Zeroizing;

/// Longer lines are no address, in bytes.
const LONGEST: usize = 16 * 1024;
/// After so many bytes without an end of the line nothing more is read.
const ENOUGH: usize = 4 * 1024 * 1024;

/// What has been pasted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pasted {
    /// Without its end.
    Text(Secret),
    /// It is longer than any address, or no text.
    NoText,
    /// There are no more.
    End,
}

/// Reads up to the end of the line; what is over the limit is passed over.
///
/// # Errors
/// It cannot be read.
pub(super) fn read(from: &mut impl BufRead) -> io::Result<Pasted> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    let mut length = 0;
    loop {
        let chunk = from.fill_buf()?;
        if chunk.is_empty() && length == 0 {
            return Ok(Pasted::End);
        }
        let end = chunk.iter().position(|byte| [b'\n', END].contains(byte));
        if length == 0 && chunk.first() == Some(&END) {
            from.consume(1);
            return Ok(Pasted::End);
        }
        let part = &chunk[..end.unwrap_or(chunk.len())];
        let room = LONGEST + 1 - bytes.len();
        bytes.extend_from_slice(&part[..part.len().min(room)]);
        let (part, is_over) = (part.len(), end.is_some() || chunk.is_empty());
        length += part + usize::from(end.is_some());
        from.consume(part + usize::from(end.is_some()));
        if length > ENOUGH {
            return Ok(Pasted::End);
        }
        if is_over {
            let is_short = bytes.len() <= LONGEST;
            let text = String::from_utf8(edited(&bytes)).ok().filter(|_| is_short);
            return Ok(text.map_or(Pasted::NoText, |text| Pasted::Text(Secret::new(text))));
        }
    }
}

/// What the keys that correct a line have left of it.
fn edited(keys: &[u8]) -> Vec<u8> {
    // Never moved, so that no copy of it stays behind.
    let mut line = Vec::with_capacity(keys.len());
    for key in keys {
        if !corrects(&mut line, *key) {
            line.push(*key);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> Vec<Pasted> {
        let mut from = io::BufReader::with_capacity(7, text);
        let mut lines = Vec::new();
        while lines.last() != Some(&Pasted::End) && lines.len() < 10 {
            lines.push(read(&mut from).unwrap());
        }
        lines
    }

    #[test]
    fn lines_are_read_one_by_one_and_the_last_needs_no_end() {
        let text = |text: &str| Pasted::Text(text.into());
        assert_eq!(
            lines(b"one\n\nthree is longer\r\nfour"),
            [text("one"), text(""), text("three is longer\r"), text("four"), Pasted::End]
        );
        assert_eq!(lines(b""), [Pasted::End]);
        assert_eq!(lines(b"\xff\nx"), [Pasted::NoText, text("x"), Pasted::End]);
    }

    #[test]
    fn keys_do_what_they_do_in_other_lines() {
        let text = |text: &str| Pasted::Text(text.into());
        assert_eq!(lines(b"\x7fa\x7fht\x08ttp\nno\x15yes\n"), [text("http"), text("yes"), Pasted::End]);
        assert_eq!(lines(b"yes\x04\x04no\n"), [text("yes"), Pasted::End]);
    }

    #[test]
    fn a_line_that_is_too_long_is_one_and_one_without_an_end_is_none() {
        let long = |length: usize| [vec![b'x'; length], b"\nnext".to_vec()].concat();
        assert_eq!(lines(&long(LONGEST))[0], Pasted::Text("x".repeat(LONGEST).as_str().into()));
        assert_eq!(lines(&long(LONGEST + 1)), [Pasted::NoText, Pasted::Text("next".into()), Pasted::End]);
        assert_eq!(lines(&long(1 << 20)), [Pasted::NoText, Pasted::Text("next".into()), Pasted::End]);
        assert_eq!(lines(&long(ENOUGH + 8)), [Pasted::End]);
    }
}
