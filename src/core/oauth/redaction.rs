//! Takes secrets out of what a server wrote: some repeat the refresh token in their error message.

mod guess;
#[cfg(test)]
mod tests;

use alloc::borrow::Cow;
use alloc::vec;
use core::ops::Range;

use pizauth_common::secret::Secret;
use pizauth_common::terminal::{cut, is_unsafe};
use url::form_urlencoded;

use crate::http::Answer;
use crate::prelude::*;

/// Shorter than this is no secret, and would be found everywhere.
const MIN_CHARS: usize = 4;

/// So long a piece of a secret is blanked as the whole of it is.
const PIECE_CHARS: usize = 12;

/// Bytes of a text that are looked at. No message shows as many.
const LOOKED_AT: usize = 16 * 1024;

/// Letters of a secret that are looked for. No token may have more.
const LONGEST_SECRET: usize = 64 * 1024;

const BLANK: &str = "…";

/// What no message may show.
pub(super) struct Redaction(Vec<Secret>);

impl Redaction {
    /// Of these secrets, and of whatever looks like one.
    pub(super) fn of(secrets: impl IntoIterator<Item = Secret>) -> Self {
        Self(secrets.into_iter().collect())
    }

    /// Of the secrets of a request, and of what was signed for it, in what a server answers.
    pub(super) fn of_answer(answer: &Answer, secrets: impl IntoIterator<Item = Secret>) -> Self {
        Self::of(secrets.into_iter().chain(answer.signed.clone()))
    }

    /// `text`, its beginning if it is long, with an ellipsis for each piece of a secret and each word that looks like
    /// one.
    pub(super) fn apply(&self, text: &str) -> String {
        let mut text = text.to_owned();
        cut(&mut text, LOOKED_AT);
        let known = self.pieces_in(&text).into_iter().map(|piece| guess::whole_words(&text, piece));
        let text = without(&text, known);
        without(&text, guess::credentials(&text))
    }

    /// Where pieces of our secrets stand, in order.
    fn pieces_in(&self, text: &str) -> Vec<Range<usize>> {
        let letters: Vec<(usize, char)> = letters(text).collect();
        let text: Vec<char> = letters.iter().map(|(_, letter)| *letter).collect();
        let mut found: Vec<_> = self.0.iter().flat_map(|secret| shared(secret, &text)).collect();
        found.sort_unstable_by_key(|piece| piece.start);
        let end = |(at, letter): (usize, char)| at + letter.len_utf8();
        found.iter().map(|piece| letters[piece.start].0..end(letters[piece.end - 1])).collect()
    }
}

/// Pieces of the secret in `text`: as it is, and as it stands in a form.
fn shared(secret: &Secret, text: &[char]) -> Vec<Range<usize>> {
    let bytes = secret.expose().as_bytes();
    let encoded: String =
        form_urlencoded::byte_serialize(&bytes[..bytes.len().min(LONGEST_SECRET)]).collect();
    let spellings = [Cow::Borrowed(secret.expose()), Cow::Owned(encoded)];
    spellings.iter().flat_map(|secret| shared_letters(secret, text)).collect()
}

fn shared_letters(secret: &str, text: &[char]) -> Vec<Range<usize>> {
    let secret: Vec<char> = letters(secret).map(|(_, letter)| letter).take(LONGEST_SECRET).collect();
    if secret.len() < MIN_CHARS {
        return Vec::new();
    }
    let length = secret.len().min(PIECE_CHARS);
    // Each piece of the text once: it is shorter than a secret may be, which is gone through but not sorted.
    let mut pieces: Vec<_> = text.windows(length).collect();
    pieces.sort_unstable();
    pieces.dedup();
    let mut is_shared = vec![false; pieces.len()];
    for piece in secret.windows(length).filter_map(|piece| pieces.binary_search(&piece).ok()) {
        is_shared[piece] = true;
    }
    let of_secret = |piece: &&[char]| pieces.binary_search(piece).is_ok_and(|piece| is_shared[piece]);
    let places = text.windows(length).enumerate().filter(|(_, piece)| of_secret(piece));
    places.map(|(at, _)| at..at + length).collect()
}

/// What makes up a secret, with its place: a server may have broken it into lines, or written it in other letters.
fn letters(text: &str) -> impl Iterator<Item = (usize, char)> {
    let is_letter = |c: char| !c.is_whitespace() && !is_unsafe(c);
    text.char_indices().filter(move |(_, c)| is_letter(*c)).map(|(at, c)| (at, c.to_ascii_lowercase()))
}

/// `text` with an ellipsis for these ranges, which are in order of their beginnings and may overlap.
fn without(text: &str, ranges: impl IntoIterator<Item = Range<usize>>) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut shown = 0;
    for Range { start, end } in ranges {
        if start > shown || clean.is_empty() {
            clean.push_str(&text[shown..start]);
            clean.push_str(BLANK);
        }
        shown = shown.max(end);
    }
    clean.push_str(&text[shown..]);
    clean
}
