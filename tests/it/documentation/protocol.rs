//! What pizauth-ipc(7) shows of the protocol, and the golden messages of `tests/ipc`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use super::{manual, read};

const PAGE: &str = "man/pizauth-ipc.7";

/// The sections of the page that show messages, and the folders of their golden ones.
const SECTIONS: [(&str, &[&str]); 3] =
    [("Requests", &["requests", "long_requests"]), ("Answers", &["responses"]), ("Reports", &["reports"])];

/// Messages by section and name: `Requests/show`.
pub(super) type Messages = BTreeMap<String, Vec<Value>>;

/// The examples of the page.
pub(super) fn examples() -> Messages {
    let page = read(PAGE);
    let mut examples = Messages::new();
    for (section, _) in SECTIONS {
        let (_, text) = page.split_once(&format!(".Ss {section}\n")).unwrap();
        let text = text.split("\n.Ss ").next().unwrap();
        let displays = manual::one_liners(text).into_iter().chain(manual::displays(text));
        displays.filter(|text| text.starts_with('{')).for_each(|text| add(&mut examples, section, &text));
    }
    examples
}

/// The golden messages, likewise.
pub(super) fn golden() -> Messages {
    let mut golden = Messages::new();
    for (section, folders) in SECTIONS {
        for file in folders.iter().flat_map(|folder| fs::read_dir(format!("tests/ipc/{folder}")).unwrap()) {
            add(&mut golden, section, &fs::read_to_string(file.unwrap().path()).unwrap());
        }
    }
    golden
}

fn add(messages: &mut Messages, section: &str, text: &str) {
    let message: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let names: Vec<_> = message.as_object().unwrap().keys().collect();
    assert_eq!(names.len(), 1, "one member names the message: {text}");
    messages.entry(format!("{section}/{}", names[0])).or_default().push(message);
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
    let lines = manual::one_liners(&read(PAGE));
    let line = lines.iter().find(|line| line.starts_with("00 ")).unwrap();
    let (bytes, message) = line.split_at(line.find('{').unwrap());
    let bytes = bytes.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap());
    (bytes.collect(), message.to_owned())
}
