//! What a hook is started with: shell, variables, standard streams, limits.

use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use pizauth_common::sys;
use pizauth_common::terminal::{cut, is_unsafe};
use rustix::fs::{Access, access};
use rustix::process::{Resource, Rlimit};

use super::Hook;
use super::hook_kind::account;
use crate::{background, supervisor};

const PATH: &str = "PATH";
/// What shells take where there is none.
const USUAL_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Longer values are cut. The system would take 128 KiB, but other programs on the way may not.
const MAX_VALUE_BYTES: usize = 4096;
/// For `PIZAUTH_URL`: a URL that is cut is of no use, and how long it is depends on the configuration alone.
const MAX_URL_BYTES: usize = 64 * 1024;

/// What all hooks have in common. Working directory and umask are the daemon's own, which it never changes.
#[derive(Clone, Debug)]
pub(crate) struct HookSettings {
    /// [`HookSettings::inherited_environment`].
    pub environment: Vec<(OsString, OsString)>,
    /// The command socket, for `PIZAUTH_SOCKET`: a hook reaches the daemon that started it.
    pub socket: PathBuf,
    /// The limits that the daemon was started with, where it has changed them.
    pub limits: Vec<(Resource, Rlimit)>,
}

impl HookSettings {
    /// The variables that we were started with, without those by which we tell our parent or supervisor that we are
    /// ready: a hook must not do that in our place. Its `PATH` ends with the directory that we are in ourselves: what a
    /// supervisor sets may lack it, and hooks run our commands.
    pub(crate) fn inherited_environment() -> Vec<(OsString, OsString)> {
        let is_ours = |name: &OsStr| name == background::VARIABLE || name == supervisor::VARIABLE;
        let (path, mut others): (Vec<_>, Vec<_>) =
            std::env::vars_os().filter(|(name, _)| !is_ours(name)).partition(|(name, _)| name == PATH);
        let path = path.into_iter().next().map(|(_, path)| path);
        let own = std::env::current_exe().ok();
        others.extend(path_with(path, own.as_deref().and_then(Path::parent)).map(|path| (PATH.into(), path)));
        others
    }

    /// The command line for one hook, ready to be started. Its output goes to pipes of its own, in the foreground too:
    /// whoever reads ours may be stuck, and must hang neither the hook nor our end. Without any it is ours.
    pub(super) fn prepare(&self, command: &str, hook: &Hook, output: Option<(OwnedFd, OwnedFd)>) -> Command {
        let mut prepared = self.command_line(command);
        // Perhaps we are what a hook has started.
        prepared.env_remove("PIZAUTH_CODE");
        prepared.stdin(Stdio::null()).envs(variables(hook));
        if let Some((stdout, stderr)) = output {
            prepared.stdout(stdout).stderr(stderr);
        }
        prepared
    }

    /// The command line for a command of the user's, but for its standard streams.
    pub(crate) fn command_line(&self, command: &str) -> Command {
        let mut prepared = Command::new(self.shell());
        prepared.arg("-c").arg(command);
        prepared.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        prepared.env("PIZAUTH_SOCKET", &self.socket);
        sys::isolate_child(&mut prepared, self.limits.clone(), Vec::new());
        prepared
    }

    fn shell(&self) -> PathBuf {
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

fn variables(hook: &Hook) -> Vec<(&'static str, String)> {
    let mut variables = Vec::new();
    if let Some(account) = account(hook) {
        // As it is: commands that the hook runs must find it.
        variables.push(("PIZAUTH_ACCOUNT", account.to_string()));
    }
    match hook {
        Hook::AuthNotify { url, user_code, .. } => {
            variables.push(("PIZAUTH_URL", safe_value(url, MAX_URL_BYTES)));
            let code = user_code.as_ref().map(|code| safe_value(code, MAX_VALUE_BYTES));
            variables.extend(code.map(|code| ("PIZAUTH_CODE", code)));
        }
        Hook::ErrorNotify { message, .. } => {
            variables.push(("PIZAUTH_MSG", safe_value(message, MAX_VALUE_BYTES)))
        }
        Hook::TokenEvent { event, .. } => variables.push(("PIZAUTH_EVENT", event.as_str().to_owned())),
        Hook::Startup | Hook::TransientErrorIf { .. } => {}
    }
    variables
}

/// `text` so that exec takes it and what shows it is not driven by it: the hook runs whatever a server sent.
fn safe_value(text: &str, bytes: usize) -> String {
    let mut safe: String = text.chars().map(|c| if is_unsafe(c) { ' ' } else { c }).collect();
    cut(&mut safe, bytes);
    safe
}

#[cfg(test)]
mod tests {
    use pizauth_common::account_name::AccountName;

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

    #[test]
    fn a_value_is_safe_for_exec_and_has_a_cap() {
        assert_eq!(safe_value("a\0b\n\u{1b}[2J\u{85}\u{202e}ü", 4096), "a b  [2J  ü");
        assert_eq!(safe_value(&"ü".repeat(3000), 4096).len(), 4096);
        assert_eq!(safe_value(&format!("x{}", "ü".repeat(3000)), 4096).len(), 4095);
    }

    #[test]
    fn a_url_is_whole_where_a_message_is_cut() {
        let account = || AccountName::from("work");
        let url = format!("https://login.example/?scope={}", "x".repeat(10_000));
        let hook = Hook::AuthNotify { account: account(), url: url.clone(), user_code: None };
        assert!(variables(&hook).contains(&("PIZAUTH_URL", url.clone())));
        let hook = Hook::ErrorNotify { account: account(), message: url };
        assert!(variables(&hook).iter().all(|(_, value)| value.len() <= 4096));
    }
}
