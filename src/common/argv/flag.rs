//! Options as argh describes them: how they are spelled, and which of them take a value.

use argh::{FlagInfo, FlagInfoKind, Optionality};

/// An option, and what it does.
pub type Flag = FlagInfo<'static>;

/// An option without a value.
pub const fn switch(short: Option<char>, long: &'static str, description: &'static str) -> Flag {
    let (kind, optionality) = (FlagInfoKind::Switch, Optionality::Optional);
    FlagInfo { kind, optionality, long, short, description, hidden: false }
}

/// `-c` and `--config`: as an option may be typed.
pub fn spellings(flag: &Flag) -> impl Iterator<Item = String> + use<> {
    flag.short.map(|letter| format!("-{letter}")).into_iter().chain([flag.long.to_owned()])
}

/// Whether the word after this one is its value.
pub(super) fn takes_value(flags: &[Flag], word: &str) -> bool {
    let letter = match word.as_bytes() {
        [b'-', letter] => Some(char::from(*letter)),
        _ => None,
    };
    let is_meant = |flag: &&Flag| word == flag.long || letter.is_some() && letter == flag.short;
    flags.iter().find(is_meant).is_some_and(|flag| matches!(flag.kind, FlagInfoKind::Option { .. }))
}
