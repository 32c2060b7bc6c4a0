//! Hooks and filters whose command begins with a file that cannot be run, of which nobody would hear before it is
//! needed, or that others can change, who would have us run their commands.
//!
//! Only a word that is plainly a path is looked at. What else a shell makes of a command (builtins, functions,
//! variables, quotes, its own PATH) it alone knows, and a warning that is wrong is worse than none.

use std::fs::metadata;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access, stat};

use super::exposure::others_can_change;
use crate::config::problems::Problems;
use crate::config::report::Report;
use crate::config::source::Source;
use crate::config::syntax::{self, Assignment, Item, Value};
use crate::config::{Config, secrets};
use crate::paths::Environment;

/// Warnings about the commands of `config`, which stand in `text`.
pub(super) fn warnings(
    config: &Config,
    text: &str,
    file_name: &str,
    environment: &impl Environment,
) -> Report {
    let home = environment.home();
    let trouble = |command: &str| trouble(command, home.as_deref());
    // The file is read a second time to find where the commands stand; only where there is something to say of one.
    let filters = config.saved_state.iter().flat_map(|saved| [&*saved.encrypt_cmd, &*saved.decrypt_cmd]);
    let secrets = config.accounts.iter().filter_map(|account| account.client_auth.secret_cmd());
    let commands = config.hooks.all().into_iter().flatten().chain(filters).chain(secrets.map(|it| &**it));
    if !commands.into_iter().any(|command| trouble(command).is_some()) {
        return Report::default();
    }
    let mut problems = Problems::new(text, secrets::find);
    // What the second reading complains of has been told after the first.
    let mut told = Problems::new(text, secrets::find);
    let options = syntax::read(text, &mut told).into_iter().flat_map(|item| match item {
        Item::Option(option) => vec![option],
        Item::Account(account) => account.fields,
    });
    for option in options.collect::<Vec<_>>() {
        let Assignment { name, value: Some(Value::String(written)) } = option else { continue };
        let is_command = name.ends_with("_cmd");
        let command = if is_command { written.text(&mut told) } else { None };
        if let Some(trouble) = command.and_then(|command| trouble(&command)) {
            problems.warning(written.0, format!("'{name}' begins with {trouble}"));
        }
    }
    problems.into_report(&Source::new(text, file_name))
}

/// Why the program that `command` names by its path cannot be run, or can be changed by others.
fn trouble(command: &str, home: Option<&Path>) -> Option<String> {
    let word = plain_path(command)?;
    let file = resolved(word, home)?;
    let why = why_not_run(&file).or_else(|| why_not_trusted(&file))?;
    Some(format!("{word}, which {why}"))
}

/// The first word, where every shell takes it for a path: an absolute one, or one in the home.
fn plain_path(command: &str) -> Option<&str> {
    let command = command.trim_ascii_start();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+,@%:".contains(c);
    let begins = ["/", "~/", "$HOME/"].into_iter().find(|start| command.starts_with(start))?;
    let rest = &command[begins.len()..];
    let end = rest.find(|c| !is_plain(c)).unwrap_or(rest.len());
    let ends_a_word = |c: char| c.is_ascii_whitespace() || ";&|<>".contains(c);
    rest[end..].chars().next().is_none_or(ends_a_word).then(|| &command[..begins.len() + end])
}

fn resolved(word: &str, home: Option<&Path>) -> Option<PathBuf> {
    match word.strip_prefix("~/").or_else(|| word.strip_prefix("$HOME/")) {
        Some(below) => Some(home?.join(below)),
        None => Some(PathBuf::from(word)),
    }
}

fn why_not_run(path: &Path) -> Option<&'static str> {
    match metadata(path) {
        Ok(found) if found.is_dir() => Some("is a directory"),
        Ok(_) if access(path, Access::EXEC_OK).is_err() => Some("is not executable (chmod +x)"),
        Ok(_) => None,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Some("does not exist")
        }
        // We may not be allowed to look, and whoever runs it may.
        Err(_) => None,
    }
}

fn why_not_trusted(path: &Path) -> Option<&'static str> {
    let is_theirs = stat(path).is_ok_and(|found| others_can_change(&found));
    is_theirs.then_some(
        "others can change, to have pizauthd run their commands (make it your own, and chmod go-w)",
    )
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn only_what_is_plainly_a_path_is_looked_at() {
        let paths = [
            ("/opt/hook", "/opt/hook"),
            (" /opt/hook save", "/opt/hook"),
            ("~/.config/pizauth/hooks/persist-age save", "~/.config/pizauth/hooks/persist-age"),
            ("$HOME/bin/hook;true", "$HOME/bin/hook"),
            ("/opt/hook|logger", "/opt/hook"),
            ("/opt/hook>/dev/null 2>&1 &", "/opt/hook"),
            ("/opt/hook\nexit 0", "/opt/hook"),
            ("/opt/hööк", "/opt/hööк"),
        ];
        for (command, path) in paths {
            assert_eq!(plain_path(command), Some(path), "{command}");
        }
        let others = [
            "",
            "notify-send hello",
            "cd /x && ./y",
            "if /opt/hook; then :; fi",
            "! /opt/hook",
            "exec /opt/hook",
            "A=b /opt/hook",
            "\"/opt/my hook\"",
            "'/opt/hook'",
            "/opt/my\\ hook",
            "/opt/$NAME/hook",
            "/opt/*/hook",
            "/opt/{a,b}",
            "/opt/hook\"s\"",
            "/opt/hook() { :; }",
            "/opt/hook`id`",
            "~other/hook",
            "$HOME",
            "${HOME}/hook",
            "$HOMES/hook",
            "./hook",
            "bin/hook",
            "[ -x /opt/hook ]",
            "( /opt/hook )",
            "#/opt/hook",
            ">/tmp/log /opt/hook",
        ];
        for command in others {
            assert_eq!(plain_path(command), None, "{command}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_run_is_told_with_the_reason() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("plain"), "").unwrap();
        let trouble = |command: &str| trouble(command, Some(home.path()));
        assert_eq!(trouble("~/no save").unwrap(), "~/no, which does not exist");
        assert_eq!(trouble("~/plain/no").unwrap(), "~/plain/no, which does not exist");
        assert_eq!(trouble("$HOME/plain").unwrap(), "$HOME/plain, which is not executable (chmod +x)");
        assert_eq!(trouble("~/").unwrap(), "~/, which is a directory");
        std::fs::set_permissions(home.path().join("plain"), Permissions::from_mode(0o757)).unwrap();
        assert!(trouble("~/plain").unwrap().starts_with("~/plain, which others can change, to have"));
        std::fs::set_permissions(home.path().join("plain"), Permissions::from_mode(0o755)).unwrap();
        assert_eq!(trouble("~/plain"), None);
        assert_eq!(trouble("/bin/sh -c true"), None);
        assert_eq!(super::trouble("~/no", None), None);
    }
}
