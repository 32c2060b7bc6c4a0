//! Takes secrets out of what a server wrote: some repeat the refresh token in their error message.

use pizauth_common::secret::Secret;
use url::form_urlencoded;

use super::token_answer::Members;
use super::token_request::TokenRequest;
use crate::prelude::*;

/// Shorter than this is no secret, and would be found everywhere.
const MIN_BYTES: usize = 4;

/// The members of an answer that hold a token.
const TOKEN_MEMBERS: [&str; 3] = ["access_token", "refresh_token", "id_token"];

/// The secrets that one request and its answer know.
pub(super) struct Redaction(Vec<Secret>);

impl Redaction {
    /// Of what was sent and, where it could be read, of what came back.
    pub(super) fn of(request: &TokenRequest, members: Option<&Members>) -> Self {
        let received = TOKEN_MEMBERS.iter().filter_map(|name| members?.text(name)).map(Secret::from);
        let mut secrets: Vec<_> = request.secrets().into_iter().chain(received).flat_map(spellings).collect();
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
