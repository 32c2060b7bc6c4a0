//! The completions as the commands' own descriptions have them. Each file begins with what is made here, down to
//! [`BY_HAND`]; what follows knows nothing of a single command. BLESS=1 writes the beginnings anew.

use std::fmt::Write;

use pizauth_client::multiplexer;
use pizauth_common::argv::{Flag, FlagInfoKind, spellings};

use super::{applets, options};

/// After this line a file is as it is.
const BY_HAND: &str =
    "# All above is made by tests/it/documentation/completions.rs: BLESS=1 cargo test completions\n";

/// A command, or `pizauth` itself.
struct Row {
    name: &'static str,
    options: Vec<&'static Flag>,
    positionals: Vec<&'static str>,
}

impl Row {
    fn is_multiplexer(&self) -> bool {
        self.name == multiplexer::PROGRAM
    }

    /// The spellings of the options whose value this is true of.
    fn valued(&self, is_wanted: impl Fn(&str) -> bool) -> String {
        words(self.options.iter().filter(|flag| value(flag).is_some_and(&is_wanted)))
    }
}

/// The file as it should be, given as it is.
pub(super) fn of_shell(shell: &str, file: &str) -> String {
    let (_, by_hand) = file.split_once(BY_HAND).unwrap_or_else(|| panic!("{shell}: not a line\n{BY_HAND}"));
    let made = match shell {
        "bash" => bash(&rows()),
        "fish" => fish(&rows()),
        _ => zsh(&rows()),
    };
    [&made, "\n", BY_HAND, by_hand].concat()
}

fn rows() -> Vec<Row> {
    let of_multiplexer = Row {
        name: multiplexer::PROGRAM,
        options: multiplexer::OPTIONS.iter().collect(),
        positionals: vec![],
    };
    let of_applets = applets().into_iter().map(|applet| {
        let positionals = (applet.describe)().positionals.iter().map(|positional| positional.name);
        // What git says as an operation nobody types.
        let positionals = positionals.filter(|name| *name != "operation").collect();
        Row { name: applet.name, options: options(&applet), positionals }
    });
    std::iter::once(of_multiplexer).chain(of_applets).collect()
}

/// Every name by which somebody runs the program.
fn programs() -> String {
    let applets = applets();
    let ours = applets.iter().map(|applet| applet.program).filter(|name| name.starts_with("pizauth"));
    ours.fold(multiplexer::PROGRAM.to_owned(), |names, program| names + " " + program)
}

/// What the value of an option is called.
fn value(flag: &Flag) -> Option<&'static str> {
    match flag.kind {
        FlagInfoKind::Option { arg_name } => Some(arg_name),
        FlagInfoKind::Switch => None,
    }
}

fn words<'a>(flags: impl Iterator<Item = &'a &'static Flag>) -> String {
    flags.flat_map(|flag| spellings(flag)).collect::<Vec<_>>().join(" ")
}

fn bash(rows: &[Row]) -> String {
    let mut text = format!(
        "# bash completion for pizauth, pizauthd and the pizauth-* commands    -*- shell-script -*-\n\n\
         _pizauth_programs='{}'\n\n\
         # $1: a command. Sets its options, which of them take a file or another value, and its argument.\n\
         _pizauth_describe() {{\n    options='' files='' values='' positional=''\n    case $1 in\n",
        programs()
    );
    for row in rows {
        let sets = [
            ("options", words(row.options.iter())),
            ("files", row.valued(|name| name == "file")),
            ("values", row.valued(|name| name != "file")),
            ("positional", row.positionals.join(" ")),
        ];
        let sets = sets.iter().filter(|(_, words)| !words.is_empty());
        let sets: String = sets.map(|(variable, words)| format!(" {variable}='{words}'")).collect();
        writeln!(text, "        {}){sets} ;;", row.name).unwrap();
    }
    text + "        *) return 1 ;;\n    esac\n}\n"
}

fn fish(rows: &[Row]) -> String {
    let mut lines: Vec<(String, Vec<&str>)> = Vec::new();
    let mut add = |line: String, command| match lines.iter_mut().find(|(known, _)| *known == line) {
        Some((_, commands)) => commands.push(command),
        None => lines.push((line, vec![command])),
    };
    for row in rows {
        row.options.iter().for_each(|flag| add(fish_option(flag), row.name));
        row.positionals.iter().for_each(|name| add(format!("-a '(__pizauth_{name}s)' -d {name}"), row.name));
    }
    let mut text = format!(
        "# fish completion for pizauth, pizauthd and the pizauth-* commands\n\n\
         set -g __pizauth_programs {}\n\n\
         function __pizauth_describe\n",
        programs()
    );
    for (line, commands) in lines {
        writeln!(text, "    __pizauth_complete '{}' {line}", commands.join(" ")).unwrap();
    }
    text + "end\n"
}

/// `-s c -l config -r -F -d 'this file'`
fn fish_option(flag: &Flag) -> String {
    let short = flag.short.map(|letter| format!("-s {letter} ")).unwrap_or_default();
    let takes = match value(flag) {
        None => "",
        Some("file") => " -r -F",
        Some("DIR") => " -x -a '(__fish_complete_directories)'",
        Some(_) => " -x",
    };
    let description = flag.description.replace('\\', r"\\").replace('\'', r"\'");
    format!("{short}-l {}{takes} -d '{description}'", flag.long.trim_start_matches('-'))
}

fn zsh(rows: &[Row]) -> String {
    let mut text = format!(
        "#compdef {}\n# zsh completion for pizauth, pizauthd and the pizauth-* commands\n\n\
         # $1: a command. Sets what _arguments has to know of it.\n\
         _pizauth_describe() {{\n    specs=()\n    case $1 in\n",
        programs()
    );
    for row in rows {
        let options = row.options.iter().map(|flag| zsh_option(flag, row.is_multiplexer()));
        let positionals = row.positionals.iter().map(|name| format!("':{name}:_pizauth_{name}s'"));
        let specs =
            options.chain(positionals).map(|spec| format!("\n            {spec}")).collect::<String>();
        writeln!(text, "        {}) specs=({specs}\n        ) ;;", row.name).unwrap();
    }
    text + "    esac\n}\n"
}

/// `'(-c --config)'{-c+,--config=}'[this file]:file:_files'`. Those of `pizauth` itself stand alone.
fn zsh_option(flag: &'static Flag, is_alone: bool) -> String {
    let excludes = match flag.long {
        "--verbose" => "*".to_owned(),
        "--help" | "--version" => "(- *)".to_owned(),
        _ if is_alone => "(- *)".to_owned(),
        _ => format!("({})", words([flag].iter())),
    };
    let (after_short, after_long) = if value(flag).is_none() || is_alone { ("", "") } else { ("+", "=") };
    let spelled = match flag.short {
        Some(letter) => format!("'{{-{letter}{after_short},{}{after_long}}}'", flag.long),
        None => format!("{}{after_long}", flag.long),
    };
    let takes = match value(flag) {
        None => String::new(),
        Some("file") => ":file:_files".to_owned(),
        Some("DIR") => ":directory:_files -/".to_owned(),
        Some(name) => format!(":{name}:"),
    };
    let escape =
        |letter: char| matches!(letter, '\\' | '[' | ']').then_some('\\').into_iter().chain([letter]);
    let description = flag.description.chars().flat_map(escape).collect::<String>().replace('\'', r"'\''");
    format!("'{excludes}{spelled}[{description}]{takes}'")
}
