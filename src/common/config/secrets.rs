//! What looks like a secret in a line, whatever the parser made of it: the last defence of a text so broken
//! that its `client_secret` was not read as one.

use std::ops::Range;

use super::syntax::string_of_one_line;

const WORD: &str = "secret";

/// The bytes of `line` that follow a name such as `client_secret`: the inside of a string, else the rest.
pub(super) fn secrets_by_name(line: &str) -> Vec<Range<usize>> {
    let mut secrets = Vec::new();
    let mut from = 0;
    while let Some(name) = find_word(line, from) {
        let secret = value_after(line, name);
        from = secret.end.max(name);
        secrets.push(secret);
    }
    secrets
}

/// Where the name ends that contains the next "secret".
fn find_word(line: &str, from: usize) -> Option<usize> {
    let windows = line.as_bytes().get(from..)?.windows(WORD.len());
    let at = from + windows.into_iter().position(|word| word.eq_ignore_ascii_case(WORD.as_bytes()))?;
    let rest = line.get(at..)?;
    let in_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    Some(at + rest.find(|c| !in_name(c)).unwrap_or(rest.len()))
}

fn value_after(line: &str, name_end: usize) -> Range<usize> {
    let rest = line[name_end..].strip_prefix('"').unwrap_or(&line[name_end..]);
    let value = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '=' || c == ':');
    let start = line.len() - value.len();
    match string_of_one_line(value) {
        Ok((after, string)) if ends_value(after) => start + 1..start + string.len() - 1,
        _ => start..line.len(),
    }
}

/// Whether a value can end before `text`; otherwise its quotes are not what they seem.
fn ends_value(text: &str) -> bool {
    let next = text.trim_start();
    next.is_empty() || next.starts_with([';', ',', ']', '}', '/'])
}
