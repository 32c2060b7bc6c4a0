//! What a hook is started with: variables of its own, and standard streams.

use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use pizauth_common::terminal::{cut, is_unsafe};

use super::Hook;
use super::hook_kind::account;
use crate::shell::Shell;

/// Longer values are cut. The system would take 128 KiB, but other programs on the way may not.
const MAX_VALUE_BYTES: usize = 4096;
/// For `PIZAUTH_URL`: a URL that is cut is of no use, and how long it is depends on the configuration alone.
const MAX_URL_BYTES: usize = 64 * 1024;

/// The command line for one hook, ready to be started. Its output goes to pipes of its own, in the foreground too:
/// whoever reads ours may be stuck, and must hang neither the hook nor our end. Without any it is ours.
pub(super) fn prepare(
    shell: &Shell,
    command: &str,
    hook: &Hook,
    output: Option<(OwnedFd, OwnedFd)>,
) -> Command {
    let mut prepared = shell.command_line(command);
    // Perhaps we are what a hook has started.
    prepared.env_remove("PIZAUTH_CODE");
    prepared.stdin(Stdio::null()).envs(variables(hook));
    if let Some((stdout, stderr)) = output {
        prepared.stdout(stdout).stderr(stderr);
    }
    prepared
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
