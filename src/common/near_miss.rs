//! Hints for misspelt names.

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
    let distances = candidates.map(|candidate| (distance(&name, candidate), *candidate));
    let (distance, candidate) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance <= tolerance(candidate)).then_some(candidate)
}

/// Whether `name` was probably meant to be `candidate`.
pub fn looks_like(name: &str, candidate: &str) -> bool {
    nearest(name, &[candidate]).is_some()
}

fn tolerance(candidate: &str) -> usize {
    (candidate.len() / 4).clamp(1, 3)
}

/// How many insertions, deletions, replacements and swaps of neighbours lead from `a` to `b`.
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut before_last = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before_last[j - 2] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}
