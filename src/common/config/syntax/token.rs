//! The rules of the grammar up to VALUE, as nom parsers. None of them recovers.

use nom::branch::alt;
use nom::bytes::complete::{is_not, tag, take_while};
use nom::character::complete::{anychar, char, digit1, multispace1, satisfy};
use nom::combinator::{consumed, cut, map, opt, recognize, verify};
use nom::error::{ErrorKind, ParseError};
use nom::multi::{many0_count, separated_list0};
use nom::sequence::{delimited, pair, preceded, separated_pair, terminated};
use nom::{IResult, Parser};

use super::{Quoted, Value};
use crate::config::snippet::visible;

pub(in crate::config) type Parsed<'a, T> = IResult<&'a str, T, Unexpected<'a>>;

/// The parser stood here and wanted something else.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::config) struct Unexpected<'a> {
    /// The text from here on.
    pub(super) at: &'a str,
    pub(super) wanted: &'static str,
}

impl<'a> ParseError<&'a str> for Unexpected<'a> {
    fn from_error_kind(at: &'a str, _: ErrorKind) -> Self {
        Self { at, wanted: "something else" }
    }

    fn append(_: &'a str, _: ErrorKind, first: Self) -> Self {
        first
    }
}

/// Says what was wanted where `parser` does not apply.
fn wanted<'a, T>(
    what: &'static str,
    mut parser: impl Parser<&'a str, Output = T, Error = Unexpected<'a>>,
) -> impl FnMut(&'a str) -> Parsed<'a, T> {
    move |input| {
        parser.parse(input).map_err(|error| match error {
            nom::Err::Error(_) => nom::Err::Error(Unexpected { at: after_blank(input), wanted: what }),
            passed_on => passed_on,
        })
    }
}

/// White space and comments, both optional. Cannot fail.
pub(in crate::config) fn after_blank(input: &str) -> &str {
    let comment = recognize(pair(tag("//"), opt(is_not("\n"))));
    let skipped: Parsed<'_, usize> = many0_count(alt((multispace1, comment))).parse(input);
    skipped.map_or(input, |(after, _)| after)
}

/// `parser` after white space and comments.
fn token<'a, T>(
    mut parser: impl Parser<&'a str, Output = T, Error = Unexpected<'a>>,
) -> impl FnMut(&'a str) -> Parsed<'a, T> {
    move |input| parser.parse(after_blank(input))
}

pub(super) fn symbol<'a>(symbol: char) -> impl FnMut(&'a str) -> Parsed<'a, char> {
    token(char(symbol))
}

/// name := a letter or "_", then letters, digits, "_" (and "-", for the sake of a good message)
pub(super) fn name(input: &str) -> Parsed<'_, &str> {
    let first = satisfy(|c| c.is_ascii_alphabetic() || c == '_');
    token(recognize(pair(first, take_while(is_word)))).parse(input)
}

/// STRING := '"' … '"'
pub(in crate::config) fn string(input: &str) -> Parsed<'_, Quoted<'_>> {
    let escaped = recognize(preceded(char('\\'), anychar));
    let inside = many0_count(alt((is_not("\"\\"), escaped)));
    let unclosed = Unexpected { at: after_blank(input), wanted: UNCLOSED };
    let string = delimited(char('"'), inside, cut(char('"')));
    match token(recognize(string)).parse(input) {
        Ok((after, written)) => Ok((after, Quoted(written))),
        Err(nom::Err::Failure(_)) => Err(nom::Err::Failure(unclosed)),
        Err(error) => Err(error),
    }
}

/// What is wanted by a string that never ends.
pub(super) const UNCLOSED: &str = "a closing quote";

/// VALUE := STRING | TIME | "none" | LIST | MAP
pub(super) fn value(input: &str) -> Parsed<'_, Value<'_>> {
    let none = verify(name, |word: &str| word == "none");
    let any = alt((map(string, Value::String), time, map(none, Value::None), list, map_));
    wanted("a value", any).parse(after_blank(input))
}

/// TIME := digits followed by one of s m h d. The unit is checked later, where more can be said.
fn time(input: &str) -> Parsed<'_, Value<'_>> {
    map(token(recognize(pair(digit1, take_while(is_word)))), Value::Time).parse(input)
}

/// "[" [STRING {"," STRING}] "]", commas at both ends allowed
fn list(input: &str) -> Parsed<'_, Value<'_>> {
    let strings = comma_separated(string);
    let closing = cut(wanted("a string, ',' or ']'", token(char(']'))));
    let list = consumed(delimited(char('['), strings, closing));
    map(list, |(written, strings)| Value::List(written, strings)).parse(input)
}

/// "{" [STRING ":" STRING {"," …}] "}", commas at both ends allowed
fn map_(input: &str) -> Parsed<'_, Value<'_>> {
    let colon = cut(wanted("':'", symbol(':')));
    let entry = separated_pair(string, colon, cut(wanted("a string", string)));
    let closing = cut(wanted("\"KEY\": \"VALUE\", ',' or '}'", token(char('}'))));
    let map_ = consumed(delimited(char('{'), comma_separated(entry), closing));
    map(map_, |(written, entries)| Value::Map(written, entries)).parse(input)
}

fn comma_separated<'a, T>(
    item: impl Parser<&'a str, Output = T, Error = Unexpected<'a>>,
) -> impl Parser<&'a str, Output = Vec<T>, Error = Unexpected<'a>> {
    let separated = separated_list0(symbol(','), item);
    terminated(preceded(opt(symbol(',')), separated), opt(symbol(',')))
}

pub(in crate::config) fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

/// What stands at the beginning of `at`, in words: no more than one character of it, and of a secret none.
pub(super) fn describe(at: &str, is_secret: bool) -> String {
    match at.chars().next() {
        None => "the end of the file".into(),
        Some('"') => "a string".into(),
        Some('\'') => "a single quote".into(),
        Some(c) if c.is_ascii_digit() => "a number".into(),
        Some(c) if is_word(c) => "a word".into(),
        Some(_) if is_secret => "a character".into(),
        Some(c) if c.is_ascii_graphic() => format!("'{c}'"),
        Some(c) => match visible(c.encode_utf8(&mut [0; 4])) {
            shown if shown.starts_with(c) => format!("the character '{c}' (U+{:04X})", u32::from(c)),
            _ => format!("the character U+{:04X}", u32::from(c)),
        },
    }
}

/// The slice that a diagnostic about `at` points at: a word or one character.
pub(super) fn token_at(at: &str) -> &str {
    let word = at.find(|c| !is_word(c)).unwrap_or(at.len());
    let first = at.chars().next().map_or(0, char::len_utf8);
    &at[..word.max(first)]
}
