//! The text of a configuration file and the names of the places in it.

use std::ops::Range;

/// Bytes of the text that no diagnostic may show: in its order, without overlaps.
#[derive(Debug)]
pub(super) struct Hidden(pub(super) Vec<Range<usize>>);

impl Hidden {
    /// Whether a byte of `place` is among them.
    pub(super) fn overlaps(&self, place: Range<usize>) -> bool {
        let candidate = self.0.partition_point(|hidden| hidden.end <= place.start);
        self.0.get(candidate).is_some_and(|hidden| hidden.start < place.end)
    }
}

/// A place in the text, as people count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    /// From 1.
    pub(super) line: usize,
    /// In characters, from 1.
    pub(super) column: usize,
}

/// The text with its name and the beginnings of its lines.
pub(super) struct Source<'a> {
    text: &'a str,
    pub(super) file_name: &'a str,
    line_starts: Vec<usize>,
}

impl<'a> Source<'a> {
    pub(super) fn new(text: &'a str, file_name: &'a str) -> Self {
        let after_newlines =
            text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { text, file_name, line_starts: std::iter::once(0).chain(after_newlines).collect() }
    }

    /// Where `place`, a slice of the text, begins.
    pub(super) fn position(&self, place: &str) -> Position {
        let (line, start) = self.line_of(offset(self.text, place));
        let before = self.text.get(start..offset(self.text, place)).unwrap_or_default();
        Position { line, column: before.chars().count() + 1 }
    }

    /// The line on which `place` begins, without its end, and the offset at which it begins.
    pub(super) fn line(&self, place: &str) -> (usize, &'a str) {
        let (_, start) = self.line_of(offset(self.text, place));
        let line = self.text[start..].split('\n').next().unwrap_or_default();
        (start, line.strip_suffix('\r').unwrap_or(line))
    }

    /// The offset of `place` in the text.
    pub(super) fn offset(&self, place: &str) -> usize {
        offset(self.text, place)
    }

    fn line_of(&self, offset: usize) -> (usize, usize) {
        let line = self.line_starts.partition_point(|start| *start <= offset);
        (line, self.line_starts[line - 1])
    }
}

/// The offset of `place`, a slice of `text`. A slice of something else counts as the end: a diagnostic
/// in the wrong place is better than a panic.
pub(super) fn offset(text: &str, place: &str) -> usize {
    let distance = (place.as_ptr() as usize).checked_sub(text.as_ptr() as usize);
    distance.filter(|distance| *distance <= text.len()).unwrap_or(text.len())
}
