//! What is written agrees with what is built: options, exit statuses, log events, shipped configurations.

mod completions;
mod configurations;
mod evidence;
mod manual;
mod picture;
mod protocol;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use pizauth_client::{APPLETS, multiplexer};
use pizauth_common::applet::Applet;
use pizauth_common::argv::{Flag, spellings, switch};
use pizauth_common::exit::Exit;
use pizauth_daemon::server;
use pizauth_daemon::{Severity, log_events};
use serde_json::Value;

use crate::support::{Running, Sandbox, callers};

/// Options, as they are typed: `-c`, `--config`.
type Options = BTreeSet<String>;

/// Where our own deviations from the original are listed.
const DEVIATIONS: &str = "## Moving from pizauth";

fn read(file: &str) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Every command, the daemon included.
fn applets() -> Vec<Applet> {
    [APPLETS, &[server::APPLET]].concat()
}

/// What a command says of its options. argh does not know that `-h` is `--help`.
fn options(applet: &Applet) -> Vec<&'static Flag> {
    static HELP: Flag = switch(Some('h'), "--help", "display usage information");
    let derived = (applet.describe)().flags.iter().filter(|flag| flag.long != HELP.long);
    derived.chain([&HELP]).collect()
}

fn spelled<'a>(flags: impl IntoIterator<Item = &'a Flag>) -> Options {
    flags.into_iter().flat_map(spellings).collect()
}

#[test]
fn help_fits_on_a_screen_and_tells_every_option() {
    let sandbox = Sandbox::new();
    let listed = sandbox.multiplexer().args(["--list"]).run().exits(0).out();
    assert!(listed.lines().eq(applets().iter().map(|applet| applet.name)), "{listed}");
    for applet in applets() {
        let help = sandbox.multiplexer().args([applet.name, "--help"]).run().exits(0).out();
        // That one has an option for each of its questions.
        let screen = if applet.name == "setup" { 26 } else { 24 };
        assert!(help.lines().count() <= screen, "{help}");
        for flag in options(&applet) {
            let row = format!("\n  {}", spellings(flag).collect::<Vec<_>>().join(", "));
            let is_told = [" ", "\n"].iter().any(|end| help.contains(&format!("{row}{end}")));
            assert!(is_told, "no {row:?} in\n{help}");
        }
    }
}

#[test]
fn manual_pages_name_the_options_of_help_and_no_others() {
    for applet in applets() {
        let (name, options) = (applet.name, spelled(options(&applet)));
        assert_eq!(manual::options(name), options, "pizauth {name}, and its manual page");
        let synopsis = manual::synopsis(name);
        assert!(synopsis.is_subset(&options), "SYNOPSIS of {name} has {synopsis:?}; it has {options:?}");
    }
    assert_eq!(manual::options_of_multiplexer(), spelled(&multiplexer::OPTIONS));
}

#[test]
fn completions_are_those_of_the_descriptions() {
    for (shell, file) in [
        ("bash", "completions/pizauth.bash"),
        ("fish", "completions/pizauth.fish"),
        ("zsh", "completions/_pizauth"),
    ] {
        let described = completions::of_shell(shell, &read(file));
        if std::env::var_os("BLESS").is_some() {
            fs::write(file, &described).unwrap();
        }
        assert_eq!(read(file), described, "{file} (BLESS=1 writes it anew)");
    }
}

#[test]
fn shipped_configurations_and_those_in_documents_are_valid() {
    let sandbox = Sandbox::new();
    let found = configurations::all();
    // What they name has to be among what is shipped.
    let hooks = sandbox.home().join(".config/pizauth/hooks");
    fs::create_dir_all(hooks.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(fs::canonicalize("etc/hooks").unwrap(), hooks).unwrap();
    for (origin, text) in &found {
        // Filled in, as its reader does: what is left of a template is warned of.
        let filled = text.replace("YOUR-", "").replace("\"...", "\"id").replace("\"…\"", "\"id\"");
        let file = sandbox.write("shipped.conf", filled);
        fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let ran = sandbox.applet("check").args(["-c", "shipped.conf"]).run();
        assert!(ran.status.success() && ran.stderr.is_empty(), "{origin}:\n{}\n{text}", ran.stderr);
    }
    for place in
        ["README.md", "man/pizauth.conf.5", "man/pizauthd.8", "etc/pizauth.conf", "etc/hooks/persist-age"]
    {
        assert!(found.iter().any(|(origin, _)| origin == place), "no configuration was found in {place}");
    }
    assert!(found.iter().filter(|(origin, _)| origin.starts_with("etc/examples/")).count() >= 6);
}

/// What README has typed in a checkout, and the manual pages have not.
const IN_A_CHECKOUT: [&str; 5] = [
    "./install.sh --try",
    "cargo test",
    "mkdir -p ~/.config/pizauth && cp -r etc/hooks ~/.config/pizauth/",
    "./install.sh && ~/.local/bin/pizauthd",
    "~/.local/bin/pizauth restore < tokens && rm tokens",
];

#[test]
fn what_readme_has_typed_is_an_example_of_the_manual() {
    let examples: Vec<String> =
        manual::pages().iter().flat_map(|page| manual::examples(&read(page))).collect();
    let typed = configurations::typed_in("README.md");
    assert!(typed.len() > 30, "{typed:?}");
    for line in typed.iter().filter(|line| !IN_A_CHECKOUT.contains(&line.as_str())) {
        assert!(examples.iter().any(|example| example.contains(line)), "no page has {line:?}");
    }
}

#[test]
fn every_manual_page_has_the_sections_that_people_look_for() {
    for page in manual::pages() {
        for name in ["DESCRIPTION", "ENVIRONMENT", "FILES", "EXIT STATUS", "EXAMPLES", "SEE ALSO"] {
            assert!(manual::has_section(&page, name), "{page}: no {name}");
        }
    }
}

#[test]
fn exit_statuses_of_pages_are_those_of_the_code() {
    let code = |exits: &[Exit]| exits.iter().map(|exit| exit.code()).collect::<BTreeSet<u8>>();
    let of_commands = code(&[Exit::Done, Exit::NotDone, Exit::Unreachable, Exit::Usage]);
    let with_login = &of_commands | &code(&[Exit::Interrupted]);
    for page in manual::pages() {
        let expected = match page.as_str() {
            "man/pizauth.1" => with_login.clone(),
            // Where an issuer is asked that one cannot be reached.
            page if page.ends_with(".1") || page == "man/pizauthd.8" => of_commands.clone(),
            _ => continue,
        };
        assert_eq!(manual::exit_statuses(&page), expected, "{page}");
    }
    let readme = read("README.md");
    let (_, table) = readme.split_once("## Exit statuses").unwrap();
    let numbers = table.lines().filter_map(|line| line.strip_prefix("| ")?.split(' ').next()?.parse().ok());
    assert_eq!(numbers.collect::<BTreeSet<u8>>(), with_login);
}

#[test]
fn log_events_of_the_manual_page_are_those_of_the_code() {
    let told = |heading: &str, name: &str, meaning: &str| {
        let meaning = meaning.strip_suffix('.').unwrap_or(meaning).to_ascii_lowercase();
        (name.to_owned(), heading.to_owned(), meaning)
    };
    let written: BTreeSet<_> =
        manual::log_events().iter().map(|(heading, name, meaning)| told(heading, name, meaning)).collect();
    let coded: BTreeSet<_> =
        log_events().map(|event| told(heading(event.severity), event.name, event.meaning)).collect();
    assert_eq!(written, coded);
}

#[test]
fn every_log_event_is_written_somewhere() {
    let code = evidence::product_code();
    for event in log_events() {
        let words = event.name.split('_').map(|word| word[..1].to_uppercase() + &word[1..]);
        let name = words.collect::<String>();
        let is_whole = |rest: &str| !rest.starts_with(char::is_alphanumeric);
        let is_named = |list: &str| code.split(&format!("{list}::{name}")).skip(1).any(is_whole);
        assert!(["What", "Happened", "Learned"].into_iter().any(is_named), "nothing writes {name}");
    }
}

/// Under which heading of the page an event stands.
fn heading(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "Severity err, written always",
        Severity::Notice => "Severity notice, written always",
        Severity::Warning => r"Severity warning, from \-v on",
        Severity::Info => r"Severity info, from \-vv on",
        Severity::Debug => r"Severity debug, from \-vvv on",
        Severity::Trace => r"Severity debug, from \-vvvv on",
    }
}

#[test]
fn every_message_of_the_protocol_has_an_example_with_its_members() {
    let (golden, examples) = (protocol::golden(), protocol::examples());
    assert_eq!(examples.keys().collect::<Vec<_>>(), golden.keys().collect::<Vec<_>>());
    let members = |messages: &[Value]| messages.iter().flat_map(protocol::members).collect::<BTreeSet<_>>();
    for (name, messages) in &golden {
        assert_eq!(members(&examples[name]), members(messages), "{name}");
    }
}

#[test]
fn protocol_page_explains_every_kind_of_refusal() {
    let answers = &protocol::golden()["Answers/refused"];
    let kinds = answers.iter().map(|answer| answer["refused"]["kind"].as_str().unwrap().to_owned());
    assert_eq!(protocol::refusals(), kinds.collect());
}

#[test]
fn the_frame_of_the_protocol_page_is_understood() {
    let (head, message) = protocol::frame();
    assert_eq!(
        [&head[..], message.as_bytes()].concat(),
        callers::frame(callers::VERSION, callers::REQUEST, &message)
    );
    let running = Running::start();
    let answer = callers::ask(&running.sandbox.socket(), &[&head[..], message.as_bytes()].concat());
    assert!(answer["status"]["accounts"].is_array(), "{answer}");
}

#[test]
fn recipes_of_readme_are_lines_of_the_manual_page() {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let page: BTreeSet<String> = read("man/pizauth-show.1").lines().map(words).collect();
    let readme = read("README.md");
    let (_, rest) = readme.split_once("## With mail programs").unwrap();
    let (recipes, _) = rest.split_once("\n## ").unwrap();
    let lines: Vec<&str> = recipes.lines().filter(|line| line.starts_with("    ")).collect();
    assert!(lines.len() >= 8, "{lines:?}");
    for line in lines {
        assert!(page.contains(&words(line)), "pizauth-show(1) does not say: {line}");
    }
}

#[test]
fn readme_tells_every_deviation_from_the_original() {
    let readme = read("README.md");
    let (_, deviations) = readme.split_once(DEVIATIONS).unwrap();
    let (deviations, _) = deviations.split_once("\n## ").unwrap_or((deviations, ""));
    for subject in [
        "exit status",
        "64",
        "`--help`",
        "account twice",
        "`login_hint`",
        "`auth_error_cmd`",
        "/tmp",
        "`client_secret`",
        "ends a session",
        "`Bearer`",
        "`expires_in`",
        "merge",
        "hook",
        "FIFO",
        "dump",
    ] {
        assert!(deviations.contains(subject), "{subject} is missing below {DEVIATIONS:?}");
    }
}

#[test]
fn documents_cite_tests_and_files_that_exist() {
    let tests = evidence::tests();
    for document in ["SECURITY.md", "ARCHITECTURE.md", "CONTRIBUTING.md"] {
        for quoted in evidence::quoted(document) {
            let is_file = ["tests/", "src/", "etc/", "man/"].iter().any(|folder| quoted.starts_with(folder));
            let file = quoted.split([' ', '{']).next().unwrap_or_default();
            assert!(!is_file || Path::new(file).exists(), "{document} cites the file {quoted}");
            let is_there = !evidence::is_test_name(&quoted) || tests.contains(&quoted);
            assert!(is_there, "{document} cites the test {quoted}");
        }
    }
    let cited = evidence::quoted("SECURITY.md");
    assert!(cited.iter().filter(|quoted| tests.contains(*quoted)).count() > 50, "the promises have tests");
}

#[test]
fn variables_that_make_tests_longer_are_documented() {
    let documented = evidence::quoted("CONTRIBUTING.md");
    for variable in evidence::bounds() {
        assert!(documented.contains(&variable), "CONTRIBUTING.md does not name {variable}");
    }
}

#[test]
fn property_lists_are_well_formed() {
    let file = "etc/launchd/org.pizauth.pizauthd.plist";
    let text = read(file);
    assert!(text.contains("<string>-d</string>"), "launchd wants a process in the foreground");
    if let Ok(lint) = Command::new("xmllint").args(["--noout", "--nonet", file]).output() {
        assert!(lint.status.success(), "{}", String::from_utf8_lossy(&lint.stderr));
    }
}
