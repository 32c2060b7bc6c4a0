//! The address that a browser ended at, brought by hand from wherever that browser is.

use core::fmt;

use pizauth_common::config::Uri;
use pizauth_common::secret::Secret;

use super::redirect::RedirectRequest;
use crate::prelude::*;

#[cfg(test)]
mod tests;

/// Longer ones are not looked at, in bytes.
const LONGEST_ADDRESS: usize = 16 * 1024;

/// What is wrong with what was pasted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasteFault {
    /// No browser comes back to this account.
    NoBrowser,
    /// Over 16 KiB.
    TooLong,
    /// Nothing but a code, or anything else without a host.
    NoAddress,
    /// A sign-in to this account ends here, and not where the address leads.
    Elsewhere(String),
}

impl fmt::Display for PasteFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBrowser => f.write_str(
                "no browser comes back from signing in to this account: there is no address to paste",
            ),
            Self::TooLong => f.write_str("that is longer than any address of a sign-in: more than 16 KiB"),
            Self::NoAddress => f.write_str(
                "paste the whole address; the code alone does not say which sign-in it belongs to",
            ),
            Self::Elsewhere(end) => {
                write!(f, "the browser is not at its end there: that address begins with {end}")
            }
        }
    }
}

/// The request that a browser would have made of the redirect listener at `port`. Blanks around the address do not
/// matter, nor does a scheme that a browser has left out; all else has to be as the listener demands it.
///
/// # Errors
/// It is no address, or leads elsewhere than `redirect_uri`.
pub(crate) fn pasted(address: &str, redirect_uri: &Uri, port: u16) -> Result<RedirectRequest, PasteFault> {
    if address.len() > LONGEST_ADDRESS {
        return Err(PasteFault::TooLong);
    }
    let (scheme, host) = (redirect_uri.scheme(), redirect_uri.host());
    let own = format!("{scheme}://");
    let (address, authority) = (address.trim(), format!("{host}:{port}"));
    let rest = match address.split_once("://") {
        Some((written, rest)) if written.eq_ignore_ascii_case(&scheme.to_string()) => rest,
        _ if address.starts_with(&authority) => address,
        Some(_) => return Err(PasteFault::Elsewhere(own + &authority)),
        None => return Err(PasteFault::NoAddress),
    };
    let rest = rest.split('#').next().unwrap_or_default();
    let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let path = if path.is_empty() { "/" } else { path };
    let request = RedirectRequest {
        scheme,
        port,
        host: host.to_owned(),
        path: path.to_owned(),
        query: Secret::new(query.to_owned()),
    };
    if request.comes_to(redirect_uri) { Ok(request) } else { Err(PasteFault::Elsewhere(own + &authority)) }
}
