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
        ("src/daemon/event_loop", "reload", "rooms"),
        ("src/daemon/http", "once", "signer"),
        ("src/daemon/redirect_listener", "acceptor", "refusals"),
        ("src/core", "keeper", "oauth"),
        ("src/core/keeper", "answers", "sign_in_failure"),
        ("src/core/keeper", "entry", "token_state"),
        ("src/common/config", "check", "problems"),
    ] {
        let imports = imports_within(room, &sources);
        assert!(imports[module].contains(imported), "{room}: {imports:?}");
    }
}

#[test]
fn imports_are_found_by_what_the_parent_re_exports() {
    let source = |path: &str, code: &str| Source { path: path.to_owned(), code: code.to_owned() };
    let made_up = [
        source("src/core/lib.rs", "mod clock;\nmod keeper;\npub(crate) use clock::{Moment, month as moon};"),
        source("src/core/clock.rs", ""),
        source(
            "src/core/keeper.rs",
            "use hall::table::{self,\n    chair::{Arm, Leg}\n};\npub use crate::keeper::hall::Rug;\nfn door() {}",
        ),
        source("src/core/keeper/hall.rs", ""),
        source("src/core/keeper/arms.rs", "use super::{Arm, door};"),
        source("src/core/keeper/rugs.rs", "use super::Rug;"),
        source("src/core/keeper/doors.rs", "use super::door;\nuse super::chair;\nuse other::Leg;"),
        source("src/core/keeper/legs/left.rs", "fn kick() { super::super::Leg::kick(crate::moon()) }"),
    ];
    let in_keeper = imports_within("src/core/keeper", &made_up);
    for (module, imported) in
        [("arms", &["hall"][..]), ("doors", &[]), ("legs", &["hall"]), ("rugs", &["hall"]), ("hall", &[])]
    {
        assert!(in_keeper[module].iter().eq(imported), "{module}: {in_keeper:?}");
    }
    let in_core = imports_within("src/core", &made_up);
    assert!(in_core["keeper"].iter().eq(&["clock"]), "{in_core:?}");
}

/// The directories with modules in them.
fn rooms(sources: &[Source]) -> BTreeSet<String> {
    let above = |source: &Source| Some(source.path.rsplit_once('/')?.0.to_owned());
    sources.iter().filter_map(above).filter(|room| room.contains('/')).collect()
}

/// The modules right below `room`, each with those of them that it names, or takes what their parent has from them.
fn imports_within(room: &str, sources: &[Source]) -> Imports {
    let module = |source: &Source| {
        let below = source.path.strip_prefix(room)?.strip_prefix('/')?;
        Some(below.split('/').next()?.trim_end_matches(".rs").to_owned()).filter(|name| name != "lib")
    };
    let modules: BTreeSet<_> = sources.iter().filter_map(module).collect();
    let re_exports = re_exports(room, sources);
    let imported = |by: &String| {
        let files = sources.iter().filter(|source| is_in(&source.path, &format!("{room}/{by}")));
        let named = files.flat_map(|source| names(room, source)).collect::<BTreeSet<_>>();
        let origins = named.iter().filter_map(|name| re_exports.get(name)).flatten();
        let taken_from = named.iter().chain(origins).collect::<BTreeSet<_>>();
        modules.iter().filter(|module| *module != by && taken_from.contains(module)).cloned().collect()
    };
    modules.iter().map(|module| (module.clone(), imported(module))).collect()
}

/// The names that the module `room` has from those below it, and whose they are.
fn re_exports(room: &str, sources: &[Source]) -> Imports {
    let [file, crate_root] = [format!("{room}.rs"), format!("{room}/lib.rs")];
    let from_top = path_from_top(room);
    let parent = sources.iter().filter(|source| [&file, &crate_root].contains(&&source.path));
    let used = parent.flat_map(|source| source.code.split(';')).filter_map(|statement| {
        let (_, tree) = statement.rsplit_once("use ")?;
        tree.trim_start_matches("self::").trim_start_matches(&from_top).split_once("::")
    });
    let mut re_exports = Imports::new();
    for (module, tree) in used {
        for name in leaves(tree) {
            re_exports.entry(name.to_owned()).or_default().insert(module.to_owned());
        }
    }
    re_exports
}

/// The names that a tree of a `use` brings: the last of each path in it.
fn leaves(tree: &str) -> impl Iterator<Item = &str> {
    let paths = tree.split(['{', '}', ',']).map(str::trim);
    paths.filter_map(|path| path.rsplit(|c| !is_of_a_name(c)).next()).filter(|name| !name.is_empty())
}

/// What a file below `room` takes from the module `room`, by whichever path.
fn names(room: &str, source: &Source) -> BTreeSet<String> {
    let depth = source.path[room.len() + 1..].matches('/').count() + 1;
    let from_above = "super::".repeat(depth);
    [from_above, path_from_top(room)].iter().flat_map(|path| named_after(path, &source.code)).collect()
}

/// How a path to what is in the module `room` begins where it is written in full.
fn path_from_top(room: &str) -> String {
    let crate_root = room.splitn(3, '/').take(2).collect::<Vec<_>>().join("/");
    room.replacen(&crate_root, "crate", 1).replace('/', "::") + "::"
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

pub(super) fn is_of_a_name(c: char) -> bool {
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
