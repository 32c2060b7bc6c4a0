//! What the programs themselves say: their commands, and the options of each.

use super::Options;
use crate::support::Sandbox;

/// The names of `pizauth --list`.
pub(super) fn commands(sandbox: &Sandbox) -> Vec<String> {
    sandbox.multiplexer().args(["--list"]).run().exits(0).out().lines().map(str::to_owned).collect()
}

/// The options of a command.
pub(super) fn options(sandbox: &Sandbox, command: &str) -> Options {
    in_help(&sandbox.multiplexer().args([command, "--help"]).run().exits(0).out())
}

/// The options of `pizauth` before any command.
pub(super) fn options_of_multiplexer(sandbox: &Sandbox) -> Options {
    in_help(&sandbox.multiplexer().args(["--help"]).run().exits(0).out())
}

fn in_help(help: &str) -> Options {
    let (_, section) = help.split_once("\nOptions:\n").unwrap_or_else(|| panic!("no options in:\n{help}"));
    let rows = section.lines().take_while(|line| !line.is_empty());
    rows.flat_map(|row| row.split_whitespace().take_while(|word| word.starts_with('-')))
        .map(|word| word.trim_end_matches(',').to_owned())
        .collect()
}
