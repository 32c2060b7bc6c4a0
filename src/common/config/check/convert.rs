//! Values → the types of the model, or a problem that says what was expected.

use std::time::Duration;

use super::options::Given;
use crate::config::problems::Problems;
use crate::config::syntax::{Quoted, Value};
use crate::near_miss::nearest;

const SECOND: Duration = Duration::from_secs(1);

/// Linux takes an argument of 128 KiB with the NUL behind it (MAX_ARG_STRLEN), and the shell is given the command as
/// one.
const MAX_COMMAND_BYTES: usize = 128 * 1024 - 1;

impl<'a> Given<'_, 'a> {
    /// STRING, escapes resolved.
    pub(super) fn string(&self, problems: &mut Problems<'a>) -> Option<String> {
        match self.value {
            Value::String(written) => written.text(problems),
            _ => self.wrong_type("a string", problems),
        }
    }

    /// A shell command.
    pub(super) fn command(&self, problems: &mut Problems<'a>) -> Option<String> {
        let command = self.string(problems)?;
        if command.contains('\0') {
            problems.error(self.value.place(), "a command cannot contain a NUL character");
            return None;
        }
        if command.len() > MAX_COMMAND_BYTES {
            let message =
                format!("a command cannot have more than {MAX_COMMAND_BYTES} bytes: put it into a script");
            problems.error(self.name, message);
            return None;
        }
        Some(command)
    }

    /// TIME
    pub(super) fn time(&self, problems: &mut Problems<'a>) -> Option<Duration> {
        let Value::Time(written) = self.value else {
            return self.wrong_type("a time such as 90s, 15m, 2h or 1d", problems);
        };
        match seconds(written) {
            Ok(seconds) => Some(Duration::from_secs(seconds)),
            Err(why) => {
                problems.error(written, why);
                None
            }
        }
    }

    /// TIME of at least a second; less is raised to it.
    pub(super) fn pause(&self, problems: &mut Problems<'a>) -> Option<Duration> {
        let time = self.time(problems)?;
        if time < SECOND {
            let message = format!("'{}' is too short: 1s is used instead", self.name);
            problems.warning(self.value.place(), message);
        }
        Some(time.max(SECOND))
    }

    /// "[" … "]"
    pub(super) fn list(&self, problems: &mut Problems<'a>) -> Option<Vec<String>> {
        match self.value {
            Value::List(_, strings) => strings.iter().map(|string| string.text(problems)).collect(),
            _ => self.wrong_type("a list such as [\"a\", \"b\"]", problems),
        }
    }

    /// "{" … "}", each key with its place.
    pub(super) fn map(&self, problems: &mut Problems<'a>) -> Option<Vec<(Quoted<'a>, String, String)>> {
        let Value::Map(_, entries) = self.value else {
            return self.wrong_type("a map such as { \"key\": \"value\" }", problems);
        };
        let texts = |(key, value): &(Quoted<'a>, Quoted<'a>)| {
            let (key_text, value) = (key.text(problems), value.text(problems));
            Some((*key, key_text?, value?))
        };
        entries.iter().map(texts).collect()
    }

    /// One of some words.
    pub(super) fn one_of<T>(
        &self,
        choices: impl IntoIterator<Item = (&'static str, T)>,
        problems: &mut Problems<'a>,
    ) -> Option<T> {
        let (words, values): (Vec<_>, Vec<_>) = choices.into_iter().unzip();
        let (last, others) = words.split_last()?;
        let others: Vec<_> = others.iter().map(|word| format!("\"{word}\"")).collect();
        let expected = format!("{} or \"{last}\"", others.join(", "));
        let Value::String(_) = self.value else { return self.wrong_type(&expected, problems) };
        let text = self.string(problems)?;
        let chosen = words.iter().position(|word| *word == text.as_str());
        if chosen.is_none() {
            let help = nearest(&text, &words).map(|meant| format!("did you mean \"{meant}\"?"));
            problems.error_with_help(self.value.place(), format!("'{}' is {expected}", self.name), help);
        }
        values.into_iter().nth(chosen?)
    }

    pub(super) fn wrong_type<T>(&self, expected: &str, problems: &mut Problems<'a>) -> Option<T> {
        let found = match self.value {
            Value::String(_) => "a string",
            Value::Time(_) => "a number",
            Value::None(_) => "none",
            Value::List(..) => "a list",
            Value::Map(..) => "a map",
        };
        problems.error(self.value.place(), format!("'{}' is {expected}, not {found}", self.name));
        None
    }
}

impl<'a> Quoted<'a> {
    /// The text meant: `\"` and `\\` resolved. Every other escape is reported.
    pub(in crate::config) fn text(self, problems: &mut Problems<'a>) -> Option<String> {
        let inner = self.inner();
        let mut pieces = inner.split('\\');
        let mut text = String::with_capacity(inner.len());
        text.push_str(pieces.next().unwrap_or_default());
        let mut good = true;
        while let Some(piece) = pieces.next() {
            if piece.is_empty() {
                // Two backslashes: the second one began the next piece, which is plain text.
                text.push('\\');
                text.push_str(pieces.next().unwrap_or_default());
            } else {
                good &= check_escape(inner, piece, problems);
                text.push_str(piece);
            }
        }
        good.then_some(text)
    }
}

fn check_escape<'a>(inner: &'a str, after_backslash: &'a str, problems: &mut Problems<'a>) -> bool {
    let good = after_backslash.starts_with('"');
    if !good {
        let start = crate::config::source::offset(inner, after_backslash) - 1;
        let escaped = after_backslash.chars().next().map_or(0, char::len_utf8);
        let message = "unknown escape: only \\\" and \\\\ have a meaning in a string";
        let help = Some("write \\\\ for a backslash".to_owned());
        problems.error_with_help(&inner[start..=start + escaped], message, help);
    }
    good
}

/// TIME := digits followed by one of s m h d, in seconds
fn seconds(written: &str) -> Result<u64, &'static str> {
    let digits = written.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = written.split_at(digits);
    let unit: u64 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        "" => return Err("a time needs a unit: s, m, h or d directly after the number"),
        _ => return Err("unknown unit of time: expected s, m, h or d directly after the number"),
    };
    let number: Option<u64> = number.parse().ok();
    number.and_then(|number| number.checked_mul(unit)).ok_or("this time is too long to count in seconds")
}
