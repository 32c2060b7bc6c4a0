//! The walls of ARCHITECTURE.md: what may be named where.

mod circles;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A Rust file below `src`, its path relative to the top, and its code: comments and tests left out.
struct Source {
    path: String,
    code: String,
}

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Those in `below` and its directories, but for what cargo has made.
fn rust_files(below: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn is_test(path: &str) -> bool {
    let parts = ["/tests.rs", "/tests/", "/testing.rs", "/simulation", "/golden.rs"];
    path.starts_with("tests/") || parts.iter().any(|part| path.contains(part))
}

fn code(text: &str) -> String {
    let before_tests = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text);
    before_tests.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}

/// The paths of the Rust files below a directory, relative to the top.
fn paths(below: &str) -> Vec<String> {
    let mut files = Vec::new();
    rust_files(&top().join(below), &mut files);
    let relative = |path: &PathBuf| path.strip_prefix(top()).unwrap().to_str().unwrap().to_owned();
    files.iter().map(relative).collect()
}

fn sources() -> Vec<Source> {
    let paths = paths("src").into_iter().filter(|path| !is_test(path));
    let sources: Vec<_> = paths.map(|path| Source { code: code(&text(&path)), path }).collect();
    assert!(sources.len() > 50, "the sources were not found");
    sources
}

/// No file that `is_bound` names any of `words`.
fn assert_unnamed(words: &[&str], is_bound: impl Fn(&str) -> bool) {
    assert_none(words, is_bound, |code, word| code.contains(word));
}

/// No file that `is_bound` has code that `names` any of `words`.
fn assert_none(words: &[&str], is_bound: impl Fn(&str) -> bool, names: impl Fn(&str, &str) -> bool) {
    let mut bound = 0;
    for source in sources().iter().filter(|source| is_bound(&source.path)) {
        bound += 1;
        for word in words {
            assert!(!names(&source.code, word), "{} names {word}", source.path);
        }
    }
    assert!(bound > 0, "no file is bound by this rule: has something moved?");
}

/// Whether a path in `code` begins with `library`: `String::` is not `ring::`, nor is `rustls::crypto::ring::`.
fn begins_a_path(code: &str, library: &str) -> bool {
    code.match_indices(library).any(|(at, _)| {
        let before = code[..at].strip_suffix("::").unwrap_or(&code[..at]);
        !before.ends_with(circles::is_of_a_name)
    })
}

/// Whether the file is the module `room`, or below it.
fn is_in(path: &str, room: &str) -> bool {
    path.strip_prefix(room).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

fn text(path: &str) -> String {
    fs::read_to_string(top().join(path)).unwrap()
}

#[test]
fn the_crates_know_only_those_below_them() {
    let (common, client) = (text("src/common/Cargo.toml"), text("src/client/Cargo.toml"));
    let core = text("src/core/Cargo.toml");
    assert!(["client", "core", "daemon"].iter().all(|upper| !common.contains(&format!("pizauth-{upper}"))));
    assert!(!core.contains("pizauth-client") && !core.contains("pizauth-daemon"));
    assert!(!client.contains("pizauth-core") && !client.contains("pizauth-daemon"));
    assert!(!text("src/daemon/Cargo.toml").contains("pizauth-client"));
}

/// What the compiler refuses in the core it refuses for want of `std`.
#[test]
fn the_core_does_not_bring_std_back() {
    assert_unnamed(&["extern crate std"], |path| path.starts_with("src/core/"));
}

#[test]
fn configuration_and_protocol_do_not_know_each_other() {
    assert_unnamed(&["ipc::"], |path| is_in(path, "src/common/config"));
    assert_unnamed(&["config::"], |path| is_in(path, "src/common/ipc"));
}

#[test]
fn the_commands_have_no_network_below_them() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let arguments =
        ["tree", "--offline", "--package", "pizauth-client", "--edges", "normal", "--prefix", "none"];
    let tree = Command::new(cargo).args(arguments).current_dir(top()).output().unwrap();
    let tree = String::from_utf8(tree.stdout).unwrap();
    assert!(tree.contains("pizauth-common"), "no tree: {tree}");
    for network in ["attohttpc", "rustls", "ring", "native-tls", "hyper", "mio"] {
        assert!(
            !tree.lines().any(|line| line.split(' ').next() == Some(network)),
            "{network} is below the commands"
        );
    }
}

#[test]
fn one_room_owns_the_keeper() {
    assert_unnamed(&["keeper::Keeper", "Keeper,"], |path| {
        let rooms = ["src/daemon/event_loop", "src/daemon/server"];
        path.starts_with("src/daemon/") && !rooms.iter().any(|room| is_in(path, room))
    });
}

#[test]
fn one_file_reads_the_clocks() {
    assert_unnamed(&["SystemTime", "clock_gettime"], |path| {
        path.starts_with("src/daemon/") && path != "src/daemon/clock.rs"
    });
    // Stopwatches, by which no token lives.
    let stopwatches = ["src/daemon/http.rs", "src/daemon/redirect_listener/refusals.rs"];
    assert_unnamed(&["Instant"], |path| path.starts_with("src/daemon/") && !stopwatches.contains(&path));
}

#[test]
fn the_room_that_talks_to_servers_knows_no_oauth() {
    let words = ["oauth", "Assertion", "assertion", "ClientKey", "key_file", "signing"];
    assert_unnamed(&words, |path| is_in(path, "src/daemon/http"));
}

#[test]
fn libraries_stay_in_their_rooms() {
    let rooms = [
        ("attohttpc", &["src/daemon/http"][..]),
        ("syslog::", &["src/daemon/log"]),
        ("signal_hook", &["src/daemon/signals", "src/client/interrupt"]),
        ("nom::", &["src/common/config"]),
        ("jiff::", &["src/client"]),
        ("rcgen::", &["src/daemon/redirect_listener"]),
        ("ring::", &["src/core/snapshot", "src/daemon/signing"]),
    ];
    for (library, rooms) in rooms {
        let is_outside = |path: &str| !rooms.iter().any(|room| is_in(path, room));
        assert_none(&[library], |path| path.starts_with("src/") && is_outside(path), begins_a_path);
    }
}

#[test]
fn only_one_file_is_unsafe() {
    assert_unnamed(&["unsafe {", "unsafe fn", "unsafe impl", "allow(unsafe_code"], |path| {
        path.starts_with("src/") && path != "src/common/sys.rs"
    });
}

#[test]
fn every_file_says_why_it_exists_and_is_one_room() {
    for source in sources() {
        let text = text(&source.path);
        assert!(text.starts_with("//!"), "{} does not begin with its reason", source.path);
    }
}

#[test]
fn no_file_is_longer_than_contributing_says() {
    let contributing = text("CONTRIBUTING.md");
    let limit_after = |words: &str| -> usize {
        let (_, rest) = contributing.split_once(words).unwrap();
        rest.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
    };
    let (limit, limit_of_tests) = (limit_after("and stays under "), limit_after("(tests under "));
    let paths = [paths("src"), paths("tests")].concat();
    assert!(paths.iter().filter(|path| is_test(path)).count() > 100, "the tests were not found");
    for path in paths {
        let limit = if is_test(&path) { limit_of_tests } else { limit };
        let lines = text(&path).lines().count();
        assert!(lines < limit, "{path} has {lines} lines of {limit}");
    }
}
