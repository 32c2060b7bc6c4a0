//! What shells offer: options of the command, and accounts, those of the daemon, else those of the configuration.

use std::path::Path;
use std::{env, iter};

use crate::support::{Running, Sandbox, Setup};

/// These shells ask their own completion for what may follow the words, without a terminal.
const BASH: &str = r#". "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE=$*; COMP_POINT=${#COMP_LINE}
    _pizauth "$1" "${@: -1}" "${@: -2:1}"; printf '%s\n' "${COMPREPLY[@]}""#;
const FISH: &str = r#"source $argv[1]; complete -C "$argv[2..]" | string replace -r '\t.*' ''; true"#;

/// By shell, sorted: what completes `words`.
fn offered(sandbox: &Sandbox, words: &[&str]) -> Vec<(&'static str, Vec<String>)> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let here = top.join("completions");
    let zsh = sandbox.program("zsh").args(["-f"]).args([top.join("tests/it/completions/offered.zsh")]);
    let calls = [
        ("bash", sandbox.program("bash").args(["--norc", "-c", BASH]).args([here.join("pizauth.bash")])),
        ("fish", sandbox.program("fish").args(["--no-config", "-c", FISH]).args([here.join("pizauth.fish")])),
        ("zsh", zsh.env("COMPLETIONS", &here)),
    ];
    let programs = Path::new(env!("CARGO_BIN_EXE_pizauth")).parent().unwrap();
    let path =
        env::join_paths(iter::once(programs.into()).chain(env::split_paths(&env::var_os("PATH").unwrap())));
    let path = path.unwrap();
    let installed = calls.into_iter().filter(|(shell, _)| *shell == "bash" || is_installed(shell));
    installed
        .map(|(shell, call)| {
            let out = call.args(words).env("PATH", &path).run().exits(0).out();
            let mut lines: Vec<String> =
                out.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
            lines.sort();
            (shell, lines)
        })
        .collect()
}

fn is_installed(shell: &str) -> bool {
    env::split_paths(&env::var_os("PATH").unwrap()).any(|directory| directory.join(shell).is_file())
}

fn offers(sandbox: &Sandbox, words: &[&str], expected: &[&str]) {
    for (shell, lines) in offered(sandbox, words) {
        assert_eq!(lines, expected, "{shell} after {words:?}");
    }
}

#[test]
fn accounts_are_those_of_the_daemon() {
    let running = Setup::new().account("home", "").account("work", "").start();
    running.sandbox.write_config("no configuration any more");
    offers(&running.sandbox, &["pizauth", "show", ""], &["home", "work"]);
    offers(&running.sandbox, &["pizauth", "revoke", "w"], &["work"]);
}

#[test]
fn without_a_daemon_accounts_are_those_of_the_configuration() {
    let Running { sandbox, daemon, .. } = Setup::new().account("home", "").account("work", "").start();
    sandbox.applet("shutdown").run().exits(0);
    daemon.wait();
    offers(&sandbox, &["pizauth", "refresh", "-u", ""], &["home", "work"]);
    offers(&sandbox, &["pizauth", "sho"], &["show"]);
    offers(&sandbox, &["pizauth", "check", "--acc"], &["--accounts"]);
}

/// Those of the daemon, without what every command has.
const DAEMON: &[&str] =
    &["--check", "--config", "--debug", "--discover", "--ready-fd", "--register", "--scope", "--syslog"];

#[test]
fn options_are_those_of_the_command_that_is_typed() {
    let sandbox = Sandbox::new();
    let common = ["--help", "--verbose", "--version"];
    for (words, own) in [
        (&["pizauth", "show"][..], &["--exclude-url", "--format", "--min-valid", "--wait"][..]),
        (&["pizauth-status"], &["--accounts", "--check", "--json"]),
        (&["pizauth", "dump"], &[]),
        (&["pizauth", "server"], DAEMON),
        (&["pizauthd"], DAEMON),
    ] {
        let mut expected = [own, &common].concat();
        expected.sort_unstable();
        offers(&sandbox, &[words, &["--"]].concat(), &expected);
    }
    offers(&sandbox, &["pizauth", "--"], &["--help", "--install", "--list", "--version"]);
    offers(&sandbox, &["pizauth", "help", "re"], &["refresh", "reload", "restore", "revoke"]);
}

#[test]
fn files_follow_an_option_that_takes_one_and_nothing_follows_a_number() {
    let sandbox = Sandbox::new();
    sandbox.write("mine.conf", "");
    offers(&sandbox, &["pizauth", "check", "-c", "mi"], &["mine.conf"]);
    offers(&sandbox, &["pizauthd", "--config", "mi"], &["mine.conf"]);
    offers(&sandbox, &["pizauthd", "--ready-fd", ""], &[]);
}
