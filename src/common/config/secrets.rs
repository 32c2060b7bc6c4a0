//! What no diagnostic may show: whatever may be the value of a `client_secret`. It is found by its name in the text,
//! and not by the parser: in a text that is broken, the parser may be wrong about what belongs to the value.

use std::ops::Range;

use super::check::option_names;
use super::source::{Hidden, offset};
use super::syntax::{after_blank, is_word, name_before_equals, opens_account, string, string_of_one_line};
use crate::near_miss::nearest;

/// The bytes of `text` that may be secret.
pub(super) fn find(text: &str) -> Hidden {
    let names = option_names();
    let mut secrets = Vec::new();
    let mut from = 0;
    while let Some(name_end) = next_name(text, from) {
        let secret = value_after(text, name_end, &names);
        from = secret.end;
        secrets.push(secret);
    }
    Hidden(secrets)
}

/// Where the next name of a secret ends.
fn next_name(text: &str, from: usize) -> Option<usize> {
    let name = text[from..].split(|c| !is_word(c)).find(|word| is_secret(word))?;
    Some(offset(text, name) + name.len())
}

/// Also a misspelt `client_secret`: its value is none the less secret.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let misspelt = || nearest(&name, &["client_secret", "secret"]).is_some();
    name.contains("secret") || name.contains("passw") || name.starts_with("client_s") || misspelt()
}

/// The inside of the string that follows a name, if nothing is wrong with it. Else everything up to a line that surely
/// begins something else; or up to the end of the line, where the name is a word in a comment or a command.
fn value_after(text: &str, name_end: usize, names: &[&str]) -> Range<usize> {
    let rest = &text[name_end..];
    let rest = rest.strip_prefix('"').unwrap_or(rest);
    let value = after_sign(rest.trim_start()).trim_start();
    let start = offset(text, value);
    if let Some(string) = whole_string(text, rest, start, names) {
        return string;
    }
    let is_on_next_line = text[name_end..start].contains('\n');
    if is_on_next_line && is_statement(value, names) {
        return start..start;
    }
    let line_end = end_of_line(text, start);
    let is_unquoted = !is_on_next_line && !value.is_empty() && !value.starts_with('"');
    if is_unquoted && is_in_comment_or_string(text, name_end) {
        return start..line_end;
    }
    start..next_statement(text, line_end, names)
}

fn whole_string(text: &str, rest: &str, start: usize, names: &[&str]) -> Option<Range<usize>> {
    let written = after_blank(after_sign(after_blank(rest)));
    let (after, _) = string(written).ok()?;
    let opening = offset(text, written);
    // With what may be a comment between name and string, or after the string.
    let start = if opening == start { opening + 1 } else { start };
    let closing = offset(text, after) - 1;
    let next = after.trim_start();
    let closed = next.trim_start_matches([' ', '\t', '\r', '}', ';']);
    let is_closed = closed.len() < next.len() || closed.is_empty();
    if is_closed && closed.starts_with("//") {
        return Some(start..end_of_line(text, offset(text, closed)));
    }
    let ends = is_closed && (closed.is_empty() || closed.starts_with('\n'));
    (ends || is_statement(closed, names)).then_some(start..closing)
}

fn after_sign(text: &str) -> &str {
    text.strip_prefix(['=', ':']).unwrap_or(text)
}

/// Whether `text` begins with an account, or an option whose name is one, if misspelt: a secret does not.
fn is_statement(text: &str, names: &[&str]) -> bool {
    let is_option = |name: &str| is_secret(name) || nearest(name, names).is_some();
    text.starts_with(is_word) && (opens_account(text) || name_before_equals(text).is_some_and(is_option))
}

/// Where a line after `from` begins that is no part of a secret.
fn next_statement(text: &str, from: usize, names: &[&str]) -> usize {
    let mut lines = text[from..].split_inclusive('\n').skip(1);
    let begins_one = |line: &&str| is_statement(&text[offset(text, line.trim_start())..], names);
    lines.find(begins_one).map_or(text.len(), |line| offset(text, line))
}

fn end_of_line(text: &str, from: usize) -> usize {
    text[from..].find('\n').map_or(text.len(), |length| from + length)
}

/// Whether the place is in a comment, or in a string that ends on its line.
fn is_in_comment_or_string(text: &str, place: usize) -> bool {
    let start = text[..place].rfind('\n').map_or(0, |newline| newline + 1);
    let mut rest = &text[start..end_of_line(text, place)];
    while offset(text, rest) < place {
        if rest.starts_with("//") {
            return true;
        }
        rest = match string_of_one_line(rest) {
            Ok((after, _)) if offset(text, after) > place => return true,
            Ok((after, _)) => after,
            Err(_) => {
                let mut chars = rest.chars();
                chars.next();
                chars.as_str()
            }
        };
    }
    false
}

#[cfg(test)]
mod tests;
