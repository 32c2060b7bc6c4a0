//! The source line of a diagnostic and the caret under the place: tabs, wide and invisible characters,
//! long lines, secrets.

use std::ops::Range;

use super::source::{Hidden, Source};
use crate::terminal::is_unsafe;

/// So many characters before and after the place are shown of a long line.
const CONTEXT: usize = 60;
const INDENT: &str = "    ";
const TAB: usize = 8;

/// Two lines: the source, and carets under `place`. Empty when the line is.
pub(super) fn snippet(source: &Source<'_>, place: &str, secrets: &Hidden) -> String {
    let (start, line) = source.line(place);
    let marked = source.offset(place) - start;
    let marked = marked.min(line.len())..(marked + place.len().max(1)).min(line.len());
    if line.trim().is_empty() {
        return String::new();
    }
    let window = window(line, marked.start);
    let hidden = |at| secrets.overlaps(start + at..start + at + 1);
    let mut drawing = Drawing::default();
    if window.start > 0 {
        drawing.put("…", false);
    }
    for (at, c) in line[window.clone()].char_indices() {
        let at = window.start + at;
        drawing.source(c, hidden(at), marked.contains(&at));
    }
    if window.end < line.len() {
        drawing.put("…", false);
    }
    drawing.finish()
}

/// The bytes of a long line that are shown.
fn window(line: &str, place: usize) -> Range<usize> {
    let (before, after) = line.split_at(place);
    let start = before.char_indices().rev().take(CONTEXT).last().map_or(place, |(at, _)| at);
    let end = after.char_indices().nth(CONTEXT).map_or(line.len(), |(at, _)| place + at);
    start..end
}

#[derive(Default)]
struct Drawing {
    source: String,
    carets: String,
    width: usize,
    hiding: bool,
}

impl Drawing {
    fn source(&mut self, c: char, hidden: bool, marked: bool) {
        let begins = hidden && !self.hiding;
        self.hiding = hidden;
        match c {
            _ if begins => self.put("…", marked),
            _ if hidden && marked => {
                self.carets.pop();
                self.carets.push('^');
            }
            _ if hidden => {}
            '\t' => self.put(&" ".repeat(TAB - self.width % TAB), marked),
            c => self.put(&visible(c.encode_utf8(&mut [0; 4])), marked),
        }
    }

    fn put(&mut self, text: &str, marked: bool) {
        let width: usize = text.chars().map(width).sum();
        self.source.push_str(text);
        let caret = if marked { "^" } else { " " };
        self.carets.push_str(&caret.repeat(width));
        self.width += width;
    }

    fn finish(mut self) -> String {
        if !self.carets.contains('^') {
            self.carets.push('^');
        }
        format!("{INDENT}{}\n{INDENT}{}", self.source.trim_end(), self.carets.trim_end())
    }
}

/// `text` with whatever a terminal would not show, or would obey, spelled out.
pub(super) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_invisible(c) {
            shown.push_str(&format!("<U+{:04X}>", u32::from(c)));
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Also separators and spaces that look like others.
fn is_invisible(c: char) -> bool {
    is_unsafe(c) || (c != ' ' && c.is_whitespace())
}

/// Columns of a terminal: 0 for combining marks, 2 for East Asian wide characters and pictographs.
fn width(c: char) -> usize {
    match u32::from(c) {
        0x300..=0x36f | 0x483..=0x489 | 0x591..=0x5bd | 0x64b..=0x65f | 0x1ab0..=0x1aff => 0,
        0x1dc0..=0x1dff | 0x20d0..=0x20ff | 0xfe00..=0xfe0f | 0xfe20..=0xfe2f => 0,
        0x1100..=0x115f | 0x2e80..=0x303e | 0x3041..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff => 2,
        0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 => 2,
        0x1f300..=0x1f64f | 0x1f680..=0x1f6ff | 0x1f900..=0x1f9ff | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests;
