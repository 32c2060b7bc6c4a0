//! What git says of a credential, and what it is answered: lines of `key=value` (git-credential(1), INPUT/OUTPUT
//! FORMAT).

use std::fmt;
use std::io::{self, BufRead};

use pizauth_common::cause::Cause;
use pizauth_common::secret::Secret;
use pizauth_common::this_machine::is_this_machine;

use super::Token;

/// Bytes that are read at most: two tokens of the longest kind, and what git says beside them.
const MAX_BYTES: u64 = 256 * 1024;

/// What git says of the credential that it wants, or wants erased.
#[derive(Debug, Default)]
pub(super) struct Description {
    protocol: String,
    host: String,
    username: Option<String>,
    /// `password` and `credential`.
    secrets: Vec<Secret>,
    /// Whether git understands `authtype` (since 2.46).
    knows_authtype: bool,
}

/// Why what is read is no description of a credential.
#[derive(Debug)]
pub(super) enum NoDescription {
    Unread(io::Error),
    TooLong,
    NotUtf8,
    ControlCharacter,
    NoEqualsSign,
    NoProtocol,
}

impl fmt::Display for NoDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unread(error) => Cause(error).fmt(f),
            Self::TooLong => write!(f, "it is over {MAX_BYTES} bytes"),
            Self::NotUtf8 => f.write_str("it is not UTF-8"),
            Self::ControlCharacter => {
                f.write_str("a line has a control character, such as a carriage return")
            }
            Self::NoEqualsSign => f.write_str("a line has no '='"),
            Self::NoProtocol => f.write_str("it names no protocol"),
        }
    }
}

/// The server would get an access token in clear over the network.
#[derive(Debug)]
pub(super) struct InClear<'a> {
    host: &'a str,
    protocol: &'a str,
}

impl fmt::Display for InClear<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, protocol } = self;
        write!(f, "no access token is given to {host:?} by {protocol}, where others can read it (use https)")
    }
}

impl Description {
    /// Reads it to its end, which is an empty line or that of the input.
    ///
    /// # Errors
    /// What is read is no description of a credential.
    pub(super) fn read(input: impl BufRead) -> Result<Self, NoDescription> {
        let mut description = Self::default();
        let mut input = input.take(MAX_BYTES + 1);
        loop {
            let mut line = Vec::new();
            let read = input.read_until(b'\n', &mut line).map_err(NoDescription::Unread)?;
            if input.limit() == 0 {
                return Err(NoDescription::TooLong);
            }
            let line = Secret::new(String::from_utf8(line).map_err(|_| NoDescription::NotUtf8)?);
            match line.expose().strip_suffix('\n').unwrap_or(line.expose()) {
                "" => break,
                line => description.take(line)?,
            }
            if read == 0 {
                break;
            }
        }
        if is_scheme(&description.protocol) { Ok(description) } else { Err(NoDescription::NoProtocol) }
    }

    fn take(&mut self, line: &str) -> Result<(), NoDescription> {
        // Some programs take a carriage return for the end of a line: a name with one would be two lines of the answer.
        if line.contains(char::is_control) {
            return Err(NoDescription::ControlCharacter);
        }
        let (key, value) = line.split_once('=').ok_or(NoDescription::NoEqualsSign)?;
        match key {
            "protocol" => self.protocol = value.to_ascii_lowercase(),
            "host" => value.clone_into(&mut self.host),
            "username" => self.username = Some(value.to_owned()),
            "password" | "credential" => self.secrets.push(value.into()),
            // An empty value takes back those before it.
            "capability[]" => {
                self.knows_authtype = !value.is_empty() && (self.knows_authtype || value == "authtype")
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether a credential is named.
    pub(super) fn has_secret(&self) -> bool {
        !self.secrets.is_empty()
    }

    /// Whether this access token is named.
    pub(super) fn names(&self, access_token: &Secret) -> bool {
        self.secrets.contains(access_token)
    }

    /// An access token is given to no server that would get it in clear over the network.
    ///
    /// # Errors
    /// The server is one of those.
    pub(super) fn check_way(&self) -> Result<(), InClear<'_>> {
        let Self { host, protocol, .. } = self;
        let is_open = ["http", "ftp"].contains(&protocol.as_str());
        if is_open && !is_this_machine(without_port(host)) { Err(InClear { host, protocol }) } else { Ok(()) }
    }

    /// What git is answered.
    pub(super) fn answer(&self, token: &Token) -> Secret {
        let user = self.username.as_deref().or(token.user.as_deref()).unwrap_or("oauth2");
        let access_token = token.access_token.expose();
        let mut text = String::new();
        if self.knows_authtype && ["http", "https"].contains(&self.protocol.as_str()) {
            text += "capability[]=authtype\nauthtype=Bearer\nephemeral=1\n";
            text = text + "credential=" + access_token + "\n";
        }
        text = text + "username=" + user + "\npassword=" + access_token + "\n";
        if let Some(expires) = token.expires {
            text += &format!("password_expiry_utc={expires}\n");
        }
        Secret::new(text)
    }
}

/// Whether it is the beginning of a URL (RFC 3986 §3.1).
fn is_scheme(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.bytes().all(is_allowed)
}

/// What git calls a host may have a port behind it.
fn without_port(host: &str) -> &str {
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    host.rsplit_once(':').filter(|(_, port)| is_port(port)).map_or(host, |(host, _)| host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Description, NoDescription> {
        Description::read(text.as_bytes())
    }

    fn answered(text: &str, user: Option<&str>, expires: Option<u64>) -> String {
        let token = Token { access_token: "t0ken".into(), expires, user: user.map(str::to_owned) };
        read(text).unwrap().answer(&token).expose().to_owned()
    }

    #[test]
    fn git_is_given_its_own_user_or_that_of_the_account_or_one_that_servers_ignore() {
        let smtp = "protocol=smtp\nhost=smtp.example.org:587\n";
        let named = format!("{smtp}username=me@example.org\n\nnot=read");
        let expected = "username=me@example.org\npassword=t0ken\npassword_expiry_utc=99\n";
        assert_eq!(answered(&named, Some("other"), Some(99)), expected);
        assert_eq!(answered(smtp, Some("other"), None), "username=other\npassword=t0ken\n");
        assert_eq!(answered(smtp, None, None), "username=oauth2\npassword=t0ken\n");
    }

    #[test]
    fn bearer_is_for_https_and_for_a_git_that_understands_it() {
        let bearer = "capability[]=authtype\nauthtype=Bearer\nephemeral=1\ncredential=t0ken\n\
                      username=oauth2\npassword=t0ken\n";
        let https = "protocol=https\nhost=example.org\n";
        let capable = "capability[]=authtype\ncapability[]=state\n";
        let without = "username=oauth2\npassword=t0ken\n";
        assert_eq!(answered(&format!("{capable}{https}"), None, None), bearer);
        assert_eq!(answered(https, None, None), without);
        assert_eq!(answered(&format!("{capable}protocol=smtp\n"), None, None), without);
        assert_eq!(answered(&format!("{capable}capability[]=\n{https}"), None, None), without);
    }

    #[test]
    fn in_clear_an_access_token_goes_to_this_machine_only() {
        let may = |protocol: &str, host: &str| {
            read(&format!("protocol={protocol}\nhost={host}")).unwrap().check_way().is_ok()
        };
        for host in [
            "localhost",
            "LOCALHOST:80",
            "127.0.0.1:3000",
            "[::1]:80",
            "[::1]",
            "git.localhost",
            "localhost.",
            "[::ffff:127.0.0.1]:1",
        ] {
            assert!(may("http", host), "{host}");
        }
        for host in [
            "example.org",
            "",
            "localhost.example.org",
            "127.0.0.1.example.org",
            "128.0.0.1",
            "[::2]:80",
            "[::1",
            "::1",
            "[::1]example.org",
            "[127.0.0.1].example.org",
            "localhost:80@example.org",
            "localhost:",
            "user@localhost",
            "example.org/.localhost",
            "example.org#.localhost",
        ] {
            assert!(!may("http", host) && !may("HTTP", host) && !may("ftp", host), "{host}");
            assert!(may("https", host) && may("smtp", host) && may("imaps", host), "{host}");
        }
    }

    #[test]
    fn what_is_no_request_is_refused_in_words() {
        const CONTROL: &str = "a line has a control character, such as a carriage return";
        for (text, why) in [
            ("", "it names no protocol"),
            ("\n", "it names no protocol"),
            ("host=example.org\n", "it names no protocol"),
            ("protocol=http \nhost=example.org\n", "it names no protocol"),
            ("protocol=7\n", "it names no protocol"),
            ("protocol=http\r\nhost=example.org\r\n", CONTROL),
            ("protocol=https\nhost=example.org\0\n", CONTROL),
            ("protocol=https\nusername=me\u{9b}31m\n", CONTROL),
            ("protocol", "a line has no '='"),
            (&"x".repeat(1 << 20), "it is over 262144 bytes"),
            (&"a=b\n".repeat(1 << 18), "it is over 262144 bytes"),
        ] {
            assert_eq!(read(text).unwrap_err().to_string(), why);
        }
        assert_eq!(Description::read(&b"path=\xff\n"[..]).unwrap_err().to_string(), "it is not UTF-8");
    }
}
