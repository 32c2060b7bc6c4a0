//! What documents cite: tests by their names, files by their paths, variables by what reads them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What stands between backquotes in a document.
pub(super) fn quoted(document: &str) -> BTreeSet<String> {
    let text = super::read(document).replace("```", "");
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Whether this is a test's name as `cargo test` prints it: `module::test`.
pub(super) fn is_test_name(word: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let mut parts = word.split("::");
    word.contains("::") && parts.all(|part| !part.is_empty() && part.bytes().all(is_plain))
}

/// The names of all tests of tests/it and of the crates.
pub(super) fn tests() -> BTreeSet<String> {
    ["tests/it", "src/common", "src/client", "src/core", "src/daemon"]
        .iter()
        .flat_map(|root| tests_below(root))
        .collect()
}

fn tests_below(root: &str) -> Vec<String> {
    rust_files(Path::new(root))
        .iter()
        .flat_map(|file| {
            let text = fs::read_to_string(file).expect("a source file");
            tests_of(&module(root, file), &text)
        })
        .collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of sources").map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] }).collect()
}

/// `src/daemon/hooks/tests.rs` below `src/daemon` is `hooks::tests`.
fn module(root: &str, file: &Path) -> String {
    let path = file.strip_prefix(root).expect("it is below").with_extension("");
    let parts: Vec<_> = path.iter().map(|part| part.to_str().unwrap()).collect();
    parts.join("::")
}

/// An indented test stands in `mod tests` of its file.
fn tests_of(module: &str, text: &str) -> Vec<String> {
    let after_attribute = text.split("#[test]").skip(1);
    let functions = after_attribute.filter_map(|rest| {
        let line = rest.lines().find(|line| line.trim_start().starts_with("fn "))?;
        let name = line.trim_start().strip_prefix("fn ")?.split('(').next()?;
        let inner = if line.starts_with(' ') { "::tests" } else { "" };
        Some(format!("{module}{inner}::{name}"))
    });
    functions.collect()
}

/// The code of the program, without its tests and its comments.
pub(super) fn product_code() -> String {
    let is_test = |file: &PathBuf| file.iter().any(|part| part.to_string_lossy().contains("test"));
    let files = rust_files(Path::new("src")).into_iter().filter(|file| !is_test(file));
    let texts = files.map(|file| fs::read_to_string(file).expect("a source file"));
    texts.flat_map(|text| code_lines(&text)).collect()
}

fn code_lines(text: &str) -> Vec<String> {
    let product = text.split("mod tests {").next().unwrap_or_default();
    let lines = product.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.map(|line| format!("{line}\n")).collect()
}

/// The variables that tests take a larger bound from.
pub(super) fn bounds() -> BTreeSet<String> {
    let variables = rust_files(Path::new("tests/it")).into_iter().flat_map(|file| {
        let text = fs::read_to_string(file).expect("a source file");
        let names = text.split("bound(\"").skip(1).filter_map(|rest| rest.split('"').next());
        names.filter(|name| name.starts_with("PIZAUTH_")).map(str::to_owned).collect::<Vec<_>>()
    });
    variables.collect()
}
