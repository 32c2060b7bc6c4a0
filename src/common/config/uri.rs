//! The URIs of a configuration.

use std::fmt;

use url::Url;

/// An absolute http or https URI without fragment: kept as written (some servers insist on a trailing slash or its
/// absence) and parsed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Uri {
    written: String,
    parsed: Url,
    scheme: Scheme,
}

/// Whether a URI can be sent as it stands: parsers make other letters of blanks, backslashes and what is not ASCII.
pub fn is_one_word(written: &str) -> bool {
    written.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

impl Uri {
    /// Parses what is written.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn parse(written: String) -> Result<Self, UriError> {
        let parsed = Url::parse(&written).map_err(UriError::NotAbsolute)?;
        let scheme = Scheme::of(&parsed).ok_or_else(|| UriError::Scheme(parsed.scheme().to_owned()))?;
        let parsed = without_fragment(parsed)?;
        Ok(Self { written, parsed, scheme })
    }

    /// Exactly as in the file.
    pub fn written(&self) -> &str {
        &self.written
    }

    /// Its parts.
    pub fn parsed(&self) -> &Url {
        &self.parsed
    }

    /// What is spoken there.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The name or address of its machine, an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        self.parsed.host_str().unwrap_or_default()
    }

    /// The port that it names, or its scheme's.
    pub fn port(&self) -> u16 {
        self.parsed.port().unwrap_or(self.scheme.default_port())
    }

    /// The same URI, written as its parser understands it.
    pub(super) fn normalised(self) -> Self {
        Self { written: self.parsed.to_string(), ..self }
    }
}

/// A URI of any scheme, without fragment.
pub(super) fn absolute(written: &str) -> Result<Url, UriError> {
    Url::parse(written).map_err(UriError::NotAbsolute).and_then(without_fragment)
}

fn without_fragment(uri: Url) -> Result<Url, UriError> {
    if uri.fragment().is_some() { Err(UriError::Fragment) } else { Ok(uri) }
}

/// http or https.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scheme {
    /// Plain.
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// That of a URL; none where it is another one.
    pub fn of(url: &Url) -> Option<Self> {
        match url.scheme() {
            "http" => Some(Self::Http),
            "https" => Some(Self::Https),
            _ => None,
        }
    }

    /// The port of a URI that names none.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "http",
            Self::Https => "https",
        })
    }
}

/// Why a text is no [`Uri`], as the end of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UriError {
    /// No scheme, or something wrong behind it.
    NotAbsolute(url::ParseError),
    /// Neither http nor https.
    Scheme(String),
    /// RFC 6749 §3.1, §3.1.2 and §3.2 forbid it.
    Fragment,
}

/// What is wrong with it, in what somebody has written rather than in a parser.
fn words(error: url::ParseError) -> &'static str {
    use url::ParseError;
    match error {
        ParseError::RelativeUrlWithoutBase | ParseError::RelativeUrlWithCannotBeABaseBase => {
            "it does not begin with https:// or http://"
        }
        ParseError::EmptyHost => "it names no host",
        ParseError::InvalidPort => "its port is not a number from 0 to 65535",
        ParseError::InvalidIpv4Address => "its host looks like an IPv4 address, and is none",
        ParseError::InvalidIpv6Address => "its host looks like an IPv6 address, and is none",
        ParseError::InvalidDomainCharacter => "its host has a character that no name of a host has",
        ParseError::IdnaError => "its host is no name of a host",
        _ => "it cannot be understood",
    }
}

impl fmt::Display for UriError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAbsolute(error) => {
                write!(f, "is not an absolute URI such as \"https://…\": {}", words(*error))
            }
            Self::Scheme(scheme) => write!(f, "has the scheme '{scheme}': expected http or https"),
            Self::Fragment => {
                f.write_str("has a fragment, which OAuth forbids: remove the '#' and what follows")
            }
        }
    }
}
