//! Members whose text or number is needed.

use pizauth_common::terminal::is_printable_ascii;

use super::body::{Member, Members, Unreadable};

/// The text of a member, where it is there: printable ASCII, and no more than `most` of it.
pub(in crate::oauth) fn printable<'m>(
    members: &'m Members,
    name: &'static str,
    most: usize,
    expected: &'static str,
) -> Result<Option<&'m str>, Unreadable> {
    match members.text(name) {
        Some(text) if text.len() <= most && is_printable_ascii(text) => Ok(Some(text)),
        None if !members.has(name) => Ok(None),
        _ => Err(Unreadable::BadMember(name, expected)),
    }
}

/// A number, also one that is written as text.
pub(in crate::oauth) fn number(member: &Member) -> Option<f64> {
    let number = match member {
        Member::Number(number) => Some(*number),
        Member::Text(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number| !number.is_nan())
}
