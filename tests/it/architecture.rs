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

fn rust_files(below: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn is_test(path: &str) -> bool {
    ["/tests.rs", "/tests/", "/testing.rs", "/simulation", "/golden.rs"]
        .iter()
        .any(|part| path.contains(part))
}

fn code(text: &str) -> String {
    let before_tests = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text);
    before_tests.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}

fn sources() -> Vec<Source> {
    let mut files = Vec::new();
    rust_files(&top().join("src"), &mut files);
    let relative = |path: &PathBuf| path.strip_prefix(top()).unwrap().to_str().unwrap().to_owned();
    let sources: Vec<Source> = files
        .iter()
        .map(|path| Source { path: relative(path), code: code(&fs::read_to_string(path).unwrap()) })
        .filter(|source| !is_test(&source.path))
        .collect();
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

fn manifest(of: &str) -> String {
    fs::read_to_string(top().join(of)).unwrap()
}

#[test]
fn the_crates_know_only_those_below_them() {
    let (common, client) = (manifest("src/common/Cargo.toml"), manifest("src/client/Cargo.toml"));
    let core = manifest("src/core/Cargo.toml");
    assert!(["client", "core", "daemon"].iter().all(|upper| !common.contains(&format!("pizauth-{upper}"))));
    assert!(!core.contains("pizauth-client") && !core.contains("pizauth-daemon"));
    assert!(!client.contains("pizauth-core") && !client.contains("pizauth-daemon"));
    assert!(!manifest("src/daemon/Cargo.toml").contains("pizauth-client"));
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
        let text = fs::read_to_string(top().join(&source.path)).unwrap();
        assert!(text.starts_with("//!"), "{} does not begin with its reason", source.path);
    }
}

#[test]
fn no_file_is_longer_than_contributing_says() {
    let contributing = manifest("CONTRIBUTING.md");
    let (_, rest) = contributing.split_once("and stays under ").unwrap();
    let limit: usize = rest.split(' ').next().unwrap().parse().unwrap();
    for source in sources() {
        let lines = manifest(&source.path).lines().count();
        assert!(lines < limit, "{} has {lines} lines of {limit}", source.path);
    }
}
