//! A dump on its way between a command and the daemon.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// The most bytes that a dump may have: what fits, in base64, into a frame of 16 MiB.
pub const MAX_BYTES: usize = 12 * 1024 * 1024 - 1024;

/// The bytes of a dump, whatever they hold: base64 with padding in a message, RFC 4648 §4.
///
/// It has tokens in it that nothing encrypts, so it is treated like a [`Secret`](crate::secret::Secret).
#[derive(Clone, PartialEq, Eq)]
pub struct Dump(Zeroizing<Vec<u8>>);

impl Dump {
    /// The bytes themselves. Every call is a place where they could leak.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Bytes that it takes in a message.
    #[cfg(feature = "system")]
    pub(crate) fn encoded_len(&self) -> usize {
        self.0.len().div_ceil(3).saturating_mul(4)
    }
}

impl From<Zeroizing<Vec<u8>>> for Dump {
    fn from(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }
}

impl From<Vec<u8>> for Dump {
    fn from(bytes: Vec<u8>) -> Self {
        Zeroizing::new(bytes).into()
    }
}

impl fmt::Debug for Dump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dump({} bytes)", self.0.len())
    }
}

impl Serialize for Dump {
    /// Piece by piece, without a second copy of everything.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Encoded(&self.0))
    }
}

/// Bytes as base64, in pieces that are wiped. The crate's own `Base64Display` would leave its last piece on the stack.
struct Encoded<'a>(&'a [u8]);

impl fmt::Display for Encoded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const PIECE: usize = 3 * 1024;
        let mut text = Zeroizing::new(vec![0; PIECE / 3 * 4]);
        for piece in self.0.chunks(PIECE) {
            let length = STANDARD.encode_slice(piece, &mut text).map_err(|_| fmt::Error)?;
            f.write_str(core::str::from_utf8(&text[..length]).map_err(|_| fmt::Error)?)?;
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Dump {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Base64)
    }
}

/// Takes the text from where it lies.
struct Base64;

impl Visitor<'_> for Base64 {
    type Value = Dump;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a dump in base64")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Dump, E> {
        STANDARD.decode(text).map(Dump::from).map_err(|_| E::custom("the dump is not base64"))
    }
}

#[cfg(test)]
mod tests {
    use super::Dump;

    #[test]
    fn it_is_base64_in_a_message_and_its_length_is_known_before() {
        for bytes in [&b""[..], b"p", b"pi", b"piz", &[0xff; 5000]] {
            let dump = Dump::from(bytes.to_vec());
            let text = serde_json::to_string(&dump).unwrap();
            assert_eq!(text.len(), dump.encoded_len() + 2);
            assert_eq!(serde_json::from_str::<Dump>(&text).unwrap(), dump);
        }
        assert_eq!(serde_json::to_string(&Dump::from(b"pizauth".to_vec())).unwrap(), r#""cGl6YXV0aA==""#);
    }

    #[test]
    fn text_that_is_not_base64_is_no_dump_and_is_not_repeated() {
        for text in [r#""cGl6YXV0aA""#, r#""secret token""#, r#""cGl6\nYXV0""#, r#""é""#] {
            let error = serde_json::from_str::<Dump>(text).unwrap_err().to_string();
            assert!(error.starts_with("the dump is not base64 at "), "{error}");
        }
    }

    #[test]
    fn debug_tells_its_length_only() {
        assert_eq!(format!("{:?}", Dump::from(b"hunter2".to_vec())), "Dump(7 bytes)");
    }
}
