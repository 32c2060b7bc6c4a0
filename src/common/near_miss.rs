//! Hints for misspelt names.

use strsim::osa_distance;

/// Longer names are nobody's near miss; also bounds the work.
const LONGEST: usize = 40;

/// The candidate that `name` was probably meant to be.
pub fn nearest<'c>(name: &str, candidates: &[&'c str]) -> Option<&'c str> {
    if name.len() > LONGEST {
        return None;
    }
    let name = name.to_ascii_lowercase();
    let as_long = |candidate: &&&str| candidate.len().abs_diff(name.len()) <= tolerance(candidate);
    let candidates = candidates.iter().filter(as_long);
    let distances = candidates.map(|candidate| (osa_distance(&name, candidate), *candidate));
    let (distance, candidate) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance <= tolerance(candidate)).then_some(candidate)
}

/// So many accounts are named in a message.
const MOST_LISTED: usize = 10;

/// The message that `account` is none of `names`: with the one that was probably meant, and the first of all.
pub fn no_account(account: &str, names: &[&str]) -> String {
    let meant = nearest(account, names).map(|name| format!("did you mean {name:?}? "));
    let listed: Vec<_> = names.iter().take(MOST_LISTED).map(|name| format!("{name:?}")).collect();
    let more = if names.len() > MOST_LISTED { ", … (all: pizauth status)" } else { "" };
    let meant = meant.unwrap_or_default();
    format!("the configuration has no account {account:?} ({meant}it has {}{more})", listed.join(", "))
}

/// Whether `name` was probably meant to be `candidate`.
pub fn looks_like(name: &str, candidate: &str) -> bool {
    nearest(name, &[candidate]).is_some()
}

fn tolerance(candidate: &str) -> usize {
    (candidate.len() / 4).clamp(1, 3)
}
