use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use argh::{ArgsInfo, FromArgs};

use super::normalise::{Words, normalise};
use super::{Invocation, help_of, one_line};
use crate::exit::Exit;

/// Everything that a program of ours may have.
#[derive(FromArgs, ArgsInfo, Debug, PartialEq, Eq)]
#[argh(help_triggers("-h", "--help"), example = "{command_name} work")]
struct Sample {
    /// an account
    #[argh(positional)]
    account: Option<String>,
    /// a file
    #[argh(option, short = 'c')]
    config: Option<String>,
    /// a switch
    #[argh(switch, short = 'd')]
    foreground: bool,
    /// more words
    #[argh(switch, short = 'v')]
    verbose: u8,
    /// the version
    #[argh(switch)]
    version: bool,
}

fn invocation(line: &[&str]) -> Invocation {
    Invocation { program: "sample".into(), arguments: line.iter().map(OsString::from).collect() }
}

fn sample(account: &str, config: &str, foreground: bool, verbose: u8) -> Sample {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Sample { account: given(account), config: given(config), foreground, verbose, version: false }
}

#[test]
fn every_habit_of_writing_options_is_understood() {
    let table: &[(&[&str], Sample)] = &[
        (&[], sample("", "", false, 0)),
        (&["-vvvv"], sample("", "", false, 4)),
        (&["-v", "--verbose", "-v"], sample("", "", false, 3)),
        (&["-dvc", "FILE"], sample("", "FILE", true, 1)),
        (&["-dvcFILE"], sample("", "FILE", true, 1)),
        (&["-cdv"], sample("", "dv", false, 0)),
        (&["-c", "FILE"], sample("", "FILE", false, 0)),
        (&["--config", "FILE"], sample("", "FILE", false, 0)),
        (&["--config=a=b"], sample("", "a=b", false, 0)),
        (&["-c", "-d"], sample("", "-d", false, 0)),
        (&["-c", "--"], sample("", "--", false, 0)),
        (&["-c", "--help", "-d"], sample("", "--help", true, 0)),
        (&["work", "-v"], sample("work", "", false, 1)),
        (&["-d", "work", "-cFILE"], sample("work", "FILE", true, 0)),
        (&["help"], sample("help", "", false, 0)),
        (&["-"], sample("-", "", false, 0)),
        (&["--", "-d"], sample("-d", "", false, 0)),
        (&["-d", "--", "--help"], sample("--help", "", true, 0)),
        (&["--", "--"], sample("--", "", false, 0)),
        (&["-cärger", "bücher"], sample("bücher", "ärger", false, 0)),
    ];
    for (line, expected) in table {
        assert_eq!(invocation(line).parse::<Sample>().as_ref(), Ok(expected), "{line:?}");
    }
}

#[test]
fn wrong_usage_is_64() {
    let table: &[&[&str]] = &[
        &["-x"],
        &["-vx"],
        &["-dé"],
        &["--verbos"],
        &["--foreground=yes"],
        &["-c"],
        &["-dc"],
        &["--config"],
        &["-ca", "-cb"],
        &["one", "two"],
        &["--", "one", "-d"],
    ];
    for line in table {
        assert_eq!(invocation(line).parse::<Sample>(), Err(Exit::Usage), "{line:?}");
    }
}

#[test]
fn help_and_version_win_wherever_they_stand_as_options() {
    let words = |line: &[&str]| normalise(&invocation(line).arguments, Sample::get_args_info().flags);
    for line in [&["-h"][..], &["--help"], &["-dvh"], &["work", "-h", "-v"], &["--nonsense", "--help"]] {
        assert_eq!(words(line), Ok(Words::Help), "{line:?}");
    }
    assert_eq!(words(&["work", "--version"]), Ok(Words::Version));
    assert_ne!(words(&["-ch"]), Ok(Words::Help));
}

#[test]
fn an_argument_that_is_not_utf8_is_wrong_usage() {
    let bad = OsString::from_vec(b"caf\xe9".to_vec());
    for arguments in [vec![bad.clone()], vec!["-c".into(), bad.clone()], vec!["--".into(), bad.clone()]] {
        let invocation = Invocation { program: "sample".into(), arguments };
        assert_eq!(invocation.parse::<Sample>(), Err(Exit::Usage), "{invocation:?}");
    }
    let message = normalise(std::slice::from_ref(&bad), &[]).map_err(|error| error.to_string());
    assert_eq!(message, Err(r#"argument "caf\xE9" is not UTF-8"#.into()));
}

#[test]
fn help_shows_usage_options_and_an_example() {
    let help = help_of::<Sample>("pizauth sample");
    for part in ["Usage: pizauth sample", "-c, --config", "-h, --help", "  pizauth sample work\n"] {
        assert!(help.contains(part), "{part} in {help}");
    }
}

#[test]
fn the_words_of_argh_become_one_line_that_is_safe_to_print() {
    assert_eq!(one_line("Required:\n    account\n"), "required: account");
    assert_eq!(one_line("Unrecognized argument: --\x1b[2J\n"), "unrecognized argument: --\\u{1b}[2J");
}
