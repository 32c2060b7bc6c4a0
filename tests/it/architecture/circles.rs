//! Circles of imports between modules that stand side by side: who wants to understand one would have to read them all.

use std::collections::{BTreeMap, BTreeSet};

use super::{Source, is_in, sources};

type Imports = BTreeMap<String, BTreeSet<String>>;

#[test]
fn modules_that_stand_side_by_side_import_each_other_in_no_circle() {
    let sources = sources();
    for room in rooms(&sources) {
        let imports = imports_within(&room, &sources);
        for module in imports.keys() {
            let all = reached_from(module, &imports);
            assert!(!all.contains(module), "{room}: {module} imports itself by way of {all:?}");
        }
    }
}

#[test]
fn imports_are_found_by_whichever_path() {
    let sources = sources();
    for (room, module, imported) in [
        ("src/daemon", "event_loop", "http"),
        ("src/core", "keeper", "oauth"),
        ("src/core/keeper", "answers", "sign_in_failure"),
        ("src/core/keeper", "entry", "token_state"),
        ("src/common/config", "check", "problems"),
    ] {
        let imports = imports_within(room, &sources);
        assert!(imports[module].contains(imported), "{room}: {imports:?}");
    }
}

/// The directories with modules in them.
fn rooms(sources: &[Source]) -> BTreeSet<String> {
    let above = |source: &Source| Some(source.path.rsplit_once('/')?.0.to_owned());
    sources.iter().filter_map(above).filter(|room| room.contains('/')).collect()
}

/// The modules right below `room`, each with those of them that it names.
fn imports_within(room: &str, sources: &[Source]) -> Imports {
    let module = |source: &Source| {
        let below = source.path.strip_prefix(room)?.strip_prefix('/')?;
        Some(below.split('/').next()?.trim_end_matches(".rs").to_owned()).filter(|name| name != "lib")
    };
    let modules: BTreeSet<_> = sources.iter().filter_map(module).collect();
    let imported = |by: &String| {
        let files = sources.iter().filter(|source| is_in(&source.path, &format!("{room}/{by}")));
        let named = files.flat_map(|source| names(room, source)).collect::<BTreeSet<_>>();
        modules.iter().filter(|module| *module != by && named.contains(*module)).cloned().collect()
    };
    modules.iter().map(|module| (module.clone(), imported(module))).collect()
}

/// What a file below `room` takes from the module `room`, by whichever path.
fn names(room: &str, source: &Source) -> BTreeSet<String> {
    let depth = source.path[room.len() + 1..].matches('/').count() + 1;
    let from_above = "super::".repeat(depth);
    let crate_root = room.splitn(3, '/').take(2).collect::<Vec<_>>().join("/");
    let from_top = room.replacen(&crate_root, "crate", 1).replace('/', "::") + "::";
    [from_above, from_top].iter().flat_map(|path| named_after(path, &source.code)).collect()
}

/// The names that follow `path`: one, or those in braces.
fn named_after(path: &str, code: &str) -> Vec<String> {
    let is_whole = |at: usize| !code[..at].ends_with("::");
    let rests =
        code.match_indices(path).filter(|(at, _)| is_whole(*at)).map(|(at, _)| &code[at + path.len()..]);
    let names = rests.flat_map(|rest| {
        let end = if rest.starts_with('{') { rest.find(';') } else { rest.find(|c| !is_of_a_name(c)) };
        rest[..end.unwrap_or(rest.len())].split(|c| !is_of_a_name(c)).map(str::to_owned)
    });
    names.collect()
}

fn is_of_a_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// What a module imports, and what that imports, and so on.
fn reached_from(module: &str, imports: &Imports) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut next = vec![module];
    while let Some(module) = next.pop() {
        next.extend(
            imports[module].iter().filter(|name| reached.insert((*name).clone())).map(String::as_str),
        );
    }
    reached
}
