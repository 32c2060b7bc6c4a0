use std::collections::HashSet;
use std::os::unix::ffi::OsStringExt;

use super::*;
use crate::APPLETS;

fn chosen(program: &str, arguments: &[&str]) -> String {
    chosen_os(program, arguments.iter().map(OsString::from).collect())
}

fn chosen_os(program: &str, arguments: Vec<OsString>) -> String {
    let invocation = Invocation { program: program.into(), arguments };
    match choose(APPLETS, &invocation) {
        Ok(Choice::Run(applet, Invocation { program, arguments })) => {
            format!("{}: {program} {arguments:?}", applet.name)
        }
        Ok(other) => format!("{other:?}"),
        Err(misuse) => misuse,
    }
}

#[test]
fn the_name_it_was_run_by_chooses() {
    assert_eq!(chosen("pizauth-show", &["-u", "work"]), r#"show: pizauth-show ["-u", "work"]"#);
    assert_eq!(chosen("pizauth-status", &[]), "status: pizauth-status []");
    let git = chosen("git-credential-pizauth", &["work", "get"]);
    assert_eq!(git, r#"git-credential: git-credential-pizauth ["work", "get"]"#);
}

#[test]
fn the_match_is_exact() {
    assert_eq!(chosen("pizauth-shwo", &[]), "unknown program 'pizauth-shwo', did you mean 'pizauth-show'?");
    assert_eq!(chosen("my-pizauth-show", &[]), "unknown program 'my-pizauth-show'");
    assert_eq!(chosen("show", &[]), "unknown program 'show'");
    assert_eq!(chosen("pizauth", &["pizauth-show"]), "unknown command 'pizauth-show'");
}

#[test]
fn the_first_argument_chooses() {
    assert_eq!(chosen("pizauth", &["show", "help"]), r#"show: pizauth show ["help"]"#);
    assert_eq!(chosen("pizauth", &["help", "dump"]), r#"dump: pizauth dump ["--help"]"#);
    assert_eq!(chosen("pizauth", &["--list"]), "List");
    assert_eq!(chosen("pizauth", &["--install", "/opt/bin"]), r#"Install("/opt/bin")"#);
    assert_eq!(chosen("pizauth", &["--version"]), "Version");
    assert_eq!(chosen("pizauth", &["list"]), "List");
    assert_eq!(chosen("pizauth", &["version"]), "Version");
    assert_eq!(chosen("pizauth", &[]), "Help");
    for help in ["-h", "--help", "help"] {
        assert_eq!(chosen("pizauth", &[help]), "Help");
    }
}

#[test]
fn wrong_usage_says_what_is_wrong() {
    assert_eq!(chosen("pizauth", &["hlep"]), "unknown command 'hlep', did you mean 'help'?");
    assert_eq!(chosen("pizauth", &["signin", "work"]), "unknown command 'signin': that is 'pizauth login'");
    assert_eq!(chosen("pizauth", &["stop"]), "unknown command 'stop': that is 'pizauth shutdown'");
    assert_eq!(chosen("pizauth", &["token", "work"]), "unknown command 'token': that is 'pizauth show'");
    assert_eq!(chosen("pizauth", &["sho", "work"]), "unknown command 'sho', did you mean 'show'?");
    assert_eq!(chosen("pizauth", &["x"]), "unknown command 'x'");
    assert_eq!(chosen("pizauth", &["-x"]), "unknown option '-x'");
    assert_eq!(chosen("pizauth", &["\x1b[2J"]), "unknown command '\\u{1b}[2J'");
    assert_eq!(chosen("pizauth", &["--install"]), "--install needs a directory");
    assert_eq!(chosen("pizauth", &["--list", "x"]), "too many arguments after --list");
}

#[test]
fn arguments_that_are_not_utf8_are_left_to_the_command() {
    let bad = OsString::from_vec(vec![0xff]);
    assert_eq!(chosen_os("pizauth", vec!["show".into(), bad.clone()]), r#"show: pizauth show ["\xFF"]"#);
    assert_eq!(chosen_os("pizauth", vec!["--install".into(), bad.clone()]), r#"Install("\xFF")"#);
    assert_eq!(chosen_os("pizauth", vec![bad]), r#""\xFF" is not a command"#);
}

#[test]
fn the_table_is_consistent() {
    let names: HashSet<_> = APPLETS.iter().flat_map(|applet| [applet.name, applet.program]).collect();
    assert_eq!(names.len(), 2 * APPLETS.len(), "a name stands twice");
    for applet in APPLETS {
        // git wants its own order of the words.
        let is_for_git = applet.program == format!("{}-pizauth", applet.name);
        assert!(is_for_git || applet.program == format!("pizauth-{}", applet.name));
    }
}

#[test]
fn list_and_help_name_every_command() {
    let (list, help) = (list(APPLETS), help(APPLETS));
    for applet in APPLETS {
        assert!(list.lines().any(|line| line == applet.name), "{}", applet.name);
        assert!(help.contains(applet.summary), "{}", applet.name);
    }
    assert!(help.lines().count() <= 24 && help.lines().all(|line| line.len() < 80), "{help}");
}

#[test]
fn words_of_other_programs_lead_to_commands_that_there_are() {
    for (word, command) in ELSEWHERE {
        // The daemon is no command of this crate.
        assert!(command == "server" || APPLETS.iter().any(|applet| applet.name == command), "{command}");
        assert!(APPLETS.iter().all(|applet| applet.name != word), "{word}");
    }
}
