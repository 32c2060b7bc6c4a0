//! Which calls have met which states, counted.

use std::collections::BTreeMap;
use std::fmt;

/// The states that the model tells apart.
pub(super) const STATES: [&str; 17] = [
    "empty",
    "request for codes waits",
    "request for codes in flight",
    "pending",
    "pending on a device",
    "poll in flight",
    "exchange waits",
    "exchange in flight",
    "valid, final",
    "expired, final",
    "valid, idle",
    "expired, idle",
    "refresh in flight",
    "sign-in beside",
    "exchange beside",
    "fetch waits",
    "fetch in flight",
];

/// The calls that concern one account, and what may befall it.
pub(super) const CALLS: [&str; 23] = [
    "show",
    "refresh",
    "revoke",
    "revoke at the server",
    "right redirect",
    "wrong redirect",
    "used redirect",
    "same reload",
    "changed reload",
    "dump",
    "restore",
    "import",
    "load",
    "kill",
    "late answer",
    "login",
    "login, stopping",
    "show, stopping",
    "refresh, stopping",
    "no place at its host",
    "no place at all",
    "wait",
    "leave",
];

#[derive(Default)]
pub(super) struct Coverage(BTreeMap<(&'static str, &'static str), u64>);

impl Coverage {
    pub(super) fn count(&mut self, state: &'static str, call: &'static str) {
        *self.0.entry((state, call)).or_default() += 1;
    }

    /// Every pair must have been met that can exist.
    pub(super) fn assert_complete(&self) {
        for state in STATES {
            for call in CALLS {
                assert!(
                    !is_possible(state, call) || self.0.contains_key(&(state, call)),
                    "{call} never met {state}\n{self}"
                );
            }
        }
    }
}

/// Who has something to send, and lacks a place for it where its host has none.
const WAITING: [&str; 5] =
    ["request for codes waits", "pending on a device", "valid, idle", "expired, idle", "fetch waits"];

/// A right redirect needs a pending authorization, and only who has something to send lacks a place; an exchange has
/// one at its host always.
fn is_possible(state: &str, call: &str) -> bool {
    match call {
        "right redirect" => ["pending", "sign-in beside"].contains(&state),
        // Who asks has something begun, and what ends it ends the waiting.
        "wait" => !["empty", "expired, final"].contains(&state),
        "leave" => !["empty", "expired, final"].contains(&state),
        "no place at its host" => WAITING.contains(&state),
        "no place at all" => state == "exchange waits" || WAITING.contains(&state),
        // It would take more steps than we have.
        "late answer" => state != "sign-in beside",
        "login, stopping" if state == "valid, final" => false,
        "show, stopping" | "refresh, stopping" | "login, stopping" | "load" | "kill" => {
            !["sign-in beside", "exchange beside"].contains(&state)
        }
        _ => true,
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ((state, call), count) in &self.0 {
            writeln!(f, "{count:>9}  {call:<20} {state}")?;
        }
        Ok(())
    }
}
