//! Statements: what can follow what, and how reading goes on after an error.

use nom::Parser;
use nom::combinator::peek;
use nom::sequence::pair;

use super::recovery::{
    after_statement, opens_account, statement_can_begin, string_of_one_line, string_over_lines,
};
use super::token::{self, UNCLOSED, Unexpected, after_blank, describe, name, string, symbol, token_at};
use super::{AccountBlock, Assignment, Item, Quoted, Value};
use crate::config::problems::Problems;
use crate::config::source::offset;
use crate::near_miss::looks_like;

/// After so many strings without an end the rest is not read: each costs a pass over the whole text.
const MOST_RUNAWAYS: usize = 20;

/// TOP := { ACCOUNT | GLOBAL }
///
/// Reads what can be read; the rest is reported. Linear in the length of the text.
pub(in crate::config) fn read<'a>(text: &'a str, problems: &mut Problems<'a>) -> Vec<Item<'a>> {
    let rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader { text, rest, problems, runaways: 0, lost: false };
    let mut items = Vec::new();
    while !reader.at_end() {
        items.extend(reader.item());
    }
    items
}

struct Reader<'a, 'p> {
    text: &'a str,
    /// What has not been read yet.
    rest: &'a str,
    problems: &'p mut Problems<'a>,
    runaways: usize,
    /// An error has hidden an unknown part of the text.
    lost: bool,
}

impl<'a> Reader<'a, '_> {
    fn at_end(&mut self) -> bool {
        self.rest = after_blank(self.rest);
        self.rest.is_empty()
    }

    /// Consumes what `parser` reads, if it does.
    fn take<T>(&mut self, mut parser: impl Parser<&'a str, Output = T, Error = Unexpected<'a>>) -> Option<T> {
        let (rest, taken) = parser.parse(self.rest).ok()?;
        self.rest = rest;
        Some(taken)
    }

    /// ACCOUNT | GLOBAL
    fn item(&mut self) -> Option<Item<'a>> {
        let Some(word) = self.take(name) else {
            match symbol('}')(self.rest) {
                Ok(_) => self.problems.error(token_at(self.rest), "this '}' closes nothing"),
                Err(_) => self.unexpected("an account or an option"),
            }
            self.skip_one_at_least();
            return None;
        };
        if word == "account" {
            return self.account(word).map(Item::Account);
        }
        if opens_block(self.rest) {
            let help = looks_like(word, "account").then(|| "did you mean 'account'?".to_owned());
            let message = format!("unknown word '{}'", self.problems.show(word));
            self.problems.error_with_help(word, message, help);
            return self.account(word).map(Item::Account);
        }
        Some(Item::Option(self.assignment(word)))
    }

    /// ACCOUNT := "account" STRING "{" { FIELD } "}", its first word read
    fn account(&mut self, keyword: &'a str) -> Option<AccountBlock<'a>> {
        self.lost = false;
        let name = self.account_name();
        if self.take(symbol('{')).is_none() {
            if name.is_some() {
                self.unexpected("'{' after the name of the account");
            }
            if !statement_can_begin(after_blank(self.rest)) {
                self.rest = after_statement(self.rest);
                return None;
            }
        }
        let fields = self.fields(keyword);
        Some(AccountBlock { keyword, name, fields, whole: !self.lost })
    }

    /// STRING; a name without quotes is reported and skipped.
    fn account_name(&mut self) -> Option<Quoted<'a>> {
        match string(self.rest) {
            Ok((rest, name)) => {
                self.rest = rest;
                Some(name)
            }
            Err(_) => {
                self.unexpected("the name of the account, a string");
                let _ = self.take(name);
                None
            }
        }
    }

    /// { FIELD } "}"
    fn fields(&mut self, keyword: &'a str) -> Vec<Assignment<'a>> {
        let mut fields = Vec::new();
        loop {
            if self.at_end() || opens_account(self.rest) {
                let message = format!("the '{{' of this account is not closed before {}", self.whats_next());
                self.problems.error(keyword, message);
                self.lost = true;
                return fields;
            }
            if self.take(symbol('}')).is_some() {
                return fields;
            }
            match self.take(name) {
                Some(name) => fields.push(self.assignment(name)),
                None => {
                    self.unexpected("an option or '}'");
                    self.skip_one_at_least();
                }
            }
        }
    }

    fn whats_next(&self) -> &'static str {
        if self.rest.is_empty() { "the end of the file" } else { "the next account" }
    }

    /// FIELD := name "=" VALUE ";", the name read
    fn assignment(&mut self, name: &'a str) -> Assignment<'a> {
        if self.take(symbol('=')).is_none() {
            self.unexpected(&format!("'=' after '{}'", self.problems.show(name)));
            self.rest = after_statement(self.rest);
            return Assignment { name, value: None };
        }
        Assignment { name, value: self.value(self.rest) }
    }

    /// VALUE ";"
    fn value(&mut self, start: &'a str) -> Option<Value<'a>> {
        let value = match token::value(start) {
            Ok((rest, value)) => {
                self.rest = rest;
                value
            }
            Err(error) => {
                self.bad_value(start, error);
                return None;
            }
        };
        if self.take(symbol(';')).is_some() {
            return Some(value);
        }
        let next = after_blank(self.rest);
        if statement_can_begin(next) {
            let end = &self.text[offset(self.text, self.rest)..][..0];
            self.problems.error(end, "expected ';' after the value");
            return Some(value);
        }
        if self.is_runaway(start, next) {
            return None;
        }
        self.rest = next;
        self.unexpected("';' after the value");
        self.rest = after_statement(start);
        Some(value)
    }

    fn bad_value(&mut self, start: &'a str, error: nom::Err<Unexpected<'a>>) {
        let Unexpected { at, wanted } = match error {
            nom::Err::Error(why) | nom::Err::Failure(why) => why,
            nom::Err::Incomplete(_) => Unexpected { at: start, wanted: "a value" },
        };
        if wanted == UNCLOSED {
            self.runaway(at, start);
        } else if !self.is_runaway(start, at) {
            self.rest = at;
            self.unexpected(wanted);
            self.rest = after_statement(start);
        }
    }

    /// Whether a missing quote explains that `at` is unexpected; if so, that is reported.
    fn is_runaway(&mut self, start: &'a str, at: &'a str) -> bool {
        let Some(Quoted(written)) = string_over_lines(start, at) else { return false };
        self.runaway(written, start);
        true
    }

    /// Reports a string that is not closed on its line and goes on after that line.
    fn runaway(&mut self, string: &'a str, start: &'a str) {
        self.problems.error(&string[..1], "this string is not closed: expected a '\"' on this line");
        self.runaways += 1;
        self.lost = true;
        self.rest = after_statement(start);
        if !statement_can_begin(after_blank(self.rest)) {
            self.rest = after_statement(self.rest);
        }
        if self.runaways == MOST_RUNAWAYS {
            self.problems.error(self.rest, "too many strings are not closed: the rest is not read");
            self.rest = &self.text[self.text.len()..];
        }
    }

    /// Reports what stands where `wanted` should.
    fn unexpected(&mut self, wanted: &str) {
        let at = after_blank(self.rest);
        let found = token_at(at);
        let is_secret = self.problems.hides(found);
        let message = format!("expected {wanted}, found {}", describe(at, is_secret));
        self.problems.error_with_help(found, message, help(wanted, at, is_secret).map(Into::into));
    }

    /// Goes on after the statement, or after a `}` that closes nothing.
    fn skip_one_at_least(&mut self) {
        self.lost = true;
        let after = after_statement(self.rest);
        self.rest = after.strip_prefix('}').filter(|_| after.len() == self.rest.len()).unwrap_or(after);
    }
}

/// What may have been meant by the text `at`.
fn help(wanted: &str, at: &str, is_secret: bool) -> Option<&'static str> {
    let unquoted = |c: char| c.is_alphanumeric() || "'`‘’‚“”„«»".contains(c);
    match at.chars().next()? {
        '#' if !is_secret => Some("comments begin with //"),
        '/' if !is_secret && at.starts_with("/*") => Some("comments begin with // and end with the line"),
        _ if statement_can_begin(at) => None,
        c if unquoted(c) && (wanted.contains("string") || wanted.starts_with("a value")) => {
            Some("strings stand in double quotes: \"…\"")
        }
        _ => None,
    }
}

fn opens_block(text: &str) -> bool {
    peek(pair(string_of_one_line, symbol('{'))).parse(after_blank(text)).is_ok()
}
