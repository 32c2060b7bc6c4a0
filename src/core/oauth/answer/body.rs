//! The body of an answer, but for issuers' metadata: the few members that matter, read strictly, and everything else
//! skipped, however broken.
//!
//! A server that has rotated a refresh token will not do so again: what stands beside it, and how it is wrapped, is no
//! reason to throw it away.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use core::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use url::form_urlencoded;

pub(in crate::oauth) use super::unreadable::Unreadable;
use crate::http::Answer;
use crate::prelude::*;

/// Who answers, and what with.
pub(in crate::oauth) struct Endpoint {
    /// The option that says where it is.
    pub(in crate::oauth) option: &'static str,
    /// The members that are read. Names of others are not even remembered.
    pub(in crate::oauth) names: &'static [&'static str],
}

/// A form is an answer only where it has one of these members.
const TELLING: [&str; 4] = ["access_token", "device_code", "error", "error_code"];

/// The members of the answer's one object that matter. Each may stand once.
#[derive(Default)]
pub(in crate::oauth) struct Members(BTreeMap<&'static str, Member>);

/// What a member holds.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::oauth) enum Member {
    /// Nothing, as some servers write it.
    Null,
    /// A string.
    Text(String),
    /// A number.
    Number(f64),
    /// A truth value.
    Flag(bool),
    /// The strings of a list, separated by spaces.
    List(String),
    /// Something else, which no member that matters is.
    Other(&'static str),
}

impl Members {
    /// The member, where it is there and not null or empty: servers write "nothing" in all three ways.
    pub(in crate::oauth) fn get(&self, name: &str) -> Option<&Member> {
        let is_nothing = |member: &Member| match member {
            Member::Null => true,
            Member::Text(text) => text.is_empty(),
            _ => false,
        };
        self.0.get(name).filter(|member| !is_nothing(member))
    }

    /// Whether [`Members::get`] would find it.
    pub(in crate::oauth) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The text of the member, where it is a string.
    pub(in crate::oauth) fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Member::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// False where it stands there already: two readers may disagree on which of the two counts, so neither does.
    fn insert(&mut self, name: &'static str, member: Member) -> bool {
        self.0.insert(name, member).is_none()
    }
}

impl Member {
    /// Whether a list has `word` in it; none where it is no list.
    pub(in crate::oauth) fn lists(&self, word: &str) -> Option<bool> {
        match self {
            Self::List(words) => Some(words.split(' ').any(|one| one == word)),
            _ => None,
        }
    }
}

impl fmt::Display for Member {
    /// For a message: what it is rather than what it holds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Flag(_) => f.write_str("a truth value"),
            Self::List(_) => f.write_str("a list"),
            Self::Other(what) => f.write_str(what),
        }
    }
}

/// Reads the body in whichever of the two forms it is.
pub(in crate::oauth) fn read(answer: &Answer, endpoint: &Endpoint) -> Result<Members, Unreadable> {
    if (300..400).contains(&answer.status) {
        return Err(Unreadable::Redirect { option: endpoint.option });
    }
    let text = text_of(&answer.body);
    let text = text.trim_ascii();
    let content_type = answer.content_type.as_deref().unwrap_or_default().to_ascii_lowercase();
    if text.is_empty() {
        Err(Unreadable::Empty)
    } else if text.starts_with('{') {
        json(&without_raw_controls(text), endpoint.names).map_err(|_| Unreadable::NotJson)
    } else if text.starts_with('<') || content_type.contains("html") {
        Err(Unreadable::Html)
    } else {
        form(text, endpoint.names)
    }
}

/// Stands for what is no text: no token and no `error` has one. It takes no more room than what it stands for.
const NO_TEXT: char = '\x7f';

/// Without a byte order mark, and with [`NO_TEXT`] for what is not UTF-8.
pub(super) fn text_of(body: &[u8]) -> Cow<'_, str> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    if let Ok(text) = str::from_utf8(body) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(body.len());
    for chunk in body.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend((!chunk.invalid().is_empty()).then_some(NO_TEXT));
    }
    Cow::Owned(text)
}

/// JSON whose strings have no control characters as they are, which it forbids and some servers write: [`NO_TEXT`]
/// stands for each.
fn without_raw_controls(json: &str) -> Cow<'_, str> {
    let is_control = |c: char| c < ' ';
    if !json.contains(is_control) {
        return Cow::Borrowed(json);
    }
    let (mut in_string, mut is_escaped) = (false, false);
    let mut clean = String::with_capacity(json.len());
    clean.extend(json.chars().map(|c| {
        let is_quote = c == '"' && !is_escaped;
        is_escaped = in_string && c == '\\' && !is_escaped;
        in_string ^= is_quote;
        if in_string && is_control(c) { NO_TEXT } else { c }
    }));
    Cow::Owned(clean)
}

/// RFC 6749 asks for JSON; a form is taken for an answer only where it has a member of one.
fn form(text: &str, names: &[&'static str]) -> Result<Members, Unreadable> {
    let mut members = Members::default();
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        let Some(name) = known(&name, names) else { continue };
        if !members.insert(name, Member::Text(value.into_owned())) {
            return Err(Unreadable::NotJson);
        }
    }
    let is_answer = TELLING.iter().any(|name| members.0.contains_key(name));
    if is_answer { Ok(members) } else { Err(Unreadable::NotJson) }
}

fn known(name: &str, names: &[&'static str]) -> Option<&'static str> {
    names.iter().copied().find(|known| *known == name)
}

fn json(text: &str, names: &[&'static str]) -> serde_json::Result<Members> {
    let mut json = serde_json::Deserializer::from_str(text);
    let members = json.deserialize_map(TheObject(names))?;
    json.end().map(|()| members)
}

/// With the names of the members that are read.
struct TheObject<'n>(&'n [&'static str]);

impl<'de> Visitor<'de> for TheObject<'_> {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Members::default();
        while let Some(name) = map.next_key::<String>()? {
            match known(&name, self.0) {
                None => drop(map.next_value::<IgnoredAny>()?),
                Some(name) if members.insert(name, map.next_value()?) => {}
                Some(name) => return Err(A::Error::custom(format_args!("{name} stands twice"))),
            }
        }
        Ok(members)
    }
}

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneMember)
    }
}

struct OneMember;

impl<'de> Visitor<'de> for OneMember {
    type Value = Member;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member of a token answer")
    }

    fn visit_unit<E>(self) -> Result<Member, E> {
        Ok(Member::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Member, E> {
        Ok(Member::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Member, E> {
        Ok(Member::Number(number as f64))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Member, E> {
        Ok(Member::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Member, E> {
        Ok(Member::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Member, E> {
        Ok(Member::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Member, E> {
        Ok(Member::Text(text))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Member, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Member::Other("an object"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Member, A::Error> {
        let mut joined = String::new();
        while let Some(element) = list.next_element()? {
            if let Member::Text(word) = element {
                joined.push_str(&word);
                joined.push(' ');
            }
        }
        Ok(Member::List(joined))
    }
}
