//! How the client proves who it is: what `client_auth` and `client_secret` come to.

use super::options::{Given, Seen};
use crate::config::client_auth::ClientAuth;
use crate::config::problems::Problems;
use crate::secret::Secret;

/// The values of `client_auth`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Method {
    None,
    Post,
    Basic,
}

const METHODS: [(&str, Method); 3] =
    [("post", Method::Post), ("basic", Method::Basic), ("none", Method::None)];

/// Without `client_auth` a secret is sent in the body, as ever.
pub(super) fn auth<'a>(
    method: Option<Method>,
    secret: Option<Secret>,
    seen: &Seen<'_, 'a>,
    problems: &mut Problems<'a>,
) -> ClientAuth {
    let place = seen.place("client_auth").unwrap_or_default();
    match (method, secret.filter(|secret| !secret.expose().is_empty())) {
        (None | Some(Method::Post), Some(secret)) => ClientAuth::Post(secret),
        (Some(Method::Basic), Some(secret)) => ClientAuth::Basic(secret),
        (Some(Method::None), Some(_)) => {
            let message =
                "'client_auth' is \"none\", but this account has a client_secret: remove one of them";
            problems.error(place, message);
            ClientAuth::None
        }
        (Some(method @ (Method::Post | Method::Basic)), None) => {
            let word = if let Method::Post = method { "post" } else { "basic" };
            let message = format!("'client_auth' is \"{word}\", but this account has no client_secret");
            problems.error(place, message);
            ClientAuth::None
        }
        (None | Some(Method::None), None) => ClientAuth::None,
    }
}

impl<'a> Given<'_, 'a> {
    pub(super) fn client_auth(&self, problems: &mut Problems<'a>) -> Option<Method> {
        self.one_of(METHODS, problems)
    }
}
