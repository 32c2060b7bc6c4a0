//! What cannot be taken, and what helps: much of it is a step away from what can.

use std::fmt;

use super::json::Object;

/// The most that is read, in bytes.
pub const MAX_INPUT: usize = 1024 * 1024;

/// Why there is no refresh token in what was read. No word of that is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// Nothing has come.
    Empty,
    /// More than is read.
    TooLarge,
    /// More refresh tokens than can be asked about.
    TooMany,
    /// A file of a program that is known, without a refresh token in it.
    NoRefreshToken,
    /// What stands in the place of the refresh token cannot be one.
    NoToken,
    /// JSON with an error, and where.
    BrokenJson(String),
    /// A URL of aerc's that cannot be parsed.
    BrokenUrl,
    /// Another encoding than UTF-8.
    Utf16,
    /// Encrypted with gpg.
    OpenPgp,
    /// Encrypted with age.
    Age,
    /// A database.
    Sqlite,
    /// A configuration with sections, of email-oauth2-proxy, …
    ProxyConfiguration,
    /// … of offlineimap, …
    Offlineimap,
    /// … of aerc, …
    AercAccounts,
    /// … or of anybody else.
    Ini,
    /// Fernet, with the mail password as the key.
    SealedByProxy,
    /// Thunderbird's store of passwords.
    Thunderbird,
    /// A token between quotes, as `jq` prints it.
    Quoted,
    /// Anything else.
    Unknown,
}

/// What the input is, where it is not UTF-8.
pub(super) fn of_bytes(input: &[u8]) -> Unreadable {
    match input {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Unreadable::Utf16,
        // RFC 9580 §4.2, in both formats of its header: a session key for a public key or a passphrase.
        [0x84 | 0x85 | 0x8c | 0xc1 | 0xc3, ..] => Unreadable::OpenPgp,
        _ if input.starts_with(SQLITE.as_bytes()) => Unreadable::Sqlite,
        _ if input.starts_with(AGE.as_bytes()) => Unreadable::Age,
        _ => Unreadable::Unknown,
    }
}

const SQLITE: &str = "SQLite format 3";
const AGE: &str = "age-encryption.org";

/// What the text is, where it is certainly no refresh token.
pub(super) fn of_text(text: &str) -> Option<Unreadable> {
    let begins_with = |beginning| text.starts_with(beginning);
    if begins_with("-----BEGIN PGP ") {
        Some(Unreadable::OpenPgp)
    } else if begins_with(AGE) || begins_with("-----BEGIN AGE ") {
        Some(Unreadable::Age)
    } else if begins_with(SQLITE) {
        Some(Unreadable::Sqlite)
    } else if text.lines().any(is_section) {
        Some(of_ini(text))
    } else if text.contains('\0') {
        Some(Unreadable::Utf16)
    } else if text == "null" {
        Some(Unreadable::NoRefreshToken)
    } else if begins_with(FERNET) {
        Some(Unreadable::SealedByProxy)
    } else if begins_with("\"") && text.ends_with('"') {
        Some(Unreadable::Quoted)
    } else {
        // An address is no token, and the URL of a sign-in is what is most easily pasted instead of one.
        (text.contains(|c: char| c.is_whitespace()) || text.contains("://")).then_some(Unreadable::Unknown)
    }
}

/// How a Fernet token begins before the year 2106: its version, and a time in seconds.
const FERNET: &str = "gAAAAAB";

/// `[name]`.
fn is_section(line: &str) -> bool {
    let line = line.trim();
    line.len() > 2 && line.starts_with('[') && line.ends_with(']')
}

fn of_ini(text: &str) -> Unreadable {
    let has = |word| text.contains(word);
    if has("token_salt") || has("Email OAuth 2.0 Proxy") {
        Unreadable::ProxyConfiguration
    } else if has("oauth2_refresh_token") {
        Unreadable::Offlineimap
    } else if has("+xoauth2://") || has("+oauthbearer://") {
        Unreadable::AercAccounts
    } else {
        Unreadable::Ini
    }
}

/// email-oauth2-proxy keeps a salt beside each token: in an object for one address, or in a store of those.
pub(super) fn is_sealed_by_the_proxy(object: &Object) -> bool {
    let mut all = object.values().filter_map(|value| value.as_object()).chain([object]);
    all.any(|object| object.has("token_salt"))
}

impl Unreadable {
    /// For people; `account` as a shell takes it.
    pub fn told<'a>(&'a self, account: &'a str) -> impl fmt::Display + use<'a> {
        Told { why: self, account }
    }
}

struct Told<'a> {
    why: &'a Unreadable,
    account: &'a str,
}

const WHAT_CAN_BE_READ: &str = "the JSON of mutt_oauth2.py, oama, ortie, oauth2ms, MSAL, oidc-agent, getmail6 and \
                                sasl-xoauth2, a URL of aerc's, or nothing but the refresh token on one line: see \
                                pizauth(1)";

impl Told<'_> {
    /// What is wrong, and the command whose output can be read.
    fn with_command(&self, f: &mut fmt::Formatter<'_>, what: &str, command: &str) -> fmt::Result {
        write!(f, "{what} (try: {command} | pizauth import {})", self.account)
    }
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { why, account } = self;
        match why {
            Unreadable::Empty => f.write_str("nothing on stdin (did the command before the pipe fail?)"),
            Unreadable::TooLarge => {
                write!(f, "what is on stdin is over {MAX_INPUT} bytes: no file of tokens is that long")
            }
            Unreadable::TooMany => {
                f.write_str("what is on stdin holds too many refresh tokens: pass on the one of this account")
            }
            Unreadable::NoRefreshToken => {
                write!(
                    f,
                    "what is on stdin holds no refresh token: sign in instead (pizauth login {account})"
                )
            }
            Unreadable::NoToken => {
                f.write_str("the refresh token on stdin is none: not printable ASCII, or over 64 KiB")
            }
            Unreadable::BrokenJson(why) => write!(f, "the JSON on stdin cannot be read: {why}"),
            Unreadable::BrokenUrl => f.write_str("the URL on stdin cannot be read"),
            Unreadable::Utf16 => {
                self.with_command(f, "what is on stdin is not UTF-8", "iconv -f UTF-16 -t UTF-8 FILE")
            }
            Unreadable::OpenPgp => {
                self.with_command(f, "what is on stdin is encrypted with OpenPGP", "gpg -d FILE")
            }
            Unreadable::Age => {
                self.with_command(f, "what is on stdin is encrypted with age", "age -d -i KEY FILE")
            }
            Unreadable::Sqlite => {
                write!(f, "what is on stdin is a database of SQLite, which is not read; {THUNDERBIRD}")
            }
            Unreadable::ProxyConfiguration | Unreadable::SealedByProxy => f.write_str(
                "email-oauth2-proxy encrypts its tokens with the mail password; pizauth(1) has the command \
                 that decrypts them",
            ),
            Unreadable::Offlineimap => self.with_command(
                f,
                "what is on stdin is a configuration of offlineimap's",
                "sed -n 's/^ *oauth2_refresh_token *= *//p' FILE",
            ),
            Unreadable::AercAccounts => {
                let what = "what is on stdin is a configuration of aerc's";
                self.with_command(f, what, "sed -n 's/^source *= *//p' FILE")
            }
            Unreadable::Ini => {
                write!(f, "what is on stdin is a configuration, which is not read; {WHAT_CAN_BE_READ}")
            }
            Unreadable::Thunderbird => {
                write!(f, "what is on stdin is Thunderbird's, encrypted; {THUNDERBIRD}")
            }
            Unreadable::Quoted => {
                self.with_command(f, "the refresh token on stdin is between quotes", "jq -r …")
            }
            Unreadable::Unknown => {
                write!(f, "what is on stdin is nothing that is known; what can be read: {WHAT_CAN_BE_READ}")
            }
        }
    }
}

const THUNDERBIRD: &str =
    "in Thunderbird copy the password of oauth://HOST (Settings, Passwords), and paste it here";
