//! Where reading goes on after an error, and which quote is the likely culprit.

use nom::Parser;
use nom::branch::alt;
use nom::bytes::complete::is_not;
use nom::character::complete::{char, none_of};
use nom::combinator::{peek, recognize};
use nom::multi::many0_count;
use nom::sequence::{delimited, pair, preceded};

use super::Quoted;
use super::token::{Parsed, after_blank, name, string, symbol};

/// The text after the statement that begins with `text`: after its `;`, before a `}` that it did not open,
/// before a line that looks like another statement, or after a line on which a string is not closed.
pub(super) fn after_statement(text: &str) -> &str {
    let (mut rest, mut open) = (text, 0_usize);
    loop {
        let before_blank = rest;
        rest = after_blank(rest);
        let Some(c) = rest.chars().next() else { return rest };
        let skipped = &before_blank[..before_blank.len() - rest.len()];
        if skipped.contains('\n') && statement_can_begin(rest) && c != '}' {
            return rest;
        }
        match c {
            ';' => return &rest[1..],
            '}' if open == 0 => return rest,
            '}' => open -= 1,
            '{' => open += 1,
            _ => {}
        }
        rest = match string_of_one_line(rest) {
            Ok((after, _)) => after,
            Err(_) if c == '"' => return after_line(rest),
            Err(_) => &rest[c.len_utf8()..],
        };
    }
}

/// STRING that ends on the line where it begins.
pub(in crate::config) fn string_of_one_line(input: &str) -> Parsed<'_, &str> {
    let escaped = recognize(preceded(char('\\'), none_of("\n")));
    let inside = many0_count(alt((is_not("\"\\\n"), escaped)));
    recognize(delimited(char('"'), inside, char('"'))).parse(input)
}

fn after_line(text: &str) -> &str {
    text.find('\n').map_or(&text[text.len()..], |end| &text[end + 1..])
}

/// The first string of more than one line among the tokens between `start` and `end`, two places in one
/// text: when `end` is not what the grammar wants, that string probably lacks its closing quote.
pub(super) fn string_over_lines<'a>(start: &'a str, end: &'a str) -> Option<Quoted<'a>> {
    let mut rest = after_blank(start);
    while rest.len() > end.len() {
        match string(rest) {
            Ok((_, Quoted(written))) if written.contains('\n') => return Some(Quoted(written)),
            Ok((after, _)) => rest = after_blank(after),
            Err(_) => {
                let first = rest.chars().next().map_or(1, char::len_utf8);
                rest = after_blank(&rest[first..]);
            }
        }
    }
    None
}

/// Whether `text` is the beginning of an account.
pub(in crate::config) fn opens_account(text: &str) -> bool {
    let account: Parsed<'_, _> = peek(pair(name, symbol('"'))).parse(text);
    account.is_ok_and(|(_, (word, _))| word == "account")
}

/// Whether `text` is the end, a `}` or the beginning of an option or an account.
pub(super) fn statement_can_begin(text: &str) -> bool {
    text.is_empty() || text.starts_with('}') || name_before_equals(text).is_some() || opens_account(text)
}

/// The name of the option that `text` begins with.
pub(in crate::config) fn name_before_equals(text: &str) -> Option<&str> {
    let option: Parsed<'_, _> = peek(pair(name, symbol('='))).parse(text);
    option.ok().map(|(_, (name, _))| name)
}
