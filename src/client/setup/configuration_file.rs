//! The configuration file that grows by an account. What stands in it is never rewritten: it may be a symlink of a
//! dotfile manager, or have comments and an order that are its owner's.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use pizauth_common::cause::Cause;
use pizauth_common::config::{self, Config, LoadError, Report, When};
use pizauth_common::paths::{self, ProcessEnvironment};
use pizauth_common::terminal::printable;
use zeroize::Zeroizing;

/// The file, and what it says before.
pub(super) struct ConfigurationFile {
    path: PathBuf,
    before: Zeroizing<String>,
    is_new: bool,
    /// None where it has no account.
    config: Option<Config>,
}

/// Why there is no place for an account.
#[derive(Debug)]
pub(super) enum Unusable {
    /// None is named, and there is no home directory.
    NoHome,
    /// Its path is a symlink without a file at the end.
    LinkToNothing(PathBuf),
    /// It cannot be read.
    Unreadable(PathBuf, io::Error),
    /// It has errors already, or cannot be read.
    Broken(LoadError),
}

impl std::fmt::Display for Unusable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoHome => f.write_str("no home directory: name the file by -c FILE"),
            Self::LinkToNothing(path) => write!(
                f,
                "{} is a symbolic link that leads to nothing: make the file that it names (an empty one will do), or \
                 remove the link",
                printable(&path.to_string_lossy())
            ),
            Self::Unreadable(path, error) => {
                write!(f, "cannot read {}: {}", printable(&path.to_string_lossy()), Cause(error))
            }
            Self::Broken(error) => write!(f, "nothing is added to what is wrong already: {error}"),
        }
    }
}

impl ConfigurationFile {
    /// The one that is named, else the user's own; it need not exist yet.
    ///
    /// # Errors
    /// It exists and is no valid configuration, or nobody knows where it would be.
    pub(super) fn find(named: Option<PathBuf>) -> Result<Self, Unusable> {
        let path = paths::config_file_place(named, &ProcessEnvironment).ok_or(Unusable::NoHome)?;
        match fs::read_to_string(&path) {
            Ok(text) if text.trim().is_empty() => Ok(Self::empty(path, false)),
            Ok(text) => {
                let config = match config::load(&path, When::Reload) {
                    Ok(checked) => Some(checked.config),
                    Err(_) if lacks_only_an_account(&text) => None,
                    Err(error) => return Err(Unusable::Broken(error)),
                };
                Ok(Self { path, before: Zeroizing::new(text), is_new: false, config })
            }
            Err(error) if error.kind() == ErrorKind::NotFound && path.is_symlink() => {
                Err(Unusable::LinkToNothing(path))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::empty(path, true)),
            Err(error) => Err(Unusable::Unreadable(path, error)),
        }
    }

    fn empty(path: PathBuf, is_new: bool) -> Self {
        Self { path, before: Zeroizing::default(), is_new, config: None }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether an account has this name already.
    pub(super) fn has(&self, name: &str) -> bool {
        let accounts = self.config.iter().flat_map(|config| &config.accounts);
        accounts.into_iter().any(|account| account.name.as_str() == name)
    }

    /// Whether the configuration has an HTTPS listener at this port, where a browser finds the daemon.
    pub(super) fn listens_for_https_on(&self, port: u16) -> bool {
        let https = self.config.as_ref().and_then(|config| config.listeners.https());
        https.is_some_and(|address| address.port == port)
    }

    /// Whether others than its owner may read it. A new file will be 0600.
    pub(super) fn is_readable_by_others(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|file| file.mode() & 0o077 != 0)
    }

    /// Whether the whole is a configuration with `block`.
    ///
    /// # Errors
    /// What would be wrong with it.
    pub(super) fn check_with(&self, block: &str) -> Result<(), Report> {
        let whole = Zeroizing::new([&self.before, self.separator(), block].concat());
        config::parse(&whole, &self.path.to_string_lossy()).map(|_| ())
    }

    /// Adds `block` at the end, in one write.
    ///
    /// # Errors
    /// The file or its directory cannot be written; nothing has been.
    pub(super) fn append(&self, block: &str) -> io::Result<()> {
        if let Some(directory) = self.path.parent().filter(|_| self.is_new) {
            DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        }
        let mut options = OpenOptions::new();
        options.append(true).mode(0o600);
        // A file that somebody else has made meanwhile has not been checked: leave it as it is.
        if self.is_new {
            options.create_new(true)
        } else {
            &mut options
        };
        let text = Zeroizing::new([self.separator(), block].concat());
        let mut file = options.open(&self.path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    }

    fn separator(&self) -> &'static str {
        match self.before.as_bytes().last() {
            None => "",
            Some(b'\n') => "\n",
            Some(_) => "\n\n",
        }
    }
}

/// Whether an account is all that keeps `text` from being a configuration: it may have comments, hooks, listeners.
fn lacks_only_an_account(text: &str) -> bool {
    const ACCOUNT: &str =
        "\naccount \"a\" { provider = \"google\"; client_id = \"a\"; client_secret = \"a\"; }\n";
    let with_one = Zeroizing::new([text, ACCOUNT].concat());
    config::parse(text, "").is_err() && config::parse(&with_one, "").is_ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const BLOCK: &str =
        "account \"new\" { provider = \"google\"; client_id = \"x\"; client_secret = \"y\"; }\n";

    fn file_with(text: Option<&str>) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("below/pizauth.conf");
        if let Some(text) = text {
            fs::create_dir(directory.path().join("below")).expect("a directory");
            fs::write(&path, text).expect("a file");
        }
        (directory, path)
    }

    #[test]
    fn a_new_file_is_its_owners_alone_and_its_directory_too() {
        let (_directory, path) = file_with(None);
        let file = ConfigurationFile::find(Some(path.clone())).expect("a place");
        assert!(!file.has("new") && file.check_with(BLOCK).is_ok());
        file.append(BLOCK).expect("written");
        assert_eq!(fs::read_to_string(&path).expect("text"), BLOCK);
        for (path, mode) in [(path.as_path(), 0o600), (path.parent().expect("one"), 0o700)] {
            assert_eq!(fs::metadata(path).expect("it").permissions().mode() & 0o777, mode, "{path:?}");
        }
        assert!(file.append(BLOCK).is_err(), "a file that has come meanwhile has been appended to");
    }

    #[test]
    fn what_stands_there_stays_as_it_is_and_a_symlink_a_symlink() {
        let before = "// mine\n\
                      account \"old\" { provider = \"google\"; client_id = \"x\"; client_secret = \"y\"; } // end";
        let (directory, path) = file_with(Some(before));
        let link = directory.path().join("link");
        std::os::unix::fs::symlink(&path, &link).expect("a link");
        let file = ConfigurationFile::find(Some(link.clone())).expect("a place");
        assert!(file.has("old") && !file.has("new"));
        file.append(BLOCK).expect("written");
        assert_eq!(fs::read_to_string(&path).expect("text"), format!("{before}\n\n{BLOCK}"));
        assert!(fs::symlink_metadata(&link).expect("it").is_symlink());
        assert!(file.check_with(&BLOCK.replace("new", "old")).is_err(), "a second account of one name");
    }

    #[test]
    fn a_file_without_an_account_gets_its_first() {
        let before = "// mine\nauth_notify_cmd = \"notify\";\n";
        let (_directory, path) = file_with(Some(before));
        let file = ConfigurationFile::find(Some(path.clone())).expect("a place");
        assert!(!file.has("new") && file.check_with(BLOCK).is_ok());
        file.append(BLOCK).expect("written");
        assert_eq!(fs::read_to_string(&path).expect("text"), format!("{before}\n{BLOCK}"));
    }

    #[test]
    fn a_symlink_to_nothing_is_said_before_anything_is_asked() {
        let (_directory, path) = file_with(Some(""));
        let link = path.with_file_name("link");
        std::os::unix::fs::symlink("missing", &link).expect("a link");
        let Err(error) = ConfigurationFile::find(Some(link)) else { panic!("it leads nowhere") };
        assert!(error.to_string().contains("link is a symbolic link that leads to nothing: make the file"));
    }

    #[test]
    fn nothing_is_added_to_a_file_with_errors() {
        let (_directory, path) = file_with(Some("account \"old\" {"));
        let Err(error) = ConfigurationFile::find(Some(path)) else { panic!("it has errors") };
        assert!(
            error.to_string().starts_with("nothing is added to what is wrong already: the configuration ")
        );
    }
}
