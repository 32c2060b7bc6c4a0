//! What paths depend on: variables, the user, the machine. A trait, so that tests need not touch the process's own.

use std::ffi::OsString;
use std::path::PathBuf;

/// The surroundings of a process.
pub trait Environment {
    /// The value of an environment variable.
    fn variable(&self, name: &str) -> Option<OsString>;

    /// The effective user id.
    fn uid(&self) -> u32;

    /// The home directory that the user database names.
    fn home_of_user(&self) -> Option<PathBuf>;

    /// What tells this machine from others: homes may be shared between several.
    fn machine(&self) -> Vec<u8>;

    /// The runtime directory that logind, elogind and their like make for a user, whether it exists or not.
    fn system_runtime_directory(&self) -> PathBuf {
        PathBuf::from(format!("/run/user/{}", self.uid()))
    }

    /// The configuration to begin with that was installed together with this program.
    fn installed_example(&self) -> Option<PathBuf>;

    /// The home directory: `HOME`, else what the user database says.
    fn home(&self) -> Option<PathBuf> {
        self.variable("HOME")
            .map(PathBuf::from)
            .filter(|home| home.is_absolute())
            .or_else(|| self.home_of_user())
    }
}

/// The surroundings of this process.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    fn variable(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name)
    }

    fn uid(&self) -> u32 {
        rustix::process::geteuid().as_raw()
    }

    /// std looks at `HOME` first: one that is relative counts as none at all.
    fn home_of_user(&self) -> Option<PathBuf> {
        std::env::home_dir().filter(|home| home.is_absolute())
    }

    /// Where `install.sh` places it: in PREFIX/share, while we are in PREFIX/bin.
    fn installed_example(&self) -> Option<PathBuf> {
        let own = std::env::current_exe().ok()?;
        let example = own.parent()?.parent()?.join("share/doc/pizauth/pizauth.conf");
        example.exists().then_some(example)
    }

    fn machine(&self) -> Vec<u8> {
        super::machine::machine()
    }
}
