//! Which calls have met which states, counted.

use std::collections::BTreeMap;
use std::fmt;

/// The states that the model tells apart.
pub(super) const STATES: [&str; 9] = [
    "empty",
    "pending",
    "exchange waits",
    "exchange in flight",
    "valid, final",
    "expired, final",
    "valid, idle",
    "expired, idle",
    "refresh in flight",
];

/// The calls that concern one account.
pub(super) const CALLS: [&str; 11] = [
    "show",
    "refresh",
    "revoke",
    "right redirect",
    "wrong redirect",
    "used redirect",
    "same reload",
    "changed reload",
    "dump",
    "restore",
    "late answer",
];

#[derive(Default)]
pub(super) struct Coverage(BTreeMap<(&'static str, &'static str), u64>);

impl Coverage {
    pub(super) fn count(&mut self, state: &'static str, call: &'static str) {
        *self.0.entry((state, call)).or_default() += 1;
    }

    /// Every pair must have been met, but for a right redirect, which needs a pending authorization.
    pub(super) fn assert_complete(&self) {
        for state in STATES {
            for call in CALLS {
                let possible = call != "right redirect" || state == "pending";
                assert!(!possible || self.0.contains_key(&(state, call)), "{call} never met {state}\n{self}");
            }
        }
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ((state, call), count) in &self.0 {
            writeln!(f, "{count:>9}  {call:<15} {state}")?;
        }
        Ok(())
    }
}
