//! Text that others wrote, made safe to print: a server's message must not drive the terminal.

use std::borrow::Cow;
use std::fmt::Write;
use std::ops::RangeInclusive;

/// `text` on one line: each character that [`is_unsafe`] becomes `\u{…}`.
pub fn printable(text: &str) -> Cow<'_, str> {
    escape(text, is_unsafe)
}

/// As [`printable`], but line breaks are kept: for messages that have several lines.
pub fn printable_lines(text: &str) -> Cow<'_, str> {
    escape(text, |c| is_unsafe(c) && c != '\n')
}

/// Whether there is nothing but printable ASCII: VSCHAR of RFC 6749, appendix A.
pub fn is_printable_ascii(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

fn escape(text: &str, is_unsafe: fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_unsafe(c) {
            let _ = write!(escaped, "{}", c.escape_default());
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

/// Unicode's Default_Ignorable_Code_Point as far as it is in use, but the variation selectors, which belong to the
/// character before them; and the separators of lines and paragraphs.
const INVISIBLE: [RangeInclusive<char>; 14] = [
    '\u{ad}'..='\u{ad}',
    '\u{34f}'..='\u{34f}',
    '\u{61c}'..='\u{61c}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180e}'..='\u{180e}',
    '\u{200b}'..='\u{200f}',
    '\u{2028}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{3164}'..='\u{3164}',
    '\u{feff}'..='\u{feff}',
    '\u{ffa0}'..='\u{ffa0}',
    '\u{fff0}'..='\u{fff8}',
    '\u{e0000}'..='\u{e007f}',
];

/// Whether `c` must not reach a terminal: it controls it, breaks the line, is invisible or reorders other text.
pub fn is_unsafe(c: char) -> bool {
    c.is_control() || (!c.is_ascii() && INVISIBLE.iter().any(|range| range.contains(&c)))
}

/// Shortens `text` to at most `bytes`, at the start of a character.
pub fn cut(text: &mut String, bytes: usize) {
    let end = (0..=bytes.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.truncate(end.unwrap_or(0));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_is_untouched() {
        assert!(matches!(printable("arbeit@müller.example 仕事"), Cow::Borrowed(_)));
    }

    #[test]
    fn escape_sequences_do_not_reach_the_terminal() {
        assert_eq!(printable("a\x1b[2Jb\u{9b}c\n"), "a\\u{1b}[2Jb\\u{9b}c\\n");
        assert_eq!(printable("work\u{202e}drowssap"), "work\\u{202e}drowssap");
    }

    #[test]
    fn nothing_invisible_makes_two_texts_look_the_same() {
        let invisible = [
            '\u{ad}',
            '\u{61c}',
            '\u{200b}',
            '\u{200d}',
            '\u{2028}',
            '\u{2060}',
            '\u{2066}',
            '\u{feff}',
            '\u{e0041}',
        ];
        for c in invisible {
            assert_eq!(printable(&format!("wo{c}rk")), format!("wo{}rk", c.escape_default()));
        }
    }

    #[test]
    fn several_lines_stay_several() {
        assert_eq!(printable_lines("one\n\ttwo\r\n"), "one\n\\ttwo\\r\n");
    }
}
