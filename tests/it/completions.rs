//! What is offered after `pizauth show`: the accounts of the daemon, else those of the configuration.

use std::path::Path;
use std::{env, iter};

use crate::support::{Running, Sandbox, Setup};

/// Each shell asks its own completion for what may follow the words, without a terminal.
const BASH: &str = r#". "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE=$*; COMP_POINT=${#COMP_LINE}
    _pizauth "$1" "${@: -1}" "${@: -2:1}"; printf '%s\n' "${COMPREPLY[@]}""#;
const FISH: &str = r#"source $argv[1]; complete -C "$argv[2..]" | string replace -r '\t.*' ''; true"#;

/// By shell, sorted: what completes `words`.
fn offered(sandbox: &Sandbox, words: &[&str]) -> Vec<(&'static str, Vec<String>)> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    let calls = [
        ("bash", sandbox.program("bash").args(["--norc", "-c", BASH]).args([here.join("pizauth.bash")])),
        ("fish", sandbox.program("fish").args(["--no-config", "-c", FISH]).args([here.join("pizauth.fish")])),
    ];
    let programs = Path::new(env!("CARGO_BIN_EXE_pizauth")).parent().unwrap();
    let path =
        env::join_paths(iter::once(programs.into()).chain(env::split_paths(&env::var_os("PATH").unwrap())));
    let path = path.unwrap();
    let installed = calls.into_iter().filter(|(shell, _)| *shell == "bash" || is_installed(shell));
    installed
        .map(|(shell, call)| {
            let out = call.args(words).env("PATH", &path).run().exits(0).out();
            let mut lines: Vec<String> = out.lines().map(str::to_owned).collect();
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
