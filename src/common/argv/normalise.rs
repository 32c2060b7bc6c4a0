//! From the words that people type (`-vvvv`, `-dvc FILE`, `-cFILE`, `--config=FILE`, options after the
//! account) to the only ones that argh reads: options first, each a word of its own, then `--`, then the rest.

use std::ffi::OsString;
use std::fmt;

use super::flag::{Flag, takes_value};

/// What a command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Words {
    /// To run with these words.
    Run(Vec<String>),
    /// `-h` or `--help`, wherever it stands as an option.
    Help,
    /// `--version`, likewise.
    Version,
}

/// A command line that cannot be read. What else may be wrong with it, argh says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Misuse {
    /// No option and no account is spelled so.
    NotUtf8(OsString),
    /// The last word is an option that takes a value.
    NoValue(String),
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8(argument) => write!(f, "argument {argument:?} is not UTF-8"),
            Self::NoValue(option) => write!(f, "no value given for option {option}"),
        }
    }
}

/// One word of a command line, read as an option or not.
enum Word<'a> {
    EndOfOptions,
    Long(&'a str),
    Cluster(&'a str),
    Operand(&'a str),
}

impl<'a> From<&'a str> for Word<'a> {
    fn from(word: &'a str) -> Self {
        match word.strip_prefix('-') {
            Some("-") => Self::EndOfOptions,
            Some(long) if long.starts_with('-') => Self::Long(word),
            Some(letters) if !letters.is_empty() => Self::Cluster(letters),
            _ => Self::Operand(word),
        }
    }
}

/// Brings `arguments` into the order and shape that argh reads; `flags` are the options that there are.
pub(super) fn normalise(arguments: &[OsString], flags: &[Flag]) -> Result<Words, Misuse> {
    let mut options = Vec::new();
    let mut operands = Vec::new();
    let mut rest = arguments.iter();
    let mut takes_options = true;
    while let Some(argument) = rest.next() {
        let word = utf8(argument)?;
        let word = if takes_options { Word::from(word) } else { Word::Operand(word) };
        let wanted = match word {
            Word::EndOfOptions => {
                takes_options = false;
                Wanted::Nothing
            }
            Word::Long("--help") => return Ok(Words::Help),
            Word::Long("--version") => return Ok(Words::Version),
            Word::Long(word) => push_long(word, flags, &mut options),
            Word::Cluster(letters) => push_cluster(letters, flags, &mut options),
            Word::Operand(word) => {
                operands.push(word.to_owned());
                Wanted::Nothing
            }
        };
        match wanted {
            Wanted::Nothing => {}
            Wanted::Help => return Ok(Words::Help),
            Wanted::Value => {
                let value = rest.next().ok_or_else(|| Misuse::NoValue(options.pop().unwrap_or_default()))?;
                options.push(utf8(value)?.to_owned());
            }
        }
    }
    options.push("--".to_owned());
    options.append(&mut operands);
    Ok(Words::Run(options))
}

/// What a word asks for besides its place among the others.
enum Wanted {
    Nothing,
    /// The next argument, as its value.
    Value,
    Help,
}

/// `--name`, or `--name=value` where the option takes one.
fn push_long(word: &str, flags: &[Flag], options: &mut Vec<String>) -> Wanted {
    if let Some((name, value)) = word.split_once('=')
        && takes_value(flags, name)
    {
        options.extend([name.to_owned(), value.to_owned()]);
        return Wanted::Nothing;
    }
    options.push(word.to_owned());
    if takes_value(flags, word) { Wanted::Value } else { Wanted::Nothing }
}

/// `-dvc`: each letter an option; what follows one that takes a value is that value.
fn push_cluster(letters: &str, flags: &[Flag], options: &mut Vec<String>) -> Wanted {
    for (at, letter) in letters.char_indices() {
        if letter == 'h' {
            return Wanted::Help;
        }
        let name = format!("-{letter}");
        let takes_value = takes_value(flags, &name);
        options.push(name);
        if takes_value {
            let value = &letters[at + letter.len_utf8()..];
            if value.is_empty() {
                return Wanted::Value;
            }
            options.push(value.to_owned());
            return Wanted::Nothing;
        }
    }
    Wanted::Nothing
}

fn utf8(argument: &OsString) -> Result<&str, Misuse> {
    argument.to_str().ok_or_else(|| Misuse::NotUtf8(argument.clone()))
}
