//! One POST to a token endpoint. Only this file and `line.rs` name ureq.

use std::ffi::OsString;
use std::io::{self, Read};

use ureq::config::{AutoHeaderValue, Config};
use ureq::http::header::{
    ACCEPT, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderMap, HeaderName, PROXY_AUTHORIZATION,
    RETRY_AFTER, USER_AGENT,
};
use ureq::http::{Request, Response};
use ureq::{Agent, Body, Error, SendBody};
use url::Url;
use zeroize::Zeroizing;

use self::line::Line;
use super::attempt::Attempt;
use super::connection::{Way, describe};
use super::proxy::Proxies;
use super::roots::Roots;
use super::{Limits, tunnel};
use crate::deadline::Deadline;
use pizauth_core::http::{Answer, Lost, Request as Asked};

mod line;

const MAX_HEAD_BYTES: usize = 32 * 1024;
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// How requests get to a server: directly or by proxy, and which certificates are trusted.
pub(super) struct Transport {
    limits: Limits,
    proxies: Proxies,
    roots: Roots,
    config: Config,
}

impl Transport {
    /// `variable` reads the environment.
    pub(super) fn new(limits: Limits, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        Self {
            limits,
            proxies: Proxies::from_environment(&variable),
            roots: Roots::from_environment(&variable),
            config: config(),
        }
    }

    /// What will make requests fail, as far as it can be told without one.
    pub(super) fn warnings(&self) -> Vec<String> {
        self.proxies.warnings().into_iter().chain(self.roots.warnings()).collect()
    }

    /// Sends the request and judges its answer. Takes at most the total time limit, but for the name
    /// lookup, which nobody can interrupt.
    pub(super) fn perform(&self, request: &Asked, attempt: &Attempt) -> Result<Answer, Lost> {
        let answer = self.send(request, attempt).and_then(read);
        match answer {
            Ok(answer) => Ok(answer),
            Err(failure) => {
                let host = Url::parse(&request.uri).ok();
                let host = host.as_ref().and_then(Url::host_str).unwrap_or(&request.uri);
                let what = if attempt.has_been_sent() { "no answer from" } else { "cannot reach" };
                attempt.failed(&format!("{what} {host}: {failure}"))
            }
        }
    }

    fn send(&self, request: &Asked, attempt: &Attempt) -> Result<Response<Body>, String> {
        let deadline = Deadline::after(self.limits.total);
        let url = Url::parse(&request.uri).map_err(|error| error.to_string())?;
        let proxy = self.proxies.for_url(&url)?;
        let way = Way { url: &url, proxy, roots: &self.roots, connect: self.limits.connect, deadline };
        let connection = way.open()?;
        let is_tls = url.scheme() == "https";
        let forwarder = proxy.filter(|_| !is_tls);
        let origin = forwarder.map(|_| url.origin().ascii_serialization());
        let mut form = Form { left: request.body.expose().as_bytes(), attempt };
        let mut post = Request::post(url.as_str())
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, concat!("pizauth/", env!("CARGO_PKG_VERSION")))
            .header(CONNECTION, "close")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(CONTENT_LENGTH, form.left.len());
        if let Some(credentials) = forwarder.and_then(tunnel::credentials) {
            post = post.header(PROXY_AUTHORIZATION, credentials);
        }
        let post = post.body(SendBody::from_reader(&mut form)).map_err(|error| error.to_string())?;
        let agent: Agent = Line { connection, is_tls, origin }.agent(self.config.clone());
        agent.run(post).map_err(explain)
    }
}

/// Nothing is followed, repeated, decoded or kept; time limits and proxies are not ureq's business.
fn config() -> Config {
    Config::builder()
        .proxy(None)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_idle_connections(0)
        .accept_encoding(AutoHeaderValue::None)
        .max_response_header_size(MAX_HEAD_BYTES)
        .build()
}

/// The form, which tells the attempt before its first byte is handed out: an error of ureq does not say
/// whether anything was sent.
struct Form<'a> {
    left: &'a [u8],
    attempt: &'a Attempt,
}

impl Read for Form<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.attempt.begin_sending()?;
        self.left.read(buffer)
    }
}

fn read(response: Response<Body>) -> Result<Answer, String> {
    let (head, body) = response.into_parts();
    let (status, headers) = (head.status, head.headers);
    // Nothing in these is of use, and the end of theirs may never come.
    let is_read = !status.is_informational() && !status.is_redirection();
    Ok(Answer {
        status: status.as_u16(),
        content_type: text(&headers, &CONTENT_TYPE),
        retry_after: text(&headers, &RETRY_AFTER),
        date: text(&headers, &DATE),
        body: if is_read { read_body(body)? } else { Zeroizing::default() },
    })
}

fn read_body(body: Body) -> Result<Zeroizing<Vec<u8>>, String> {
    let mut bytes = Zeroizing::new(Vec::new());
    let limit = MAX_BODY_BYTES as u64 + 1;
    match body.into_reader().take(limit).read_to_end(&mut bytes) {
        Ok(_) if bytes.len() <= MAX_BODY_BYTES => Ok(bytes),
        Ok(_) => Err("the answer is longer than 1 MiB".to_owned()),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Err("cannot read the answer: it ended early".to_owned())
        }
        Err(error) => Err(format!("cannot read the answer: {}", explain(Error::from(error)))),
    }
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn explain(error: Error) -> String {
    match error {
        Error::Io(error) => describe(error),
        Error::Protocol(what) => format!("the answer is not HTTP ({what})"),
        Error::LargeResponseHeader(..) => "the head of the answer is longer than 32 KiB".to_owned(),
        _ => error.to_string(),
    }
}
