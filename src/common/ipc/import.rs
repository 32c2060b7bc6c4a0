//! What a caller brings along from another program: refresh tokens, and what they are bound to.

use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::left_out::is_false;
use crate::secret::{self, Secret};
use crate::unix_time::UnixTime;

/// So many refresh tokens may be brought along for one account.
pub const MAX_CANDIDATES: usize = 64;
/// The most bytes that their texts may have together.
pub const MAX_BYTES: usize = 256 * 1024;

/// One of these refresh tokens is to become the account's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// The account.
    pub account: String,
    /// Those that another program has kept.
    #[serde(deserialize_with = "capped")]
    pub candidates: Vec<Candidate>,
    /// What the label of the right one contains, where several fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pick: Option<String>,
    /// Whether nothing is to be done but to say what would be.
    #[serde(default, skip_serializing_if = "is_false")]
    pub dry: bool,
}

/// A refresh token that another program has kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// RFC 6749 §1.5.
    #[serde(with = "secret::exposed")]
    pub refresh_token: Secret,
    /// The client that it is bound to, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// What tells it from the others, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Whether further clients of its owner may use it, too (Microsoft's families of clients).
    #[serde(rename = "family", default, skip_serializing_if = "is_false")]
    pub is_family: bool,
}

/// What has come of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// When the access token expires that has come of it. Absent: it never does, or there is none yet.
    pub expires: Option<UnixTime>,
    /// Whether the server has put another refresh token in its place: the other program's may be dead.
    #[serde(default)]
    pub rotated: bool,
    /// Why there is no access token yet. It is tried again.
    #[serde(default)]
    pub not_tried: Option<String>,
    /// What the right one is called, where it has a name.
    #[serde(default)]
    pub label: Option<String>,
}

impl Candidate {
    /// One of which nothing else is known.
    pub fn of(refresh_token: Secret) -> Self {
        Self { refresh_token, client_id: None, label: None, is_family: false }
    }
}

impl Import {
    /// Bytes of its texts.
    pub fn bytes(&self) -> usize {
        let text = |text: &Option<String>| text.as_deref().map_or(0, str::len);
        let candidate =
            |it: &Candidate| it.refresh_token.expose().len() + text(&it.client_id) + text(&it.label);
        self.account.len() + text(&self.pick) + self.candidates.iter().map(candidate).sum::<usize>()
    }
}

/// Reads no more of them than there may be.
fn capped<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Candidate>, D::Error> {
    deserializer.deserialize_seq(Capped)
}

struct Capped;

impl<'de> Visitor<'de> for Capped {
    type Value = Vec<Candidate>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of at most {MAX_CANDIDATES} refresh tokens")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let mut candidates = Vec::new();
        while let Some(candidate) = sequence.next_element()? {
            if candidates.len() == MAX_CANDIDATES {
                return Err(A::Error::invalid_length(MAX_CANDIDATES + 1, &self));
            }
            candidates.push(candidate);
        }
        Ok(candidates)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn import(candidates: usize) -> Import {
        let candidate = Candidate {
            client_id: Some("c1".to_owned()),
            label: Some("me".to_owned()),
            ..Candidate::of(Secret::from("1//x"))
        };
        Import { account: "work".to_owned(), candidates: vec![candidate; candidates], ..Import::default() }
    }

    #[test]
    fn no_more_tokens_are_read_than_there_may_be() {
        let read = |count| {
            let json = serde_json::to_string(&import(count)).expect("JSON");
            serde_json::from_str::<Import>(&json).map_err(|error| error.to_string())
        };
        assert_eq!(read(MAX_CANDIDATES), Ok(import(MAX_CANDIDATES)));
        let error = read(MAX_CANDIDATES + 1).expect_err("one too many");
        assert!(error.contains("invalid length 65") && !error.contains("1//"), "{error}");
    }

    #[test]
    fn all_its_texts_count() {
        let one = Import { pick: Some("m".to_owned()), ..import(1) };
        assert_eq!((import(0).bytes(), import(2).bytes(), one.bytes()), (4, 4 + 2 * 8, 4 + 8 + 1));
    }

    #[test]
    fn debug_shows_no_token() {
        assert!(!format!("{:?}", import(1)).contains("1//"));
    }
}
