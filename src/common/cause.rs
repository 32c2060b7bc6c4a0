//! What the system says of an error, as a part of our sentences.

use std::fmt;
use std::io;

/// The error in lower case and without its number, which helps nobody who reads a message at night.
pub struct Cause<'a>(pub &'a io::Error);

impl fmt::Display for Cause<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        let words = text.split_once(" (os error ").map_or(text.as_str(), |(words, _)| words);
        let mut rest = words.chars();
        match rest.next() {
            // Only where the second letter is small: `TLS` and `I/O` stay as they are.
            Some(first) if rest.as_str().starts_with(|second: char| second.is_ascii_lowercase()) => {
                write!(f, "{}{}", first.to_ascii_lowercase(), rest.as_str())
            }
            _ => f.write_str(words),
        }
    }
}

#[cfg(test)]
mod tests {
    use rustix::io::Errno;

    use super::*;

    #[test]
    fn errors_of_the_system_lose_their_number_and_their_capital() {
        let said = |errno: Errno| Cause(&errno.into()).to_string();
        assert_eq!(said(Errno::ISDIR), "is a directory");
        assert_eq!(said(Errno::NOENT), "no such file or directory");
    }

    #[test]
    fn our_own_words_stay() {
        let said = |why: &str| Cause(&io::Error::other(why)).to_string();
        for why in ["it is closed", "I/O is over", "TLS: bad", ""] {
            assert_eq!(said(why), why);
        }
    }
}
