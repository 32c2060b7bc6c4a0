//! Text → syntax tree. Nodes are slices of the text, so that a diagnostic knows their place.

mod reader;
mod recovery;
mod token;

pub(super) use reader::read;
pub(super) use recovery::{name_before_equals, opens_account, string_of_one_line};
pub(super) use token::{after_blank, is_word, string};

/// TOP, one of.
#[derive(Debug)]
pub(super) enum Item<'a> {
    Account(AccountBlock<'a>),
    Option(Assignment<'a>),
}

/// ACCOUNT := "account" STRING "{" { FIELD } "}"
#[derive(Debug)]
pub(super) struct AccountBlock<'a> {
    /// The word `account`.
    pub(super) keyword: &'a str,
    /// None: not readable, and reported.
    pub(super) name: Option<Quoted<'a>>,
    pub(super) fields: Vec<Assignment<'a>>,
    /// False when an error hid fields: nobody should be told that they are missing.
    pub(super) whole: bool,
}

/// GLOBAL, FIELD := name "=" VALUE ";"
#[derive(Debug)]
pub(super) struct Assignment<'a> {
    pub(super) name: &'a str,
    /// None: not readable, and reported.
    pub(super) value: Option<Value<'a>>,
}

/// VALUE, each with the slice that it was written as.
#[derive(Debug)]
pub(super) enum Value<'a> {
    String(Quoted<'a>),
    /// Digits and what follows them directly.
    Time(&'a str),
    None(&'a str),
    List(&'a str, Vec<Quoted<'a>>),
    Map(&'a str, Vec<(Quoted<'a>, Quoted<'a>)>),
}

impl<'a> Value<'a> {
    /// As it was written.
    pub(super) fn place(&self) -> &'a str {
        match self {
            Self::String(Quoted(place)) => place,
            Self::Time(place) | Self::None(place) | Self::List(place, _) | Self::Map(place, _) => place,
        }
    }
}

/// STRING with its quotes, escapes not yet resolved.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl<'a> Quoted<'a> {
    /// What stands between the quotes.
    pub(super) fn inner(self) -> &'a str {
        self.0.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_default()
    }
}
