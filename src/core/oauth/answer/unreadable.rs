//! Why a body is no answer. Whether it is asked for again is decided for each endpoint.

use core::fmt;

use crate::prelude::*;

/// Why a body is no answer.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::oauth) enum Unreadable {
    Redirect {
        option: &'static str,
    },
    Empty,
    Html,
    NotJson,
    NoTokenAnswer,
    /// Of the revocation endpoint: it has failed without saying why.
    NoError,
    /// Of an issuer's well-known places.
    NoMetadata,
    TokenAndError(String),
    BadToken(&'static str),
    TokenType(String),
    /// An error that decides nothing.
    NoVerdict(String),
    /// Of the device authorization endpoint.
    NoDeviceAnswer,
    /// Of the registration endpoint.
    NoClient,
    /// A member of an answer, and what it has to be.
    BadMember(&'static str, &'static str),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Redirect { option } => {
                write!(f, "a redirect, which is never followed (is {option} right?)")
            }
            Self::Empty => f.write_str("the answer is empty"),
            Self::Html => f.write_str("a web page instead of an answer (a proxy or a captive portal?)"),
            Self::NotJson => f.write_str("the answer cannot be read"),
            Self::NoTokenAnswer => f.write_str("the answer holds neither a token nor an error"),
            Self::NoMetadata => f.write_str("there are no metadata"),
            Self::NoError => f.write_str("the answer holds no OAuth error"),
            Self::TokenAndError(error) => write!(f, "the answer holds both a token and an error ({error})"),
            Self::BadToken(name) => {
                write!(f, "the {name} in the answer is not a string of 1 to 65536 printable ASCII characters")
            }
            Self::NoVerdict(error) => f.write_str(error),
            Self::NoDeviceAnswer => f.write_str("the answer holds neither a device code nor an error"),
            Self::NoClient => f.write_str("the answer holds neither a client_id nor an error"),
            Self::BadMember(name, expected) => write!(f, "the {name} in the answer is not {expected}"),
            Self::TokenType(kind) => write!(f, "the token_type in the answer is {kind}, not Bearer"),
        }
    }
}
