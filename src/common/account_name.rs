//! The name of an account, as the configuration file spells it.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::sync::Arc;

/// The name in `account "name" { … }`. Cheap to clone; compared byte by byte.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountName(Arc<str>);

impl AccountName {
    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for AccountName {
    fn from(name: &str) -> Self {
        Self(Arc::from(name))
    }
}

impl Borrow<str> for AccountName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An account's name as a command takes it from a shell: the end of a command line that can be typed as it stands.
pub fn as_argument(name: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@+:/".contains(&byte);
    let word: Cow<'_, str> = if !name.is_empty() && name.bytes().all(is_plain) {
        name.into()
    } else {
        format!("'{}'", name.replace('\'', r"'\''")).into()
    };
    if name.starts_with('-') { format!("-- {word}").into() } else { word }
}

/// The advice where a person has to mend something before an account can be refreshed; `argument` is the account, as
/// [`as_argument`] has it.
pub fn when_mended(argument: &str) -> String {
    format!(
        "when that is mended: pizauth refresh {argument} (to start over instead: pizauth revoke {argument})"
    )
}

#[cfg(test)]
mod tests {
    use super::as_argument;

    #[test]
    fn a_command_can_be_typed_as_it_stands() {
        for (name, argument) in [
            ("work", "work"),
            ("me@example.org", "me@example.org"),
            ("my mail", "'my mail'"),
            ("it's; rm", r"'it'\''s; rm'"),
            ("-u", "-- -u"),
            ("-u $x", "-- '-u $x'"),
            ("", "''"),
        ] {
            assert_eq!(as_argument(name), argument);
        }
    }
}
