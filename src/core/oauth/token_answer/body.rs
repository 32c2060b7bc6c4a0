//! The body of a token answer as named members: JSON, or the form encoding that some servers still use.

use alloc::collections::BTreeMap;
use core::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Value;
use url::form_urlencoded;

use crate::http::Answer;
use crate::prelude::*;

/// The members of the answer's one object. Names are unique.
pub(in crate::oauth) struct Members(BTreeMap<String, Value>);

impl Members {
    /// The member, where it is there and not null or empty: servers write "nothing" in all three ways.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null() && value.as_str() != Some(""))
    }

    /// Whether [`Members::get`] would find it.
    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The text of the member, where it is a string.
    pub(in crate::oauth) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }
}

/// Why a body is no token answer. All of it may be different next time.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    Redirect,
    Empty,
    NotUtf8,
    Html,
    NotJson,
    NoTokenAnswer,
    TokenAndError(String),
    BadToken(&'static str),
    TokenType(String),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Redirect => f.write_str("a redirect, which is never followed (is token_uri right?)"),
            Self::Empty => f.write_str("the answer is empty"),
            Self::NotUtf8 => f.write_str("the answer is not UTF-8"),
            Self::Html => f.write_str("a web page instead of an answer (a proxy or a captive portal?)"),
            Self::NotJson => f.write_str("the answer cannot be read"),
            Self::NoTokenAnswer => f.write_str("the answer holds neither a token nor an error"),
            Self::TokenAndError(error) => write!(f, "the answer holds both a token and an error ({error})"),
            Self::BadToken(name) => {
                write!(f, "the {name} in the answer is not a string of 1 to 65536 printable ASCII characters")
            }
            Self::TokenType(kind) => write!(f, "the token_type in the answer is {kind}, not Bearer"),
        }
    }
}

/// Reads the body in whichever of the two forms it is.
pub(super) fn read(answer: &Answer) -> Result<Members, Unreadable> {
    if (300..400).contains(&answer.status) {
        return Err(Unreadable::Redirect);
    }
    let text = core::str::from_utf8(&answer.body).map_err(|_| Unreadable::NotUtf8)?.trim_ascii();
    let content_type = answer.content_type.as_deref().unwrap_or_default().to_ascii_lowercase();
    if text.is_empty() {
        Err(Unreadable::Empty)
    } else if text.starts_with('{') {
        serde_json::from_str(text).map_err(|_| Unreadable::NotJson)
    } else if text.starts_with('<') || content_type.contains("html") {
        Err(Unreadable::Html)
    } else {
        form(text)
    }
}

/// RFC 6749 asks for JSON; a form is taken for an answer only where it has a member of one.
fn form(text: &str) -> Result<Members, Unreadable> {
    let mut members = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        if members.insert(name.into_owned(), Value::from(value)).is_some() {
            return Err(Unreadable::NotJson);
        }
    }
    let is_answer = members.contains_key("access_token") || members.contains_key("error");
    if is_answer { Ok(Members(members)) } else { Err(Unreadable::NotJson) }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(UniqueMembers)
    }
}

/// Two readers may disagree on which of two equal keys counts, so neither does.
struct UniqueMembers;

impl<'de> Visitor<'de> for UniqueMembers {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object whose keys are unique")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a key stands twice"));
            }
        }
        Ok(Members(members))
    }
}
