//! The head of a browser's request, from bytes to a [`RedirectRequest`] or to the rule that it breaks.
//!
//! Pure, and strict where a browser that follows a redirect has no reason to differ (RFC 9112, RFC 8252 §7.3).

use std::fmt;

use httparse::{Header, Status};
use pizauth_common::config::Scheme;
use pizauth_core::oauth::redirect::RedirectRequest;

#[cfg(test)]
mod tests;

/// The most that a head may take, in bytes, its final empty line included.
pub const MAX_HEAD_BYTES: usize = 16 * 1024;

/// Browsers send about 20.
const MAX_HEADERS: usize = 100;

/// Why a head is not that of a browser that follows a redirect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadFault {
    /// Which rule of HTTP, or of this listener, it breaks.
    Malformed(&'static str),
    /// Not exactly one `Host` that could be one: as wrong as one that nobody configured.
    Host,
    /// More than [`MAX_HEAD_BYTES`], or too many headers.
    TooLarge,
    /// Not GET.
    Method,
    /// The browser wants the page before the user does (Speculation Rules, `Sec-Purpose`).
    Prefetch,
    /// A page or a script wants the answer: Fetch Metadata, `Origin` or `Upgrade` say so.
    SubResource,
    /// The icon that browsers ask for by themselves.
    Favicon,
}

impl fmt::Display for HeadFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed(rule) => rule,
            Self::Host => "it has not exactly one Host",
            Self::TooLarge => "its head is larger than 16 KiB",
            Self::Method => "its method is not GET",
            Self::Prefetch => "the browser only prefetches",
            Self::SubResource => "a page or a script asks, not a person",
            Self::Favicon => "it is for the icon",
        })
    }
}

/// Reads the head at the beginning of `bytes`, which came to the listener of `scheme` on `port`. `None`: it is
/// good so far and not complete. What follows the head is ignored.
///
/// # Errors
/// The head breaks a rule. Nothing that may follow can mend it.
pub fn parse(bytes: &[u8], scheme: Scheme, port: u16) -> Result<Option<RedirectRequest>, HeadFault> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut head = httparse::Request::new(&mut headers);
    match head.parse(&bytes[..bytes.len().min(MAX_HEAD_BYTES)]) {
        Ok(Status::Complete(_)) => {}
        Ok(Status::Partial) if bytes.len() < MAX_HEAD_BYTES => return Ok(None),
        Ok(Status::Partial) | Err(httparse::Error::TooManyHeaders) => return Err(HeadFault::TooLarge),
        Err(_) if is_tls(bytes) => return Err(HeadFault::Malformed(TLS_TO_HTTP)),
        Err(_) => return Err(HeadFault::Malformed("it is not HTTP/1.1")),
    }
    if head.method != Some("GET") {
        return Err(HeadFault::Method);
    }
    let (path, query) = origin_form(head.path.unwrap_or_default())?;
    let headers = Headers(head.headers);
    let host = headers.host()?;
    headers.refuse_body()?;
    if path == "/favicon.ico" {
        return Err(HeadFault::Favicon);
    }
    headers.refuse_all_but_a_visit()?;
    Ok(Some(RedirectRequest {
        scheme,
        port,
        host: host.to_owned(),
        path: path.to_owned(),
        query: query.into(),
    }))
}

/// What a browser with an HTTPS-only mode does, or one that has once been told to (HSTS) by something else on this
/// host.
const TLS_TO_HTTP: &str = "it is TLS, on the port for http (does the browser insist on https? make an exception for \
     this host, or use http://127.0.0.1/ as redirect_uri)";

/// The first byte of a ClientHello, which is a record of a handshake (RFC 8446 §5.1).
fn is_tls(bytes: &[u8]) -> bool {
    bytes.first() == Some(&0x16)
}

/// `origin-form = absolute-path [ "?" query ]` (RFC 9112 §3.2.1), as path and query.
fn origin_form(target: &str) -> Result<(&str, &str), HeadFault> {
    if !target.starts_with('/') {
        return Err(HeadFault::Malformed("its target is not a path"));
    }
    if !target.is_ascii() || target.contains('#') {
        return Err(HeadFault::Malformed("its target holds what has to be percent-encoded"));
    }
    Ok(target.split_once('?').unwrap_or((target, "")))
}

/// The header fields of one request.
struct Headers<'a>(&'a [Header<'a>]);

impl<'a> Headers<'a> {
    /// The values of every field of this name, in any case.
    fn all(&self, name: &'static str) -> impl Iterator<Item = &'a [u8]> {
        self.0
            .iter()
            .filter(move |header| header.name.eq_ignore_ascii_case(name))
            .map(|header| header.value.trim_ascii())
    }

    /// RFC 9112 §3.2: exactly one, here also in HTTP/1.0: DNS rebinding is recognised by it.
    fn host(&self) -> Result<&'a str, HeadFault> {
        let mut hosts = self.all("host");
        let (Some(host), None) = (hosts.next(), hosts.next()) else { return Err(HeadFault::Host) };
        match std::str::from_utf8(host) {
            Ok(host) if !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(host),
            _ => Err(HeadFault::Host),
        }
    }

    fn refuse_body(&self) -> Result<(), HeadFault> {
        let is_empty = self.all("content-length").all(|length| length == b"0");
        if is_empty && self.all("transfer-encoding").next().is_none() {
            return Ok(());
        }
        Err(HeadFault::Malformed("it has a body"))
    }

    /// What a page makes a browser fetch, or a browser fetches in advance, must not use up a `state`.
    fn refuse_all_but_a_visit(&self) -> Result<(), HeadFault> {
        let purposes = ["sec-purpose", "purpose", "x-purpose", "x-moz"];
        if purposes.into_iter().flat_map(|name| self.all(name)).any(is_speculative) {
            return Err(HeadFault::Prefetch);
        }
        let visit = [("sec-fetch-dest", &b"document"[..]), ("sec-fetch-mode", b"navigate")];
        let is_other = |(name, value)| self.all(name).any(|sent| !sent.eq_ignore_ascii_case(value));
        // fetch() and WebSocket name their page in older browsers, too; who follows a redirect with GET does not.
        let is_of_a_script = ["origin", "upgrade"].into_iter().any(|name| self.all(name).next().is_some());
        if is_of_a_script || visit.into_iter().any(is_other) {
            return Err(HeadFault::SubResource);
        }
        Ok(())
    }
}

/// `prefetch`, `prefetch;prerender`, `preview` and whatever they come to be joined with.
fn is_speculative(purpose: &[u8]) -> bool {
    let words = ["prefetch", "prerender", "preview"];
    purpose
        .split(|byte| !byte.is_ascii_alphabetic())
        .any(|word| words.iter().any(|speculative| word.eq_ignore_ascii_case(speculative.as_bytes())))
}
