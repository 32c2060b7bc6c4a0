//! The shell that every command of the user's is run by: hooks, and those that print a secret or save tokens.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use pizauth_common::sys;
use rustix::fs::{Access, access};
use rustix::process::{Resource, Rlimit};

use crate::{background, supervisor};

const PATH: &str = "PATH";
/// What shells take where there is none.
const USUAL_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// What all of these commands have in common. Working directory and umask are the daemon's own, which it never changes.
#[derive(Clone, Debug)]
pub(crate) struct Shell {
    /// [`Shell::inherited_environment`].
    pub environment: Vec<(OsString, OsString)>,
    /// The command socket, for `PIZAUTH_SOCKET`: a command reaches the daemon that started it.
    pub socket: PathBuf,
    /// The limits that the daemon was started with, where it has changed them.
    pub limits: Vec<(Resource, Rlimit)>,
}

impl Shell {
    /// The variables that we were started with, without those by which we tell our parent or supervisor that we are
    /// ready: a command must not do that in our place. Its `PATH` ends with the directory that we are in ourselves:
    /// what a supervisor sets may lack it, and hooks run our commands.
    pub(crate) fn inherited_environment() -> Vec<(OsString, OsString)> {
        let is_ours = |name: &OsStr| name == background::VARIABLE || name == supervisor::VARIABLE;
        let (path, mut others): (Vec<_>, Vec<_>) =
            std::env::vars_os().filter(|(name, _)| !is_ours(name)).partition(|(name, _)| name == PATH);
        let path = path.into_iter().next().map(|(_, path)| path);
        let own = std::env::current_exe().ok();
        others.extend(path_with(path, own.as_deref().and_then(Path::parent)).map(|path| (PATH.into(), path)));
        others
    }

    /// The command line that runs `command`, but for its standard streams.
    pub(crate) fn command_line(&self, command: &str) -> Command {
        let mut prepared = Command::new(self.program());
        prepared.arg("-c").arg(command);
        prepared.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        prepared.env("PIZAUTH_SOCKET", &self.socket);
        sys::isolate_child(&mut prepared, self.limits.clone(), Vec::new());
        prepared
    }

    fn program(&self) -> PathBuf {
        let named =
            self.environment.iter().find(|(name, _)| name == "SHELL").map(|(_, value)| value.as_os_str());
        usable_shell(named)
    }
}

/// The user's shell where it can run a command, else `/bin/sh`: supervisors often set none, and accounts of
/// services have one that refuses.
fn usable_shell(named: Option<&OsStr>) -> PathBuf {
    named
        .map(Path::new)
        .filter(|shell| !matches!(shell.file_name().and_then(OsStr::to_str), Some("nologin" | "false")))
        .filter(|shell| shell.is_file() && access(*shell, Access::EXEC_OK).is_ok())
        .map_or_else(|| PathBuf::from("/bin/sh"), Path::to_owned)
}

/// `path` with `own` at its end, if it is not there already.
fn path_with(path: Option<OsString>, own: Option<&Path>) -> Option<OsString> {
    let Some(own) = own else { return path };
    let path = path.filter(|path| !path.is_empty()).unwrap_or_else(|| USUAL_PATH.into());
    if std::env::split_paths(&path).any(|directory| directory == own) {
        return Some(path);
    }
    // A directory with a colon in its name cannot be named there.
    let longer = std::env::join_paths(std::env::split_paths(&path).chain([own.to_owned()]));
    Some(longer.unwrap_or(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_that_cannot_run_a_command_is_not_used() {
        let sh = Path::new("/bin/sh");
        for unusable in ["", "/nonexistent/sh", "/etc/passwd", "/", "/usr/sbin/nologin", "/bin/false", "sh"] {
            assert_eq!(usable_shell(Some(OsStr::new(unusable))), sh, "{unusable}");
        }
        assert_eq!(usable_shell(None), sh);
        assert_eq!(usable_shell(Some(OsStr::new("/usr/bin/env"))), Path::new("/usr/bin/env"));
    }

    #[test]
    fn our_own_directory_is_the_last_of_the_path() {
        let path = |path: Option<&str>, own: &str| {
            path_with(path.map(OsString::from), Some(Path::new(own))).unwrap().into_string().unwrap()
        };
        assert_eq!(path(Some("/usr/bin:/bin"), "/opt/bin"), "/usr/bin:/bin:/opt/bin");
        assert_eq!(path(Some("/opt/bin:/bin"), "/opt/bin"), "/opt/bin:/bin", "the user's order wins");
        assert_eq!(path(Some("/bin"), "/a:b"), "/bin", "it cannot be named");
        for none in [None, Some("")] {
            assert_eq!(path(none, "/opt/bin"), "/usr/local/bin:/usr/bin:/bin:/opt/bin");
        }
        assert_eq!(path_with(None, None), None);
    }
}
