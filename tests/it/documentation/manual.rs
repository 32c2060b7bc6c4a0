//! What the manual pages say. They are mdoc(7), where `.It Fl c Ar file , Fl -config` is an item of two options.

use std::collections::BTreeSet;
use std::fs;

use super::{Options, read};

/// Every page.
pub(super) fn pages() -> Vec<String> {
    let files = fs::read_dir("man").unwrap().map(|entry| entry.unwrap().path().display().to_string());
    files.collect()
}

/// Where the options of a command stand: a page of its own, or its item on the page of the multiplexer.
pub(super) fn options(command: &str) -> Options {
    match own_page(command) {
        Some(page) => items(&description(&page)),
        None => items(&item_of(command)).into_iter().chain(of_every_command()).collect(),
    }
}

/// Those of the synopsis, where `Fl uv` is two options.
pub(super) fn synopsis(command: &str) -> Options {
    let text = match own_page(command) {
        Some(page) => section(&page, "SYNOPSIS"),
        None => item_of(command).lines().next().unwrap_or_default().to_owned(),
    };
    text.lines().flat_map(flags).flat_map(|flag| spread(&flag)).collect()
}

/// Those of `pizauth` itself: its items before the commands.
pub(super) fn options_of_multiplexer() -> Options {
    let page = read("man/pizauth.1");
    let text = description(&page);
    items(text.split("\n.It Cm ").next().unwrap_or_default())
}

/// Whether that heading stands there, and something below it.
pub(super) fn has_section(page: &str, name: &str) -> bool {
    let page = read(page);
    page.contains(&format!("\n.Sh {name}\n")) && !section(&page, name).is_empty()
}

/// The numbers of EXIT STATUS.
pub(super) fn exit_statuses(page: &str) -> BTreeSet<u8> {
    let section = section(&read(page), "EXIT STATUS");
    section.lines().filter_map(|line| line.strip_prefix(".It ")?.parse().ok()).collect()
}

/// The table of LOG EVENTS: heading, name, meaning.
pub(super) fn log_events() -> Vec<(String, String, String)> {
    let section = section(&read("man/pizauthd.8"), "LOG EVENTS");
    let mut events: Vec<(String, String, String)> = Vec::new();
    let mut heading = String::new();
    for line in section.lines() {
        if let Some(text) = line.strip_prefix(".Ss ") {
            text.clone_into(&mut heading);
        } else if let Some(name) = line.strip_prefix(".It Cm ") {
            events.push((heading.clone(), name.to_owned(), String::new()));
        } else if let (false, Some((_, _, meaning))) = (line.starts_with('.'), events.last_mut()) {
            meaning.push_str(if meaning.is_empty() { "" } else { " " });
            meaning.push_str(line);
        }
    }
    events
}

/// The literal displays of an mdoc page, as they are rendered.
pub(super) fn displays(page: &str) -> Vec<String> {
    let displays = page
        .split("\n.Bd -literal")
        .skip(1)
        .filter_map(|rest| rest.split_once('\n')?.1.split("\n.Ed").next());
    displays.map(|display| display.replace("\\e", "\\").replace("\\&", "") + "\n").collect()
}

/// All that a page displays, each example in one line with single blanks.
pub(super) fn examples(page: &str) -> Vec<String> {
    let all = displays(page).into_iter().chain(one_liners(page));
    all.map(|text| one_line(&text.replace("\\\n", ""))).collect()
}

/// The displays of one line, as they are rendered.
pub(super) fn one_liners(page: &str) -> Vec<String> {
    let lines = page.lines().filter_map(|line| line.strip_prefix(".Dl "));
    lines.map(|line| line.replace(r"\(dq", "\"")).collect()
}

/// With single blanks.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn own_page(command: &str) -> Option<String> {
    let file = if command == "server" { "man/pizauthd.8".into() } else { format!("man/pizauth-{command}.1") };
    fs::read_to_string(file).ok()
}

fn description(page: &str) -> String {
    section(page, "DESCRIPTION")
}

fn section(page: &str, name: &str) -> String {
    let (_, rest) = page.split_once(&format!("\n.Sh {name}\n")).unwrap_or_else(|| panic!("no {name}"));
    rest.split("\n.Sh ").next().unwrap_or_default().to_owned()
}

/// From `.It Cm status …` to the next command.
fn item_of(command: &str) -> String {
    let page = read("man/pizauth.1");
    let start = page.find(&format!("\n.It Cm {command}")).unwrap_or_else(|| panic!("no item {command}"));
    let item = &page[start + 1..];
    let end =
        item[1..].find("\n.It Cm ").or_else(|| item.find("\n.El\n.Pp")).map_or(item.len(), |end| end + 1);
    item[..end].to_owned()
}

/// The paragraph about options that all commands have.
fn of_every_command() -> Options {
    let page = read("man/pizauth.1");
    let (_, rest) = page.split_once("\nEvery command has\n").unwrap();
    let (paragraph, _) = rest.split_once("\nOptions may stand").unwrap();
    paragraph.lines().flat_map(flags).collect()
}

/// The options that are items of a list: those that the text explains.
fn items(text: &str) -> Options {
    text.lines().filter(|line| line.starts_with(".It Fl ")).flat_map(flags).collect()
}

/// The options that one line names: what follows the macro `Fl`, `|` continuing it.
fn flags(line: &str) -> Vec<String> {
    let mut flags = Vec::new();
    let mut after_macro = false;
    for word in line.split([' ', '.']).filter(|word| !word.is_empty()) {
        match word {
            "Fl" => after_macro = true,
            "|" => {}
            _ if word.starts_with(char::is_uppercase) || matches!(word, "," | "=") => after_macro = false,
            _ if after_macro && word != "-" => flags.push(format!("-{word}")),
            _ => {}
        }
    }
    flags
}

/// `-uv` is `-u` and `-v`.
fn spread(flag: &str) -> Vec<String> {
    match flag.strip_prefix('-') {
        Some(letters) if !letters.starts_with('-') => {
            letters.chars().map(|letter| format!("-{letter}")).collect()
        }
        _ => vec![flag.to_owned()],
    }
}
