//! `user`: whose mailbox an account is for; and `subject`, in whose name its client signs.

use super::options::Given;
use crate::config::problems::Problems;
use crate::terminal::is_unsafe;

/// A local part of 64 bytes, a domain of 255, and what is between them (RFC 5321 §4.5.3.1).
const MAX_BYTES: usize = 320;

impl<'a> Given<'_, 'a> {
    pub(super) fn user(&self, problems: &mut Problems<'a>) -> Option<String> {
        let user = self.string(problems)?;
        if is_usable(&user) {
            return Some(user);
        }
        let message =
            format!("a {} is 1 to {MAX_BYTES} bytes without control or invisible characters", self.name);
        problems.error(self.value.place(), message);
        None
    }
}

/// The one that the authorization server is told of.
pub(super) fn hinted_at(auth_uri_fields: &[(String, String)]) -> Option<String> {
    let hint = auth_uri_fields.iter().find(|(key, _)| key == "login_hint");
    hint.map(|(_, user)| user.clone()).filter(|user| is_usable(user))
}

fn is_usable(user: &str) -> bool {
    (1..=MAX_BYTES).contains(&user.len()) && !user.contains(is_unsafe)
}
