//! How the client proves who it is: what `client_auth` comes to, with `client_secret` and `client_key_file`.

use std::sync::Arc;

use super::client_secret;
use super::options::{Given, Seen};
use crate::config::client_auth::{ClientAuth, ClientSecret};
use crate::config::client_key::ClientKey;
use crate::config::problems::Problems;

/// The values of `client_auth`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    None,
    Post,
    Basic,
    PrivateKeyJwt,
}

const METHODS: [(&str, Method); 4] = [
    ("post", Method::Post),
    ("basic", Method::Basic),
    ("none", Method::None),
    ("private_key_jwt", Method::PrivateKeyJwt),
];

/// Without `client_auth` a key signs, and a secret is sent in the body, as ever, or as an issuer lists that `is_asked`.
pub(super) fn auth<'a>(
    method: Option<Method>,
    secret: Option<ClientSecret>,
    key: Option<Arc<ClientKey>>,
    is_asked: bool,
    seen: &Seen<'_, 'a>,
    problems: &mut Problems<'a>,
) -> ClientAuth {
    let place = seen.place("client_auth").or(seen.place("client_key_file")).unwrap_or_default();
    let by_default = match (&secret, &key) {
        (_, Some(_)) => Method::PrivateKeyJwt,
        (Some(_), None) => Method::Post,
        (None, None) => Method::None,
    };
    let method = method.unwrap_or(by_default);
    let word = METHODS.iter().find(|(_, it)| *it == method).map_or("", |(word, _)| word);
    let is_other = seen.get("client_auth").is_some() && method != Method::PrivateKeyJwt;
    if let Some(unused) = seen.place("client_key_file").filter(|_| is_other) {
        problems.warning(unused, format!("'client_key_file' has no effect with client_auth = \"{word}\""));
    }
    match (method, secret, key) {
        (Method::Post, Some(secret), _) if is_asked && seen.get("client_auth").is_none() => {
            return ClientAuth::AsListed(secret);
        }
        (Method::Post, Some(secret), _) => return ClientAuth::Post(secret),
        (Method::Basic, Some(secret), _) => return ClientAuth::Basic(secret),
        (Method::PrivateKeyJwt, None, Some(key)) => return ClientAuth::PrivateKeyJwt(key),
        (Method::None, None, _) => {}
        // What is wrong with a command is reported already.
        (Method::Post | Method::Basic, None, _) if client_secret::is_unusable(seen) => {}
        (Method::Post | Method::Basic, None, _) => {
            let message = format!("'client_auth' is \"{word}\", but this account has no client_secret");
            problems.error(place, message);
        }
        (Method::None | Method::PrivateKeyJwt, Some(secret), _) => {
            let option = client_secret::option_of(&secret);
            let message = match seen.get("client_auth") {
                Some(_) => {
                    format!(
                        "'client_auth' is \"{word}\", but this account has a {option}: remove one of them"
                    )
                }
                None => format!("this account has a client_key_file and a {option}: remove one of them"),
            };
            problems.error(place, message);
        }
        // A path that is wrong is reported already.
        (Method::PrivateKeyJwt, None, None) if seen.get("client_key_file").is_some() => {}
        (Method::PrivateKeyJwt, None, None) => {
            let message = format!("'client_auth' is \"{word}\", but this account has no client_key_file");
            problems.error(place, message);
        }
    }
    ClientAuth::None
}

impl<'a> Given<'_, 'a> {
    pub(super) fn client_auth(&self, problems: &mut Problems<'a>) -> Option<Method> {
        self.one_of(METHODS, problems)
    }
}
