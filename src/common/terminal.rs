//! Text that others wrote, made fit to be shown, in a terminal, a log, a page or a notification: a server's message
//! must not drive what shows it, nor pass for another text.

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

/// Outside ASCII and the controls: Unicode's categories Cf, Zl and Zp and its Default_Ignorable_Code_Point, but for the
/// variation selectors, which belong to the character before them; and what is no character.
const INVISIBLE: [RangeInclusive<char>; 30] = [
    '\u{ad}'..='\u{ad}',
    '\u{34f}'..='\u{34f}',
    '\u{600}'..='\u{605}',
    '\u{61c}'..='\u{61c}',
    '\u{6dd}'..='\u{6dd}',
    '\u{70f}'..='\u{70f}',
    '\u{890}'..='\u{891}',
    '\u{8e2}'..='\u{8e2}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180e}'..='\u{180e}',
    '\u{200b}'..='\u{200f}',
    '\u{2028}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{3164}'..='\u{3164}',
    '\u{fdd0}'..='\u{fdef}',
    '\u{feff}'..='\u{feff}',
    '\u{ffa0}'..='\u{ffa0}',
    '\u{fff0}'..='\u{fffb}',
    '\u{fffe}'..='\u{ffff}',
    '\u{110bd}'..='\u{110bd}',
    '\u{110cd}'..='\u{110cd}',
    '\u{13430}'..='\u{1343f}',
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{1fffe}'..='\u{1ffff}',
    // From here on the last two code points of each plane, which are no characters; and from plane 4 on everything but
    // the variation selectors of plane 14 and the private use of plane 15: nobody writes the rest.
    '\u{2fffe}'..='\u{2ffff}',
    '\u{3fffe}'..='\u{e00ff}',
    '\u{e01f0}'..='\u{effff}',
    '\u{ffffe}'..='\u{10ffff}',
];

/// Whether `c` must not be shown: it controls a terminal, breaks the line, is invisible or reorders other text.
pub fn is_unsafe(c: char) -> bool {
    c.is_control() || (!c.is_ascii() && INVISIBLE.iter().any(|range| range.contains(&c)))
}

/// JSON text with what [`is_unsafe`] in its strings as `\uXXXX`; its line breaks stay.
pub fn printable_json(json: &str) -> Cow<'_, str> {
    let is_unsafe = |c| is_unsafe(c) && c != '\n';
    if !json.contains(is_unsafe) {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if is_unsafe(c) {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| {
                let _ = write!(escaped, "\\u{unit:04x}");
            });
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
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
        let invisible = "\u{ad}\u{61c}\u{200b}\u{200d}\u{2028}\u{2029}\u{2060}\u{2066}\u{feff}\u{fff9}\u{fffb}\u{1bca0}\
                         \u{1bca3}\u{1d173}\u{1d17a}\u{13430}\u{110bd}\
                         \u{600}\u{70f}\u{fdd0}\u{ffff}\u{e0001}\u{e0041}\u{e0fff}";
        for c in invisible.chars() {
            assert_eq!(printable(&format!("wo{c}rk")), format!("wo{}rk", c.escape_default()));
        }
    }

    #[test]
    fn what_people_write_is_shown_as_it_is() {
        let text =
            "naïve Ελλάδα עברית العربية हिन्दी 한국어 𠮷野家 葛\u{e0100}城 ☎\u{fe0f} 👍🏽 ∑ 𝄞 \u{fffd} \u{e000}";
        assert!(matches!(printable(text), Cow::Borrowed(_)));
    }

    #[test]
    fn json_stays_what_it_was_and_drives_no_terminal() {
        let text = "a\u{9b}31m\u{7f}\u{202e}\u{e0041} ü\"\\\n";
        let json = serde_json::to_string_pretty(&[text]).expect("JSON");
        let escaped = printable_json(&json);
        assert!(escaped.contains(r"a\u009b31m\u007f\u202e\udb40\udc41 ü"), "{escaped}");
        assert!(!escaped.replace('\n', "").contains(is_unsafe), "{escaped}");
        assert_eq!(serde_json::from_str::<[String; 1]>(&escaped).expect("JSON"), [text]);
        assert!(matches!(printable_json("{\n}"), Cow::Borrowed(_)));
    }

    #[test]
    fn several_lines_stay_several() {
        assert_eq!(printable_lines("one\n\ttwo\r\n"), "one\n\\ttwo\\r\n");
    }
}
