//! Where things are: socket, configuration file, cache directory. Decided from the environment alone; only
//! [`directory`] and [`sibling_candidates`] look at the file system.

pub mod directory;
mod environment;
mod machine;
mod siblings;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

pub use self::environment::{Environment, ProcessEnvironment};
pub use self::siblings::sibling_candidates;

/// What our own directory in a runtime directory is called.
const OWN_NAME: &str = "pizauth";
/// The name of the socket in our own directory.
const SOCKET_NAME: &str = "pizauth.sock";
const CONFIG_NAME: &str = "pizauth.conf";
/// What a directory in the home begins with, before the hash of the machine that it is for.
const RUN_PREFIX: &str = "run-";

/// One place where the daemon's socket may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketCandidate {
    /// `PIZAUTH_SOCKET`: the uid of the process at the other end alone decides whether it is trusted.
    Named(PathBuf),
    /// `pizauth.sock` in a directory of our own, which has to pass [`directory::open`] first.
    Own(OwnDirectory),
}

/// A directory that belongs to pizauth, in a directory that others create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnDirectory {
    /// The part of the path that must exist already: what a runtime directory is in, or the home directory.
    pub base: PathBuf,
    /// The rest of the path, relative to `base`: the daemon creates what is missing of it.
    pub below: PathBuf,
}

impl OwnDirectory {
    /// The whole path.
    pub fn path(&self) -> PathBuf {
        self.base.join(&self.below)
    }
}

impl SocketCandidate {
    /// The path of the socket.
    pub fn socket(&self) -> PathBuf {
        match self {
            Self::Named(socket) => socket.clone(),
            Self::Own(directory) => directory.path().join(SOCKET_NAME),
        }
    }
}

/// Where the socket may be, best first. `PIZAUTH_SOCKET` excludes all others. Empty only without a home directory.
pub fn socket_candidates(environment: &impl Environment) -> Vec<SocketCandidate> {
    match named_socket(environment) {
        Some(socket) => vec![SocketCandidate::Named(socket)],
        None => own_directories(environment).into_iter().map(SocketCandidate::Own).collect(),
    }
}

fn named_socket(environment: &impl Environment) -> Option<PathBuf> {
    non_empty(environment.variable("PIZAUTH_SOCKET")).map(PathBuf::from)
}

/// The directories of our own, best first; `PIZAUTH_SOCKET` makes no difference.
pub fn own_directories(environment: &impl Environment) -> Vec<OwnDirectory> {
    let of_system =
        OwnDirectory { base: environment.system_runtime_directory(), below: PathBuf::from(OWN_NAME) };
    let mut directories: Vec<_> = directory_of_session(environment).into_iter().collect();
    directories.push(of_system);
    directories.extend(home_directory_of_machine(environment));
    directories
}

/// Our directory in an `XDG_RUNTIME_DIR` that is another than the system's runtime directory. It is made where it is
/// missing, and has a daemon of its own.
pub fn directory_of_session(environment: &impl Environment) -> Option<OwnDirectory> {
    let session = absolute(environment.variable("XDG_RUNTIME_DIR"))?;
    if session == environment.system_runtime_directory() {
        return None;
    }
    Some(match (session.parent(), session.file_name()) {
        (Some(parent), Some(name)) => {
            OwnDirectory { base: parent.to_owned(), below: Path::new(name).join(OWN_NAME) }
        }
        _ => OwnDirectory { base: session, below: PathBuf::from(OWN_NAME) },
    })
}

/// `~/.local/state/pizauth/run-MACHINE`: the last candidate, and the same in every environment of a user on one
/// machine.
pub fn home_directory_of_machine(environment: &impl Environment) -> Option<OwnDirectory> {
    let machine = fnv1a(&environment.machine());
    let below = PathBuf::from(format!(".local/state/pizauth/{RUN_PREFIX}{machine:016x}"));
    Some(OwnDirectory { base: environment.home()?, below })
}

/// Where the configuration file may be, best first.
pub fn config_file_candidates(environment: &impl Environment) -> Vec<PathBuf> {
    let mut files = Vec::new();
    files.extend(absolute(environment.variable("XDG_CONFIG_HOME")).map(|dir| dir.join(CONFIG_NAME)));
    files.extend(environment.home().map(|home| home.join(".config").join(CONFIG_NAME)));
    files
}

fn config_file(environment: &impl Environment) -> Option<PathBuf> {
    config_file_candidates(environment).into_iter().find(|file| file.exists())
}

/// Where the configuration file is or would be: the one that is named, else the first candidate that exists, else the
/// first of all. None only without a home directory.
pub fn config_file_place(named: Option<PathBuf>, environment: &impl Environment) -> Option<PathBuf> {
    named
        .or_else(|| config_file(environment))
        .or_else(|| config_file_candidates(environment).into_iter().next())
}

/// The configuration file: the one that is named, else the first candidate that exists.
///
/// # Errors
/// None is named, and there is none.
pub fn find_config_file(
    named: Option<PathBuf>,
    environment: &impl Environment,
) -> Result<PathBuf, NoConfigFile> {
    let found = named.or_else(|| config_file(environment));
    found.ok_or_else(|| NoConfigFile {
        places: config_file_candidates(environment),
        example: environment.installed_example(),
    })
}

/// There is no configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoConfigFile {
    /// Where it was looked for: nowhere without a home directory.
    places: Vec<PathBuf>,
    /// What to begin with, where it is installed.
    example: Option<PathBuf>,
}

impl fmt::Display for NoConfigFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.places.is_empty() {
            return f.write_str("no home directory, no configuration file (name it: -c FILE)");
        }
        let places: Vec<_> = self.places.iter().map(|place| place.to_string_lossy()).collect();
        write!(f, "no configuration file at {} (", places.join(" or at "))?;
        if let (Some(example), Some(place)) = (&self.example, self.places.last()) {
            write!(f, "to begin with one: cp {} {}; to ", example.display(), place.display())?;
        }
        f.write_str("name another: -c FILE)")
    }
}

impl std::error::Error for NoConfigFile {}

/// The file for saved tokens where the configuration names none.
pub fn state_file(environment: &impl Environment) -> Option<PathBuf> {
    let state = absolute(environment.variable("XDG_STATE_HOME"))
        .or_else(|| environment.home().map(|home| home.join(".local/state")))?;
    Some(state.join("pizauth/tokens"))
}

/// The cache directory that `info` names. Nothing is stored there.
pub fn cache_directory(environment: &impl Environment) -> Option<PathBuf> {
    let cache = absolute(environment.variable("XDG_CACHE_HOME"))
        .or_else(|| environment.home().map(|home| home.join(".cache")))?;
    Some(cache.join("pizauth"))
}

fn non_empty(value: Option<OsString>) -> Option<OsString> {
    value.filter(|value| !value.is_empty())
}

/// XDG base directory specification: a relative path is to be ignored.
fn absolute(value: Option<OsString>) -> Option<PathBuf> {
    value.map(PathBuf::from).filter(|path| Path::is_absolute(path))
}

/// FNV-1a, 64 bits: std's hasher may change with the compiler, and both sides have to agree on this one.
fn fnv1a(bytes: &[u8]) -> u64 {
    let mix = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, mix)
}
