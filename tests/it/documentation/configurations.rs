//! Every configuration that we ship, also the ones inside documents, each made whole enough to be checked.

use std::{fs, mem};

use super::{manual, read};

/// Prepended where a document shows hooks or other global options alone.
const ACCOUNT: &str = "account \"work\" { auth_uri = \"https://a.example/\"; token_uri = \"https://t.example/\"; \
                       client_id = \"c\"; }\n";
/// What is recognised as a configuration, apart from `account "…" {`.
const OPTIONS: [&str; 18] = [
    "auth_notify_cmd",
    "auth_notify_interval",
    "dump_callers",
    "error_notify_cmd",
    "extra_socket",
    "extra_socket_accounts",
    "http_listen",
    "https_listen",
    "redirect_peer",
    "refresh_at_least",
    "refresh_before_expiry",
    "refresh_retry",
    "startup_cmd",
    "state_decrypt_cmd",
    "state_encrypt_cmd",
    "state_file",
    "token_event_cmd",
    "transient_error_if_cmd",
];

/// Where each comes from, and its text.
pub(super) fn all() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for file in files("etc/examples").into_iter().chain(["etc/pizauth.conf".into()]) {
        let text = read(&file);
        found.push((file.clone(), with_every_option(&text)));
        found.push((file, text));
    }
    for page in manual::pages() {
        found.extend(manual::displays(&read(&page)).into_iter().map(|text| (page.clone(), text)));
    }
    for script in files("etc/hooks") {
        found.push((script.clone(), uncommented(&read(&script))));
    }
    found.extend(indented(&read("README.md")).into_iter().map(|text| ("README.md".to_owned(), text)));
    found
        .into_iter()
        .filter(|(_, text)| is_configuration(text))
        .map(|(origin, text)| (origin, whole(text)))
        .collect()
}

fn files(directory: &str) -> Vec<String> {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path().display().to_string()).collect()
}

fn is_configuration(text: &str) -> bool {
    text.lines().map(str::trim_start).any(|line| {
        let option = line.split_once(" = ").is_some_and(|(name, _)| OPTIONS.contains(&name));
        option || (line.starts_with("account \"") && line.contains('{'))
    })
}

fn whole(text: String) -> String {
    if text.contains("account \"") { text } else { format!("{ACCOUNT}{text}") }
}

/// `//name = value;` without a space is an option that is commented out, with its default or an example.
fn with_every_option(text: &str) -> String {
    let uncomment = |line: &str| {
        let inner = line.trim_start();
        let option = inner.strip_prefix("//").filter(|rest| rest.starts_with(char::is_alphabetic));
        format!("{}\n", option.unwrap_or(line))
    };
    text.lines().map(uncomment).collect()
}

/// The options in the comment at the head of a script: `#   name = value;`
fn uncommented(script: &str) -> String {
    script
        .lines()
        .filter_map(|line| line.strip_prefix("#   "))
        .filter(|line| line.contains(" = "))
        .map(|line| format!("{line}\n"))
        .collect()
}

/// The lines that a Markdown document has its reader type, without comments: those of indented blocks that are no
/// configurations, and what stands in tables for a pipe or a redirection into one of our commands.
pub(super) fn typed_in(document: &str) -> Vec<String> {
    let text = read(document);
    let blocks = indented(&text).into_iter().filter(|block| !is_configuration(block));
    let lines: Vec<String> = blocks.flat_map(|block| block.lines().map(typed).collect::<Vec<_>>()).collect();
    let cells =
        text.lines().filter(|line| line.starts_with('|')).flat_map(|row| row.split('`').skip(1).step_by(2));
    let imports = cells.filter(|cell| cell.contains("pizauth import work") && !cell.contains('…'));
    let imports = imports.map(|cell| typed(&cell.replace(r"\|", "|")));
    lines.into_iter().chain(imports).filter(|line| !line.is_empty()).collect()
}

fn typed(line: &str) -> String {
    manual::one_line(line.split("  # ").next().unwrap_or_default())
}

/// The indented blocks of a Markdown document.
fn indented(document: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut block = String::new();
    for line in document.lines() {
        match line.strip_prefix("    ") {
            Some(code) => block += &format!("{code}\n"),
            None if line.is_empty() => block.push('\n'),
            None => blocks.push(mem::take(&mut block)),
        }
    }
    blocks.push(block);
    blocks
}
