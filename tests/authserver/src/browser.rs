//! Plays the browser: follows an authorization request URL, presses a button, calls the redirect URI.
//!
//! It speaks plain HTTP to loopback and nothing else.

use std::fmt;
use std::io::{self, BufReader, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use url::Url;

use crate::wire::{self, Fields};

const PATIENCE: Duration = Duration::from_secs(30);
const MAX_PAGE: u64 = 1024 * 1024;

/// What a button does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The user agrees.
    Approve,
    /// The user does not.
    Deny,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Page {
    /// The status code.
    pub status: u16,
    /// Names in lower case.
    pub headers: Fields,
    /// The body as text.
    pub body: String,
}

impl Page {
    /// A header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Why no page came.
#[derive(Debug)]
pub enum BrowserError {
    /// Not an http URL on loopback.
    NotLoopback(String),
    /// The connection failed, or not even an HTTP head came.
    Io(String, io::Error),
    /// The authorization endpoint answered with something else than its page or a redirect.
    Unexpected(u16, String),
}

impl fmt::Display for BrowserError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotLoopback(url) => write!(f, "not visiting {url}: not an http URL on loopback"),
            Self::Io(url, error) => write!(f, "visiting {url}: {error}"),
            Self::Unexpected(status, body) => write!(f, "no authorization page: status {status}: {body}"),
        }
    }
}

impl std::error::Error for BrowserError {}

/// Approves an authorization request and calls the redirect URI; returns the page it shows.
pub fn approve(url: &str) -> Result<Page, BrowserError> {
    visit(&decide(url, Decision::Approve)?)
}

/// Denies an authorization request and calls the redirect URI; returns the page it shows.
pub fn deny(url: &str) -> Result<Page, BrowserError> {
    visit(&decide(url, Decision::Deny)?)
}

/// Opens an authorization request and presses a button. Returns the authorization response: the URL that the
/// browser would visit next.
pub fn decide(url: &str, decision: Decision) -> Result<String, BrowserError> {
    let page = visit(url)?;
    if let Some(location) = page.header("location") {
        return Ok(location.to_owned());
    }
    if page.status != 200 {
        return Err(BrowserError::Unexpected(page.status, page.body));
    }
    let form = match decision {
        Decision::Approve => "decision=approve",
        Decision::Deny => "decision=deny",
    };
    // The form's action is the page's own URL.
    let answer = request("POST", url, &[("Content-Type", "application/x-www-form-urlencoded")], form)?;
    match answer.header("location") {
        Some(location) => Ok(location.to_owned()),
        None => Err(BrowserError::Unexpected(answer.status, answer.body)),
    }
}

/// Types a code on the verification page of the device grant (RFC 8628 §3.3) and presses a button.
pub fn type_code(verification_uri: &str, user_code: &str, decision: Decision) -> Result<Page, BrowserError> {
    let decision = match decision {
        Decision::Approve => "approve",
        Decision::Deny => "deny",
    };
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("user_code", user_code), ("decision", decision)])
        .finish();
    request("POST", verification_uri, &[("Content-Type", "application/x-www-form-urlencoded")], &form)
}

/// Opens a page as a browser does when its user follows a link. Redirects are not followed.
pub fn visit(url: &str) -> Result<Page, BrowserError> {
    let navigation = [
        ("Accept", "text/html"),
        ("Sec-Fetch-Dest", "document"),
        ("Sec-Fetch-Mode", "navigate"),
        ("Sec-Fetch-Site", "cross-site"),
    ];
    request("GET", url, &navigation, "")
}

/// Sends any request.
pub fn request(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Result<Page, BrowserError> {
    let not_loopback = || BrowserError::NotLoopback(url.to_owned());
    let parsed = Url::parse(url).map_err(|_| not_loopback())?;
    let host = parsed.host_str().filter(|_| parsed.scheme() == "http").ok_or_else(not_loopback)?;
    let port = parsed.port_or_known_default().unwrap_or(80);
    let mut head =
        format!("{method} {} HTTP/1.1\r\nHost: {host}:{port}\r\n", &parsed[url::Position::BeforePath..]);
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()));
    let connected = connect(host, port).ok_or_else(not_loopback)?;
    connected.and_then(|stream| talk(stream, &head)).map_err(|error| BrowserError::Io(url.to_owned(), error))
}

/// `None`: the host is not loopback.
fn connect(host: &str, port: u16) -> Option<io::Result<TcpStream>> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    // As browsers have it, no resolver is asked for this name (RFC 6761, section 6.3).
    let addresses: Vec<SocketAddr> = match bare {
        "localhost" => vec![(Ipv6Addr::LOCALHOST, port).into(), (Ipv4Addr::LOCALHOST, port).into()],
        _ => (bare, port).to_socket_addrs().ok()?.collect(),
    };
    addresses.iter().all(|address| address.ip().is_loopback()).then(|| TcpStream::connect(&*addresses))
}

fn talk(mut stream: TcpStream, message: &str) -> io::Result<Page> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(message.as_bytes())?;
    let mut reader = BufReader::new(stream);
    let (start, headers) = wire::read_head(&mut reader)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let status = start.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or(io::ErrorKind::InvalidData)?;
    let mut body = Vec::new();
    reader.take(MAX_PAGE).read_to_end(&mut body)?;
    Ok(Page { status, headers, body: String::from_utf8_lossy(&body).into_owned() })
}
