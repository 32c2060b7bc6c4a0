//! What the completions offer, read from their text: each is written as a table with a row for each command.

use std::collections::BTreeSet;

use super::{Options, read};

const BASH: &str = "completions/pizauth.bash";
const FISH: &str = "completions/pizauth.fish";
const ZSH: &str = "completions/_pizauth";

/// By shell: what is offered after a command.
pub(super) fn options(command: &str) -> [(&'static str, Options); 3] {
    [("bash", in_bash(command)), ("fish", in_fish(command)), ("zsh", in_zsh(command))]
}

/// By shell: what is offered after `pizauth` itself.
pub(super) fn options_of_multiplexer() -> [(&'static str, Options); 3] {
    let bash = read(BASH);
    let fish = read(FISH);
    let zsh = read(ZSH);
    let offered = bash.lines().find(|line| line.contains("--list --install")).unwrap();
    let fish = fish.lines().filter(|line| line.contains("-n __pizauth_no_command "));
    let (_, zsh) = zsh.split_once("_arguments -A").unwrap();
    [
        ("bash", offered.split(['"', ' ']).filter(|word| is_option(word)).map(str::to_owned).collect()),
        ("fish", fish.flat_map(fish_flags).collect()),
        ("zsh", zsh_flags(zsh)),
    ]
}

/// By shell: the names of programs that are completed.
pub(super) fn programs() -> [(&'static str, BTreeSet<String>); 3] {
    let (bash, fish, zsh) = (read(BASH), read(FISH), read(ZSH));
    let (_, bash) = bash.split_once("\ncomplete -F _pizauth ").unwrap();
    let zsh = zsh.lines().next().unwrap().trim_start_matches("#compdef ");
    let names = |text: &str| {
        text.split([' ', '\\', '\n']).filter(|name| !name.is_empty()).map(str::to_owned).collect()
    };
    let of_fish = fish.lines().find_map(|line| line.strip_prefix("set -l programs ")).unwrap();
    let commands = fish_commands(&fish);
    let spread = |name: &str| match name.strip_suffix("$commands") {
        Some(stem) => commands.iter().map(|command| format!("{stem}{command}")).collect(),
        None => vec![name.to_owned()],
    };
    [("bash", names(bash)), ("fish", of_fish.split(' ').flat_map(spread).collect()), ("zsh", names(zsh))]
}

/// `show | refresh) options="-u --exclude-url $common" accounts=yes ;;`
fn in_bash(command: &str) -> Options {
    let text = read(BASH);
    let (_, common) = text.split_once("local common='").unwrap();
    let common = common.split('\'').next().unwrap_or_default();
    let rows = text.lines().filter_map(|line| line.trim().split_once(") options="));
    let mut row = rows.filter(|(labels, _)| labels.split(" | ").any(|label| label == command));
    let (_, value) = row.next().unwrap_or_else(|| panic!("bash: no options of {command}"));
    let value = match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => value.split(' ').next(),
    };
    value.unwrap_or_default().replace("$common", common).split_whitespace().map(str::to_owned).collect()
}

/// `"show refresh/-s u -l exclude-url/Do not print the authorization URL" \`
fn in_fish(command: &str) -> Options {
    let text = read(FISH);
    let all = fish_commands(&text).join(" ");
    let rows = text.lines().filter_map(|line| line.trim().strip_prefix('"')?.split_once('/'));
    let of_command =
        rows.filter(|(labels, _)| labels.replace("$commands", &all).split(' ').any(|label| label == command));
    of_command.flat_map(|(_, row)| fish_flags(row.split('/').next().unwrap_or_default())).collect()
}

fn fish_commands(text: &str) -> Vec<String> {
    let line = text.lines().find_map(|line| line.strip_prefix("set -l commands ")).unwrap();
    line.split(' ').map(str::to_owned).collect()
}

/// `-s c -l config -r -F`
fn fish_flags(line: &str) -> Vec<String> {
    let words: Vec<&str> = line.split(' ').collect();
    let pairs = words.windows(2).filter_map(|pair| match pair {
        ["-s", letter] => Some(format!("-{letter}")),
        ["-l", name] => Some(format!("--{name}")),
        _ => None,
    });
    pairs.collect()
}

/// An arm `show|refresh) _arguments -s -S $common $url …;;`, with the arrays that it names.
fn in_zsh(command: &str) -> Options {
    let text = read(ZSH);
    let (_, function) = text.split_once("\n_pizauth_command() {").unwrap();
    let (arrays, arms) = function.split_once("case $1 in").unwrap();
    let arms = arms.split("esac").next().unwrap_or_default().split(";;");
    let mut arm = arms
        .filter_map(|arm| arm.trim().split_once(')'))
        .filter(|(labels, _)| labels.split('|').any(|label| label == command));
    let (_, body) = arm.next().unwrap_or_else(|| panic!("zsh: no options of {command}"));
    let named = arrays.split("local -a ").filter_map(|array| array.split_once("=("));
    let named =
        named.filter(|(name, _)| body.split_whitespace().any(|word| word.strip_prefix('$') == Some(name)));
    named.flat_map(|(_, array)| zsh_flags(array)).chain(zsh_flags(body)).collect()
}

/// `'(-j --json)'{-j,--json}'[print JSON]'`: without what is excluded by it and without its description.
fn zsh_flags(text: &str) -> Options {
    let bare = without(&without(text, "[", "]"), "'(", ")");
    let specs = bare.split(['\'', '{', '}', ',']).map(|spec| spec.trim_matches([' ', '\n', '\\']));
    let words = specs.filter_map(|spec| spec.split(['+', '=', ':']).next());
    words.filter(|word| is_option(word)).map(str::to_owned).collect()
}

fn is_option(word: &str) -> bool {
    let name = word.strip_prefix("--").or_else(|| word.strip_prefix('-'));
    name.is_some_and(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '-'))
}

/// `text` without what stands from each `open` to the next `close`.
fn without(text: &str, open: &str, close: &str) -> String {
    let mut parts = text.split(open);
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push_str(part.split_once(close).map_or("", |(_, rest)| rest));
    }
    kept
}
