//! What a command prints that knows the client's secret: its first line, as the password managers of Unix have it.

use core::fmt;

use pizauth_common::secret::Secret;
use pizauth_common::terminal::is_unsafe;
use zeroize::Zeroizing;

use super::outcome::Reason;
use super::redaction::Redaction;
use crate::prelude::*;

#[cfg(test)]
mod tests;

/// For its name in messages.
const OPTION: &str = "client_secret_cmd";

/// No secret is longer, in bytes.
const LONGEST: usize = 64 * 1024;

/// What came of a command that was asked for a client's secret.
pub struct Printed {
    /// What it has written to its standard output.
    pub output: Zeroizing<Vec<u8>>,
    /// Why that does not count, in words that follow the name of the option: `failed (exit 2): no such entry`.
    pub failure: Option<String>,
}

impl fmt::Debug for Printed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Printed").finish_non_exhaustive()
    }
}

impl Printed {
    /// The secret, or why there is none: for people, without the secret and the `last` one.
    pub(crate) fn secret(&self, last: Option<&Secret>) -> Result<Secret, Reason> {
        let line = self.output.split(|byte| *byte == b'\n').next().unwrap_or_default();
        match &self.failure {
            Some(why) => {
                let half = str::from_utf8(line).ok().map(Secret::from);
                let redaction = Redaction::of(half.into_iter().chain(last.cloned()));
                Err(reason(&redaction.apply(why)))
            }
            None => secret(line).map_err(|why| reason(&format!("has printed {why}"))),
        }
    }
}

/// Whatever is wrong with it, the user is told once before it is mended.
fn reason(why: &str) -> Reason {
    Reason::with_cause(OPTION, &format!("{OPTION} {why}"))
}

fn secret(line: &[u8]) -> Result<Secret, &'static str> {
    match str::from_utf8(line) {
        Ok("") => Err("no secret on its first line"),
        _ if line.len() > LONGEST => Err("more than 64 KiB on its first line"),
        Ok(text) if text.contains(is_unsafe) => Err("control characters on its first line"),
        Ok(text) => Ok(Secret::from(text)),
        Err(_) => Err("a first line that is not UTF-8"),
    }
}
