//! JSON as commands print it for other programs: it drives no terminal, since what accounts are called, and what
//! servers say, is data in it, escaped as JSON does it.

use std::fmt;

use pizauth_common::terminal::printable_json;
use serde::Serialize;

/// Why there is no JSON.
#[derive(Debug)]
pub(crate) struct Unwritable(serde_json::Error);

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot write this as JSON: {}", self.0)
    }
}

/// The document on one line.
///
/// # Errors
/// It has no form in JSON.
pub(crate) fn one_line(document: &impl Serialize) -> Result<String, Unwritable> {
    shown(serde_json::to_string(document))
}

/// The document on many lines, indented.
///
/// # Errors
/// It has no form in JSON.
pub(crate) fn indented(document: &impl Serialize) -> Result<String, Unwritable> {
    shown(serde_json::to_string_pretty(document))
}

fn shown(json: serde_json::Result<String>) -> Result<String, Unwritable> {
    json.map(|json| format!("{}\n", printable_json(&json))).map_err(Unwritable)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn what_has_no_form_in_json_is_an_error() {
        let document = BTreeMap::from([([1], "a list is no key")]);
        for json in [one_line(&document), indented(&document)] {
            assert_eq!(json.unwrap_err().to_string(), "cannot write this as JSON: key must be a string");
        }
    }
}
