//! Takes secrets out of what a server wrote: some repeat the refresh token in their error message.

use pizauth_common::secret::Secret;
use url::form_urlencoded;

use crate::prelude::*;

/// Shorter than this is no secret, and would be found everywhere.
const MIN_BYTES: usize = 4;

/// What no message may show.
pub(super) struct Redaction(Vec<Secret>);

impl Redaction {
    /// Of these secrets.
    pub(super) fn of(secrets: impl Iterator<Item = Secret>) -> Self {
        let mut secrets: Vec<_> = secrets.flat_map(spellings).collect();
        secrets.retain(|secret| secret.expose().len() >= MIN_BYTES);
        // Longest first: one secret may begin with another.
        secrets.sort_by_key(|secret| core::cmp::Reverse(secret.expose().len()));
        Self(secrets)
    }

    /// `text` with each secret replaced by an ellipsis.
    pub(super) fn apply(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret.expose(), "…"))
    }
}

/// As it is, and as it stands in a form.
fn spellings(secret: Secret) -> [Secret; 2] {
    let encoded = form_urlencoded::byte_serialize(secret.expose().as_bytes()).collect();
    [secret, Secret::new(encoded)]
}
