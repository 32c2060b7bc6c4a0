//! Secrets are a type: they cannot be printed by accident and are wiped when dropped.
//!
//! Copies that dependencies make (TLS buffers, JSON parsing) are wiped in the daemon by its global allocator. The
//! commands do without: they end within milliseconds, and the system clears what a process leaves.

use std::fmt;

use serde::{Deserialize, Deserializer, Serializer};
use zeroize::Zeroizing;

use crate::terminal::is_printable_ascii;

/// An access token, refresh token, client secret, authorization code, code verifier or `state`.
///
/// `Debug` is redacted and there is no `Display`; the only way to the text is [`Secret::expose`].
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes ownership of the text.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// A token as a mail program can be given it: 1 byte to 64 KiB of printable ASCII, since no byte of it may reach a
    /// terminal or an IMAP line as a command.
    pub fn token(text: &str) -> Option<Self> {
        const MAX_BYTES: usize = 64 * 1024;
        let is_token = (1..=MAX_BYTES).contains(&text.len()) && is_printable_ascii(text);
        is_token.then(|| Self::from(text))
    }

    /// The secret itself. Every call is a place where it could leak.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// For `#[serde(with = "…::secret::exposed")]`: the fields that carry a secret over the wire say so.
pub mod exposed {
    use super::{Deserialize, Deserializer, Secret, Serializer};

    /// Writes the secret in clear.
    pub fn serialize<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(secret.expose())
    }

    /// Reads a string as a secret.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
        String::deserialize(deserializer).map(Secret::new)
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn debug_does_not_show_the_text() {
        let secret = Secret::from("hunter2");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert_eq!(secret.expose(), "hunter2");
    }
}
