//! A short look at a body that is no token answer: enough to recognize a captive portal.

use super::body::text_of;
use crate::http::Answer;
use crate::oauth::redaction::Redaction;
use crate::prelude::*;

const MAX_CHARS: usize = 120;

/// Bytes of the body that are looked at: to take a page apart costs many times its size.
const LOOKED_AT: usize = 16_384;

/// Longer words are left out: prose has none, and a token is one.
const MAX_WORD_CHARS: usize = 32;

/// The visible words of a page, or `None` where there are none or where they might be about tokens.
pub(super) fn preview(answer: &Answer, redaction: &Redaction) -> Option<String> {
    let text = text_of(head(&answer.body));
    let text = text.trim_ascii();
    if text.starts_with(['{', '[', '"']) || is_one_word(text) || mentions_token(text) {
        return None;
    }
    let words = redaction.apply(&visible(text));
    let words = words.split_whitespace().filter(|word| word.chars().count() <= MAX_WORD_CHARS);
    let preview: String = words.collect::<Vec<_>>().join(" ").chars().take(MAX_CHARS).collect();
    (!preview.is_empty()).then_some(preview)
}

/// The beginning, without a word that is cut in two: half a token is not known for one.
fn head(body: &[u8]) -> &[u8] {
    if body.len() <= LOOKED_AT {
        return body;
    }
    let head = &body[..LOOKED_AT];
    head.iter().rposition(u8::is_ascii_whitespace).map_or(&[], |end| &head[..end])
}

/// Prose has more than one; a bare token has not.
fn is_one_word(text: &str) -> bool {
    !text.contains(|c: char| c == '<' || c.is_whitespace())
}

fn mentions_token(text: &str) -> bool {
    text.to_ascii_lowercase().contains("token")
}

/// The title of a page, else the text outside its tags.
fn visible(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let title = lower.find("<title>").map(|start| start + "<title>".len()).and_then(|start| {
        let end = start + lower.get(start..)?.find('<')?;
        text.get(start..end).filter(|title| !title.trim().is_empty())
    });
    title.map_or_else(|| without_tags(text), str::to_owned)
}

fn without_tags(text: &str) -> String {
    let outside = text.split('<').enumerate().map(|(index, piece)| match index {
        0 => piece,
        _ => piece.split_once('>').map_or("", |(_tag, after)| after),
    });
    outside.collect::<Vec<_>>().join(" ")
}
