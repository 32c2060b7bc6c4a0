//! Finds words that look like credentials although nobody knows them: a server may tell of a token that it has just
//! made.
//!
//! What people need to read stays: prose, codes of errors, UUIDs (the numbers by which servers trace a request), times,
//! names of hosts, and URLs without what follows their `?`.

use core::ops::Range;

use crate::prelude::*;

/// A shorter word is no credential, unless the word before says so.
const MIN_CHARS: usize = 16;
/// As [`MIN_CHARS`], where the word before is `token` or `Bearer`.
const MIN_NAMED_CHARS: usize = 8;
/// A longer word is no prose in any language.
const LONGEST_WORD_CHARS: usize = 40;
/// Of the neighbours in a credential at least one pair in so many differs in kind: capital, small letter or digit.
const PAIRS_PER_CHANGE: usize = 6;
/// A longer number is no code of an error.
const LONGEST_CODE_DIGITS: usize = 7;
/// With more digits it is no time and counts nothing.
const LONGEST_NUMBER_DIGITS: usize = 25;

/// What is assigned to a name that ends so is a credential.
const NAMES: [&str; 14] = [
    "token",
    "secret",
    "password",
    "passwd",
    "pwd",
    "code",
    "verifier",
    "state",
    "assertion",
    "cookie",
    "key",
    "signature",
    "authorization",
    "credential",
];
/// What follows these without more ado may be one.
const ANNOUNCEMENTS: [&str; 4] = ["token", "secret", "bearer", "basic"];
/// What is assigned and still says nothing.
const NOTHING: [&str; 5] = ["null", "none", "true", "false", "undefined"];

/// Where they stand in `text`, in order.
pub(super) fn credentials(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut before = Before { name: "", gap: "" };
    let mut end = 0;
    for word in words(text) {
        before.gap = &text[end..word.start];
        found.extend(before.credentials_in(text, word.clone()));
        end = word.end;
        before.name = &text[word];
    }
    found
}

/// What stands before a word: the last one, and what separates the two.
struct Before<'a> {
    name: &'a str,
    gap: &'a str,
}

impl Before<'_> {
    fn credentials_in(&self, text: &str, word: Range<usize>) -> Vec<Range<usize>> {
        let it = &text[word.clone()];
        // `https` `:` `//host/path`: of a URL the part that is one, of a word all of it.
        if self.gap == ":" && it.starts_with("//") {
            return parts(it, word.start).filter(|part| has_credential(&text[part.clone()])).collect();
        }
        let is_one = self.assigns(it) || self.announces(it) || has_credential(it);
        if is_one { Vec::from([word]) } else { Vec::new() }
    }

    /// `token=…`, `"refresh_token":"…"`; after a colon as in prose (`state: unknown`) a word stays.
    fn assigns(&self, value: &str) -> bool {
        let sign = self.gap.trim_matches(|c: char| c.is_whitespace() || "\"'`\\>".contains(c));
        let name = self.name.to_ascii_lowercase();
        let is_assigned = matches!(sign, "=" | ":");
        if !is_assigned || !NAMES.iter().any(|end| name.trim_end_matches('s').ends_with(end)) {
            return false;
        }
        let as_in_prose = !self.gap.contains('=') && self.gap.matches(['"', '\'']).count() < 2;
        !(is_code(value) || NOTHING.contains(&value) || as_in_prose && is_prose(value))
    }

    /// `Bearer …`, `token …`.
    fn announces(&self, value: &str) -> bool {
        let is_announced = ANNOUNCEMENTS.iter().any(|word| self.name.eq_ignore_ascii_case(word));
        let is_mixed =
            value.contains(|c: char| c.is_ascii_digit()) && value.contains(|c: char| c.is_ascii_alphabetic());
        is_announced
            && self.gap.trim_matches(['"', '\'', '`']) == " "
            && value.len() >= MIN_NAMED_CHARS
            && is_mixed
            && !is_code(value)
            && !is_time(value)
    }
}

fn is_inner(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~+/%!*^|$".contains(c)
}

/// This piece of `text` with the rest of the words that it begins and ends in.
pub(super) fn whole_words(text: &str, piece: Range<usize>) -> Range<usize> {
    let before = text[..piece.start].trim_end_matches(is_inner).len();
    let after = text[piece.end..].trim_start_matches(is_inner).len();
    before..text.len() - after
}

/// The runs of what credentials are made of.
fn words(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.split(|c| !is_inner(c)).filter(|word| !word.is_empty()).map(|word| range_in(text, word))
}

fn parts(word: &str, start: usize) -> impl Iterator<Item = Range<usize>> {
    word.split('/')
        .map(move |part| range_in(word, part))
        .map(move |part| start + part.start..start + part.end)
}

/// Where `part`, a piece of `whole`, stands in it.
fn range_in(whole: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr().addr() - whole.as_ptr().addr();
    start..start + part.len()
}

/// RFC 7519: what begins as `{"` in base64.
fn is_jwt(word: &str) -> bool {
    word.starts_with("eyJ") && word.len() >= MIN_CHARS
}

/// Whether a part of it is one.
fn has_credential(word: &str) -> bool {
    is_jwt(word) || word.split(['.', '/']).any(is_credential)
}

/// Long, and made as nobody makes words.
fn is_credential(word: &str) -> bool {
    let letters: Vec<u8> = word.bytes().filter(u8::is_ascii_alphanumeric).collect();
    if is_time(word) {
        return letters.len() > LONGEST_NUMBER_DIGITS;
    }
    if letters.len() < MIN_CHARS || is_uuid(word) {
        return false;
    }
    let changes = letters.windows(2).filter(|pair| is_change(pair[0], pair[1])).count();
    let longest = word.split(|c: char| !c.is_ascii_lowercase()).map(str::len).max();
    changes * PAIRS_PER_CHANGE >= letters.len() - 1
        || longest.is_some_and(|longest| longest > LONGEST_WORD_CHARS)
}

/// From one kind to another, but not as words begin: with a capital.
fn is_change(one: u8, next: u8) -> bool {
    let kind = |byte: u8| (byte.is_ascii_digit(), byte.is_ascii_uppercase());
    kind(one) != kind(next) && !(one.is_ascii_uppercase() && next.is_ascii_lowercase())
}

/// RFC 9562 §4.
fn is_uuid(word: &str) -> bool {
    word.split('-').map(str::len).eq([8, 4, 4, 4, 12])
        && word.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// RFC 3339, and times like it.
fn is_time(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit() || b"TZ-.+/".contains(&byte))
}

/// The number of an error: `403`, `AADSTS70008`.
fn is_code(word: &str) -> bool {
    let number = word.trim_start_matches("AADSTS").trim_end_matches('.');
    number.len() <= LONGEST_CODE_DIGITS
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// A word, or several as names of errors have them: `unknown`, `Invalid`, `not_found`, `ACTIVE`.
fn is_prose(word: &str) -> bool {
    let word = word.trim_end_matches(['.', '!']);
    let is_small = |byte: u8| byte.is_ascii_lowercase() || b"_-".contains(&byte);
    let is_capital = |byte: u8| byte.is_ascii_uppercase() || b"_-".contains(&byte);
    word.len() <= LONGEST_WORD_CHARS && (word.bytes().skip(1).all(is_small) || word.bytes().all(is_capital))
}
