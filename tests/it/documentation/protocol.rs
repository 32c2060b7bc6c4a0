//! What pizauth-ipc(7) shows of the protocol, and the golden messages of `tests/ipc`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Map, Value};

use super::{manual, read};

const PAGE: &str = "man/pizauth-ipc.7";

/// The examples of the page, by the names of golden files.
pub(super) fn examples() -> BTreeMap<String, Vec<Value>> {
    let mut examples: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let page = read(PAGE);
    let displays = one_liners(&page).into_iter().chain(manual::displays(&page));
    for text in displays.filter(|text| text.starts_with('{')) {
        let message: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        examples.entry(name(&message)).or_default().push(message);
    }
    examples
}

/// The golden messages, likewise.
pub(super) fn golden() -> BTreeMap<String, Vec<Value>> {
    let mut golden: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for folder in ["tests/ipc/requests", "tests/ipc/answers"] {
        for file in fs::read_dir(folder).unwrap() {
            let text = fs::read_to_string(file.unwrap().path()).unwrap();
            let message: Value = serde_json::from_str(&text).unwrap();
            golden.entry(name(&message)).or_default().push(message);
        }
    }
    golden
}

/// The members of a message and of what is in it, without their values.
pub(super) fn members(message: &Value) -> BTreeSet<String> {
    match message {
        Value::Object(object) => object.iter().flat_map(members_below).collect(),
        Value::Array(list) => list.iter().flat_map(members).collect(),
        _ => BTreeSet::new(),
    }
}

fn members_below((name, value): (&String, &Value)) -> BTreeSet<String> {
    let below = members(value).into_iter().map(|member| format!("{name}.{member}"));
    below.chain([name.clone()]).collect()
}

/// The kinds of refusal that the page explains.
pub(super) fn refusals() -> BTreeSet<String> {
    let page = read(PAGE);
    let (_, rest) = page.split_once("\nis for programs:\n").unwrap();
    let (list, _) = rest.split_once("\n.El\n").unwrap();
    list.lines().filter_map(|line| line.strip_prefix(".It Cm ")).map(str::to_owned).collect()
}

/// The frame that is written out: its first bytes, and the message after them.
pub(super) fn frame() -> (Vec<u8>, String) {
    let lines = one_liners(&read(PAGE));
    let line = lines.iter().find(|line| line.starts_with("00 ")).unwrap();
    let (bytes, message) = line.split_at(line.find('{').unwrap());
    let bytes = bytes.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap());
    (bytes.collect(), message.to_owned())
}

/// `requests/show`, `answers/pending`.
fn name(message: &Value) -> String {
    let object: &Map<String, Value> = message.as_object().unwrap();
    let part = |member: &str| Some(format!("{member}s/{}", object.get(member)?.as_str()?));
    part("request")
        .or_else(|| part("answer"))
        .unwrap_or_else(|| panic!("neither request nor answer: {message}"))
}

/// The displays of one line, as they are rendered.
fn one_liners(page: &str) -> Vec<String> {
    let lines = page.lines().filter_map(|line| line.strip_prefix(".Dl "));
    lines.map(|line| line.replace(r"\(dq", "\"")).collect()
}
