//! Opening a browser where there is one: it is begun, and not waited for.

use std::env;
use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::io::{self, ErrorKind, IsTerminal};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

use pizauth_common::cause::Cause;
use pizauth_common::sys;

use super::conversation::News;

/// A browser that fails within this time has not opened anything; later it is not looked at any more.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is known of the place where the user sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) has_display: bool,
    pub(super) names_browser: bool,
    pub(super) has_terminal: bool,
    pub(super) comes_by_ssh: bool,
}

impl Place {
    pub(super) fn here() -> Self {
        Self {
            has_display: cfg!(target_os = "macos")
                || is_set("DISPLAY")
                || is_set("WAYLAND_DISPLAY")
                || is_wsl(),
            names_browser: is_set("BROWSER"),
            has_terminal: io::stdout().is_terminal(),
            comes_by_ssh: is_set("SSH_CONNECTION"),
        }
    }
}

fn is_set(variable: &str) -> bool {
    env::var_os(variable).is_some_and(|value| !value.is_empty())
}

/// The Windows Subsystem for Linux.
fn is_wsl() -> bool {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    release.to_ascii_lowercase().contains("microsoft")
}

/// Opens `url`; tells why where that fails.
pub(super) fn open(url: String, news: Sender<News>) {
    let named = env::var_os("BROWSER").unwrap_or_default();
    let usual = if cfg!(target_os = "macos") {
        "open"
    } else if is_wsl() {
        "wslview"
    } else {
        "xdg-open"
    };
    let commands = commands(&named, usual, &url);
    thread::spawn(move || {
        if let Err(why) = run_first(commands) {
            let _ = news.send(News::NoBrowser(format!("could not open a browser: {why}")));
        }
    });
}

/// The entries of `$BROWSER`, a colon between them, and then the usual program. In an entry `%s` is the URL; else it
/// follows. No shell reads it: a URL may have any of its signs.
fn commands(named: &OsStr, usual: &str, url: &str) -> Vec<Vec<String>> {
    let named = named.to_string_lossy();
    let entries = named.split(':').chain([usual]);
    entries.map(|entry| command(entry, url)).filter(|words| !words.is_empty()).collect()
}

fn command(entry: &str, url: &str) -> Vec<String> {
    let fill = |word: &str| {
        let parts = word.split("%%").map(|part| part.replace("%s", url));
        parts.collect::<Vec<_>>().join("%")
    };
    let mut words: Vec<String> = entry.split_whitespace().map(fill).collect();
    if !words.is_empty() && !entry.contains("%s") {
        words.push(url.to_owned());
    }
    words
}

/// Why there is no browser.
#[derive(Debug)]
enum NotOpened {
    /// The program has ended at once, and badly.
    Failed(String, ExitStatus),
    /// It cannot be started.
    NotStarted(String, io::Error),
    /// None of these programs is installed.
    Missing(Vec<String>),
}

impl fmt::Display for NotOpened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(program, status) => write!(f, "{program} has failed: {status}"),
            Self::NotStarted(program, error) => write!(f, "{program}: {}", Cause(error)),
            Self::Missing(programs) => write!(f, "there is no {}", programs.join(", no ")),
        }
    }
}

/// Starts the first of the programs that is installed. An error where it fails at once, or none is installed.
fn run_first(commands: Vec<Vec<String>>) -> Result<(), NotOpened> {
    let mut missing = Vec::new();
    for words in commands {
        let Some((program, arguments)) = words.split_first() else { continue };
        match run(program, arguments) {
            Ok(Some(status)) if !status.success() => return Err(NotOpened::Failed(program.clone(), status)),
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => missing.push(program.clone()),
            Err(error) => return Err(NotOpened::NotStarted(program.clone(), error)),
        }
    }
    Err(NotOpened::Missing(missing))
}

/// Starts a program in a session of its own: neither Ctrl-C nor the end of the terminal ends it. Its exit status, if it
/// has ended at once.
fn run(program: &str, arguments: &[String]) -> io::Result<Option<ExitStatus>> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    sys::isolate_child(&mut command, Vec::new(), Vec::new());
    let mut child = command.spawn()?;
    let (ended, end) = mpsc::channel();
    thread::spawn(move || {
        let _ = ended.send(child.wait());
    });
    match end.recv_timeout(PATIENCE) {
        Ok(status) => status.map(Some),
        Err(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(named: &str) -> Vec<String> {
        let url = "https://as.example/?a=b&c=%20;d";
        commands(OsStr::new(named), "xdg-open", url).iter().map(|words| words.join(" ")).collect()
    }

    #[test]
    fn entries_come_in_their_order_and_the_url_where_they_want_it() {
        let url = "https://as.example/?a=b&c=%20;d";
        assert_eq!(lines(""), [format!("xdg-open {url}")]);
        assert_eq!(
            lines("firefox -P work:: w3m %s -x%%:/opt/b=%s"),
            [
                format!("firefox -P work {url}"),
                format!("w3m {url} -x%"),
                format!("/opt/b={url}"),
                format!("xdg-open {url}"),
            ]
        );
    }

    #[test]
    fn what_is_missing_is_passed_over_and_what_fails_at_once_says_so() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let missing = || words("/nonexistent/browser url");
        run_first(vec![missing(), words("true url")]).expect("the second one");
        let none = run_first(vec![missing(), missing()]).unwrap_err().to_string();
        assert_eq!(none, "there is no /nonexistent/browser, no /nonexistent/browser");
        let failed = run_first(vec![words("false url"), words("true url")]).unwrap_err().to_string();
        assert!(failed.starts_with("false has failed: "), "{failed}");
    }
}
