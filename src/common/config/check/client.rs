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

impl Method {
    /// As `client_auth` is written.
    fn word(self) -> &'static str {
        METHODS.iter().find(|(_, method)| *method == self).map_or("", |(word, _)| word)
    }
}

/// Without `client_auth` a key signs, and a secret is sent in the body, as ever, or as an issuer lists that `is_asked`.
pub(super) fn auth<'a>(
    method: Option<Method>,
    secret: Option<ClientSecret>,
    key: Option<Arc<ClientKey>>,
    is_asked: bool,
    seen: &Seen<'_, 'a>,
    problems: &mut Problems<'a>,
) -> ClientAuth {
    let method = method.unwrap_or(match (&secret, &key) {
        (_, Some(_)) => Method::PrivateKeyJwt,
        (Some(_), None) => Method::Post,
        (None, None) => Method::None,
    });
    let is_chosen = seen.get("client_auth").is_some();
    report_unused_key(method, is_chosen, seen, problems);
    match (method, secret, key) {
        (Method::Post, Some(secret), _) if is_asked && !is_chosen => ClientAuth::AsListed(secret),
        (Method::Post, Some(secret), _) => ClientAuth::Post(secret),
        (Method::Basic, Some(secret), _) => ClientAuth::Basic(secret),
        (Method::PrivateKeyJwt, None, Some(key)) => ClientAuth::PrivateKeyJwt(key),
        (Method::None, None, _) => ClientAuth::None,
        (_, secret, _) => {
            report_misfit(method, secret.as_ref(), is_chosen, seen, problems);
            ClientAuth::None
        }
    }
}

fn report_unused_key<'a>(method: Method, is_chosen: bool, seen: &Seen<'_, 'a>, problems: &mut Problems<'a>) {
    let is_other = is_chosen && method != Method::PrivateKeyJwt;
    if let Some(unused) = seen.place("client_key_file").filter(|_| is_other) {
        let word = method.word();
        problems.warning(unused, format!("'client_key_file' has no effect with client_auth = \"{word}\""));
    }
}

/// Complains of a method that has not what it takes, or beside which there is a secret.
fn report_misfit<'a>(
    method: Method,
    secret: Option<&ClientSecret>,
    is_chosen: bool,
    seen: &Seen<'_, 'a>,
    problems: &mut Problems<'a>,
) {
    // A path or a command that stands there and is wrong has been reported already.
    let (lacking, is_reported) = match method {
        Method::PrivateKeyJwt => ("client_key_file", seen.get("client_key_file").is_some()),
        Method::Post | Method::Basic | Method::None => ("client_secret", client_secret::is_unusable(seen)),
    };
    let word = method.word();
    let message = match secret.map(client_secret::option_of) {
        None if is_reported => return,
        None => format!("'client_auth' is \"{word}\", but this account has no {lacking}"),
        Some(option) if is_chosen => {
            format!("'client_auth' is \"{word}\", but this account has a {option}: remove one of them")
        }
        Some(option) => format!("this account has a client_key_file and a {option}: remove one of them"),
    };
    let place = seen.place("client_auth").or(seen.place("client_key_file")).unwrap_or_default();
    problems.error(place, message);
}

impl<'a> Given<'_, 'a> {
    pub(super) fn client_auth(&self, problems: &mut Problems<'a>) -> Option<Method> {
        self.one_of(METHODS, problems)
    }
}
