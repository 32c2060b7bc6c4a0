//! Client identifiers that a distribution or a university supplies, or the user keeps: lines
//! `PROVIDER CLIENT_ID [SECRET]`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use pizauth_common::paths::{Environment, ProcessEnvironment};
use pizauth_common::secret::Secret;
use pizauth_common::terminal::is_unsafe;

/// For everybody on this machine.
const OF_THE_MACHINE: &str = "/etc/pizauth/clients";
/// No more of a file is read, in bytes.
const LARGEST: u64 = 256 << 10;

/// What such a file says of a provider.
#[derive(Debug)]
pub(super) struct KnownClient {
    pub(super) client_id: String,
    pub(super) secret: Option<Secret>,
    /// The file that says so, which is named to the person who is asked whether to use this client.
    pub(super) file: PathBuf,
}

/// The client for `provider` of the first file that has one: the user's own files come before the machine's.
pub(super) fn of(provider: &str) -> Option<KnownClient> {
    files(&ProcessEnvironment).into_iter().find_map(|file| find(&read(&file)?, provider, file))
}

/// Where such files may be: beside the places for the configuration file, and the machine's.
fn files(environment: &impl Environment) -> Vec<PathBuf> {
    let beside = pizauth_common::paths::config_file_candidates(environment);
    let own = beside.iter().filter_map(|file| Some(file.parent()?.join("pizauth/clients")));
    own.chain([PathBuf::from(OF_THE_MACHINE)]).collect()
}

fn read(file: &Path) -> Option<String> {
    let mut text = String::new();
    // To open a FIFO would wait until somebody writes into it.
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    File::open(file).ok()?.take(LARGEST).read_to_string(&mut text).ok()?;
    Some(text)
}

fn find(text: &str, provider: &str, file: PathBuf) -> Option<KnownClient> {
    let words = text.lines().filter(|line| !line.trim_start().starts_with('#')).find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        (words.first() == Some(&provider) && words.len() > 1 && !line.contains(is_unseen)).then_some(words)
    })?;
    let secret = words.get(2).map(|secret| Secret::new((*secret).to_owned()));
    Some(KnownClient { client_id: words[1].to_owned(), secret, file })
}

fn is_unseen(c: char) -> bool {
    c != '\t' && is_unsafe(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(text: &str, provider: &str) -> Option<(String, Option<String>)> {
        let found = find(text, provider, PathBuf::new())?;
        Some((found.client_id, found.secret.map(|secret| secret.expose().to_owned())))
    }

    #[test]
    fn a_line_names_provider_identifier_and_perhaps_a_secret() {
        let text =
            "# of the university\nmicrosoft\tabc-1\n\ngoogle id.example  s3cret\nmicrosoft later\nyahoo\n";
        assert_eq!(client(text, "microsoft"), Some(("abc-1".into(), None)));
        assert_eq!(client(text, "google"), Some(("id.example".into(), Some("s3cret".into()))));
        assert_eq!(client(text, "yahoo"), None);
        assert_eq!(client(text, "#"), None);
        assert_eq!(client("google id\u{202e}x\n", "google"), None);
    }
}
