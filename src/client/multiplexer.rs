//! `pizauth`: every command in one executable, chosen as busybox does by the name it was run by or by its
//! first argument.

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::path::Path;

use pizauth_common::applet::{Applet, ending};
use pizauth_common::argv::{Flag, FlagInfoKind, Invocation, spellings, switch};
use pizauth_common::exit::Exit;
use pizauth_common::near_miss::nearest;
use pizauth_common::terminal::printable;

use crate::install;

/// The name of the multiplexer itself.
pub const PROGRAM: &str = "pizauth";

/// Its own options, before any command; `choose` knows what they do.
pub static OPTIONS: [Flag; 4] = [
    switch(None, "--list", "print the names of the commands, one a line"),
    Flag {
        kind: FlagInfoKind::Option { arg_name: "DIR" },
        ..switch(None, "--install", "make symlinks to it in DIR: pizauth-show, pizauthd, ...")
    },
    switch(Some('h'), "--help", "display usage information"),
    switch(None, "--version", "print the version"),
];

/// Runs what the command line names.
pub fn main(applets: &[Applet]) -> Exit {
    let invocation = Invocation::of_this_process(PROGRAM);
    match choose(applets, &invocation) {
        Ok(choice) => run(choice, applets, &invocation),
        Err(misuse) => invocation.usage_error(misuse),
    }
}

/// What a command line asks for.
#[derive(Debug)]
enum Choice<'a> {
    Run(&'a Applet, Invocation),
    List,
    Install(&'a Path),
    Help,
    Version,
}

fn run(choice: Choice<'_>, applets: &[Applet], invocation: &Invocation) -> Exit {
    match choice {
        Choice::Run(applet, invocation) => (applet.run)(&invocation),
        Choice::List => invocation.print(&list(applets)),
        Choice::Install(directory) => ending(install::install(applets, directory, invocation)),
        Choice::Help => invocation.print(&help(applets)),
        Choice::Version => invocation.print_version(),
    }
}

/// By the name it was run by, else by the first argument.
///
/// # Errors
/// What is wrong with the command line, for people.
fn choose<'a>(applets: &'a [Applet], invocation: &'a Invocation) -> Result<Choice<'a>, String> {
    if let Some(applet) = applets.iter().find(|applet| applet.program == invocation.program) {
        return Ok(Choice::Run(applet, invocation.clone()));
    }
    if invocation.program != PROGRAM {
        return Err(unknown("program", &invocation.program, "pizauth-", applets));
    }
    let words: Vec<&str> = invocation.arguments.iter().map_while(|word| word.to_str()).collect();
    match words[..] {
        [] if invocation.arguments.is_empty() => Ok(Choice::Help),
        [] => Err(format!("{:?} is not a command", invocation.arguments[0])),
        ["-h" | "--help" | "help"] => Ok(Choice::Help),
        ["help", name] => Ok(run_applet(find(applets, name)?, &["--help".into()])),
        ["--version" | "version"] => Ok(Choice::Version),
        ["--list" | "list"] => Ok(Choice::List),
        ["--install"] if invocation.arguments.len() == 2 => {
            Ok(Choice::Install(Path::new(&invocation.arguments[1])))
        }
        ["--install", directory] => Ok(Choice::Install(Path::new(directory))),
        ["--install"] => Err("--install needs a directory".into()),
        ["-h" | "--help" | "--version" | "version" | "--list" | "list" | "--install" | "help", ..] => {
            Err(format!("too many arguments after {}", words[0]))
        }
        [name, ..] => Ok(run_applet(find(applets, name)?, &invocation.arguments[1..])),
    }
}

fn run_applet<'a>(applet: &'a Applet, arguments: &[OsString]) -> Choice<'a> {
    let program = format!("{PROGRAM} {}", applet.name);
    Choice::Run(applet, Invocation { program, arguments: arguments.to_vec() })
}

fn find<'a>(applets: &'a [Applet], name: &str) -> Result<&'a Applet, String> {
    applets.iter().find(|applet| applet.name == name).ok_or_else(|| {
        if name.starts_with('-') {
            format!("unknown option '{}'", printable(name))
        } else {
            unknown("command", name, "", applets)
        }
    })
}

/// What other programs call it.
const ELSEWHERE: [(&str, &str); 11] = [
    ("accounts", "status"),
    ("auth", "login"),
    ("authorize", "login"),
    ("kill", "shutdown"),
    ("logout", "revoke"),
    ("ls", "status"),
    ("quit", "shutdown"),
    ("signin", "login"),
    ("start", "server"),
    ("stop", "shutdown"),
    ("token", "show"),
];

/// All names of this kind begin with `prefix`, so that a near miss is one of the rest.
fn unknown(kind: &str, name: &str, prefix: &str, applets: &[Applet]) -> String {
    let unknown = format!("unknown {kind} '{}'", printable(name));
    let called = ELSEWHERE.iter().find(|(word, _)| prefix.is_empty() && *word == name);
    if let Some((_, command)) = called {
        return format!("{unknown}: that is 'pizauth {command}'");
    }
    let ours = ["help", "list", "version"].into_iter().filter(|_| prefix.is_empty());
    let names: Vec<_> = applets.iter().map(|applet| applet.name).chain(ours).collect();
    match name.strip_prefix(prefix).and_then(|rest| nearest(rest, &names)) {
        Some(near) => format!("{unknown}, did you mean '{prefix}{near}'?"),
        None => unknown,
    }
}

fn list(applets: &[Applet]) -> String {
    applets.iter().map(|applet| format!("{}\n", applet.name)).collect()
}

fn help(applets: &[Applet]) -> String {
    let commands: String =
        applets.iter().map(|applet| format!("  {:<16}{}\n", applet.name, applet.summary)).collect();
    let options: String = OPTIONS.iter().map(row).collect();
    format!(
        "Usage: pizauth COMMAND [ARGUMENTS], for example: pizauth login work\n\
         An OAuth2 token agent: hands out access tokens and keeps them fresh.\n\n\
         Commands (more of each: pizauth COMMAND --help):\n{commands}\n\
         Options:\n{options}"
    )
}

fn row(option: &'static Flag) -> String {
    let name = spellings(option).collect::<Vec<_>>().join(", ");
    let name = match option.kind {
        FlagInfoKind::Switch => name,
        FlagInfoKind::Option { arg_name } => format!("{name} {arg_name}"),
    };
    format!("  {name:<16}{}\n", option.description)
}
