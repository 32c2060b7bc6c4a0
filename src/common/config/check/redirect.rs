//! `redirect_uri`: where a browser comes back to, if it can.

use super::global::Global;
use super::options::Seen;
use crate::config::model::Listeners;
use crate::config::problems::Problems;
use crate::config::uri::{Scheme, Uri};

/// The `redirect_uri` of an account that gives none.
pub(super) const REDIRECT_URI: &str = "http://localhost/";

/// A redirect URI must lead to a listener.
pub(super) fn check_listener<'a>(
    redirect_uri: Option<&Uri>,
    account: &'a str,
    seen: &Seen<'_, 'a>,
    global: &Global,
    problems: &mut Problems<'a>,
) {
    let given = seen.place("redirect_uri");
    let scheme = match redirect_uri {
        Some(uri) => uri.scheme(),
        None if given.is_none() => Scheme::Http,
        None => return,
    };
    let off = match (&global.listeners, scheme) {
        (Some(Listeners::Http(_)), Scheme::Https) => "https_listen",
        (Some(Listeners::Https(_)), Scheme::Http) => "http_listen",
        _ => return,
    };
    let what = match given {
        Some(_) => format!("'redirect_uri' is {scheme}"),
        None => format!("this account has no redirect_uri, and its default is {REDIRECT_URI}"),
    };
    problems.error(given.unwrap_or(account), format!("{what}, but {off} is none"));
}
