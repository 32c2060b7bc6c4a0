//! A home of one's own: directories, environment, executables.

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::{Call, Daemon, Owner};

/// Temporary directories as HOME and XDG directories; gone when dropped.
pub(crate) struct Sandbox {
    root: TempDir,
    owner: Option<Owner>,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let root = private_directory();
        for name in ["home", "config", "run", "cache", "work"] {
            DirBuilder::new().mode(0o700).create(root.path().join(name)).expect("a directory in the sandbox");
        }
        Self { root, owner: None }
    }

    /// With a configuration whose authorization server is never asked.
    pub(crate) fn configured() -> Self {
        let sandbox = Self::new();
        let account = "https_listen = none; account \"work\" { auth_uri = \"http://127.0.0.1:9/a\"; \
                       token_uri = \"http://127.0.0.1:9/t\"; client_id = \"c\"; }";
        sandbox.write_config(account);
        sandbox
    }

    /// From now on all this belongs to another user, as whom every program in it runs.
    pub(crate) fn give_away(&mut self) {
        let user = Owner::new();
        user.take(self.root.path());
        self.owner = Some(user);
    }

    /// A path in the working directory of daemon and commands.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join("work").join(name)
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    pub(crate) fn runtime_dir(&self) -> PathBuf {
        self.root.path().join("run")
    }

    /// Where the daemon's socket is in this environment.
    pub(crate) fn socket(&self) -> PathBuf {
        self.runtime_dir().join("pizauth").join("pizauth.sock")
    }

    /// `$XDG_CONFIG_HOME/pizauth.conf`.
    pub(crate) fn config_file(&self) -> PathBuf {
        self.root.path().join("config").join("pizauth.conf")
    }

    pub(crate) fn write_config(&self, text: &str) {
        // A daemon that is just reading it has the old one or the new one, and nothing in between.
        let new = self.config_file().with_extension("new");
        fs::write(&new, text).expect("writing the configuration");
        fs::set_permissions(&new, Permissions::from_mode(0o600)).expect("its permissions");
        fs::rename(new, self.config_file()).expect("putting the configuration in its place");
    }

    /// Puts lines before what the configuration says.
    #[track_caller]
    pub(crate) fn prepend_config(&self, lines: &str) {
        let text = fs::read_to_string(self.config_file()).expect("a configuration");
        self.write_config(&format!("{lines}\n{text}"));
    }

    pub(crate) fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        fs::write(self.path(name), contents).expect("writing a file into the sandbox");
        self.path(name)
    }

    /// The contents of a file that a hook wrote; nothing while it is not there.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Any program in the sandbox's environment and nothing else of ours.
    pub(crate) fn program(&self, program: impl AsRef<Path>) -> Call {
        let mut command = match &self.owner {
            Some(owner) => owner.runs(program.as_ref()),
            None => Command::new(program.as_ref()),
        };
        command
            .current_dir(self.root.path().join("work"))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into()))
            .env("HOME", self.home())
            .env("XDG_RUNTIME_DIR", self.runtime_dir())
            .env("XDG_CONFIG_HOME", self.root.path().join("config"))
            .env("XDG_CACHE_HOME", self.root.path().join("cache"))
            .env("SHELL", "/bin/sh")
            .env("LC_ALL", "C.UTF-8");
        Call::new(command)
    }

    /// An applet: its own executable where it has one. With `PIZAUTH_UNDER_TEST`, a subcommand of that.
    pub(crate) fn applet(&self, name: &str) -> Call {
        match (under_test(), own_executable(name)) {
            (Some(oracle), _) => self.program(oracle).args([name]),
            (None, Some(executable)) if self.owner.is_some() => self.program(self.copy_of(executable)),
            (None, Some(executable)) => self.program(executable),
            (None, None) => self.multiplexer().args([name]),
        }
    }

    pub(crate) fn multiplexer(&self) -> Call {
        self.program(under_test().unwrap_or_else(|| env!("CARGO_BIN_EXE_pizauth").into()))
    }

    /// Where any user can reach it. Another program makes the copy: a child that another test has just forked would
    /// have our descriptor for writing to it, too, and what is being written to cannot be executed.
    fn copy_of(&self, executable: &str) -> PathBuf {
        let name = Path::new(executable).file_name().expect("an executable has a name");
        let copy = self.root.path().join(name);
        if !copy.exists() {
            let copied = Command::new("cp").arg(executable).arg(&copy).status();
            assert!(copied.is_ok_and(|status| status.success()), "copying {executable}");
        }
        copy
    }

    /// A daemon in the foreground with the configuration in place; returns once it accepts commands.
    #[track_caller]
    pub(crate) fn start(&self) -> Daemon {
        Daemon::start(self, self.applet("server"))
    }
}

/// A directory for us alone, whatever the umask is: the daemon refuses one that others may write to.
pub(crate) fn private_directory() -> TempDir {
    let private = Permissions::from_mode(0o700);
    let directory = tempfile::Builder::new().prefix("pizauth-it-").permissions(private).tempdir_in(place());
    directory.expect("a temporary directory")
}

/// Where temporary directories are made: TMPDIR as the kernel names it, if other users can come there and the paths
/// below it leave room for those of sockets, which the system limits to about a hundred bytes. Otherwise /tmp.
fn place() -> PathBuf {
    let usual = std::env::temp_dir().canonicalize().expect("TMPDIR is a directory");
    let is_open = |directory: &Path| directory.metadata().is_ok_and(|found| found.mode() & 0o001 != 0);
    let is_good = usual.as_os_str().len() <= 28 && usual.ancestors().all(is_open);
    if is_good { usual } else { fs::canonicalize("/tmp").expect("there is a /tmp") }
}

/// Another executable that the command-line tests are pointed at.
pub(crate) fn under_test() -> Option<PathBuf> {
    std::env::var_os("PIZAUTH_UNDER_TEST").map(PathBuf::from)
}

fn own_executable(applet: &str) -> Option<&'static str> {
    Some(match applet {
        "server" => env!("CARGO_BIN_EXE_pizauthd"),
        "show" => env!("CARGO_BIN_EXE_pizauth-show"),
        "refresh" => env!("CARGO_BIN_EXE_pizauth-refresh"),
        "revoke" => env!("CARGO_BIN_EXE_pizauth-revoke"),
        "dump" => env!("CARGO_BIN_EXE_pizauth-dump"),
        "restore" => env!("CARGO_BIN_EXE_pizauth-restore"),
        _ => return None,
    })
}
