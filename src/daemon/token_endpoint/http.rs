//! One POST to a token endpoint. No other file names attohttpc.

use std::ffi::OsString;
use std::io::{self, Read as _, Write};

use attohttpc::body::{Body, BodyKind};
use attohttpc::header::{
    ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderMap, HeaderName, RETRY_AFTER, USER_AGENT,
};
use attohttpc::{Error, ErrorKind, Method, ProxySettings, RequestBuilder, Response};
use pizauth_common::secret::Secret;
use url::Url;
use zeroize::Zeroizing;

use super::Limits;
use super::attempt::Attempt;
use super::proxy::Proxies;
use super::roots::Roots;
use crate::oauth::outcome::Outcome;
use crate::oauth::token_answer::{HttpAnswer, judge};
use crate::oauth::token_request::TokenRequest;

#[cfg(test)]
mod tests;

const MAX_BODY_BYTES: usize = 1024 * 1024;

/// How requests get to a server: directly or by proxy, and which certificates are trusted.
pub(super) struct Transport {
    limits: Limits,
    proxies: Proxies,
    roots: Roots,
}

impl Transport {
    /// `variable` reads the environment.
    pub(super) fn new(limits: Limits, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        Self {
            limits,
            proxies: Proxies::from_environment(&variable),
            roots: Roots::from_environment(&variable),
        }
    }

    /// What will make requests fail, as far as it can be told without one.
    pub(super) fn warnings(&self) -> Vec<String> {
        self.proxies.warnings().into_iter().chain(self.roots.warnings()).collect()
    }

    /// Sends the request and judges its answer. Takes at most the total time limit, but for the name
    /// lookup, which nobody can interrupt.
    pub(super) fn perform(&self, request: &TokenRequest, attempt: &Attempt) -> Outcome {
        let answer = self.send(request, attempt).and_then(read);
        match answer {
            Ok(answer) => judge(&answer, request),
            Err(failure) => {
                let host = Url::parse(&request.token_uri).ok();
                let host = host.as_ref().and_then(Url::host_str).unwrap_or(&request.token_uri);
                let what = if attempt.has_been_sent() { "no answer from" } else { "cannot reach" };
                attempt.failed(&format!("{what} {host}: {failure}"))
            }
        }
    }

    fn send(&self, request: &TokenRequest, attempt: &Attempt) -> Result<Response, String> {
        let url = Url::parse(&request.token_uri).map_err(|error| error.to_string())?;
        let proxy = self.proxies.for_url(&url)?;
        let uses_tls = [Some(&url), proxy].into_iter().flatten().any(|url| url.scheme() == "https");
        let settings =
            ProxySettings::builder().http_proxy(proxy.cloned()).https_proxy(proxy.cloned()).build();
        let mut builder = RequestBuilder::try_new(Method::POST, &request.token_uri)
            .map_err(|error| describe(&error))?
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, concat!("pizauth/", env!("CARGO_PKG_VERSION")))
            .follow_redirects(false)
            .connect_timeout(self.limits.connect)
            .read_timeout(self.limits.total)
            .timeout(self.limits.total)
            .proxy_settings(settings);
        if uses_tls {
            for root in self.roots.get()?.iter() {
                builder = builder.add_root_certificate(root.clone());
            }
        }
        let form = Form { form: &request.form, attempt };
        builder.body(form).send().map_err(|error| describe(&error))
    }
}

/// The form, which tells the attempt before its first byte is written: an error of attohttpc does not
/// say whether anything was sent.
struct Form<'a> {
    form: &'a Secret,
    attempt: &'a Attempt,
}

impl Body for Form<'_> {
    fn kind(&mut self) -> io::Result<BodyKind> {
        Ok(BodyKind::KnownLength(self.form.expose().len() as u64))
    }

    fn write<W: Write>(&mut self, mut writer: W) -> io::Result<()> {
        self.attempt.begin_sending()?;
        writer.write_all(self.form.expose().as_bytes())
    }

    fn content_type(&mut self) -> io::Result<Option<String>> {
        Ok(Some("application/x-www-form-urlencoded".to_owned()))
    }
}

fn read(response: Response) -> Result<HttpAnswer, String> {
    let (status, headers, reader) = response.split();
    let mut body = Zeroizing::new(Vec::new());
    // Nothing in these is of use, and the end of theirs may never come.
    if !status.is_informational() && !status.is_redirection() {
        let limit = MAX_BODY_BYTES as u64 + 1;
        reader
            .take(limit)
            .read_to_end(&mut body)
            .map_err(|error| format!("cannot read the answer: {}", describe_io(&error)))?;
        check_length(&headers, body.len())?;
    }
    Ok(HttpAnswer {
        status: status.as_u16(),
        content_type: text(&headers, &CONTENT_TYPE),
        retry_after: text(&headers, &RETRY_AFTER),
        date: text(&headers, &DATE),
        body,
    })
}

/// attohttpc takes a connection that closes early for the end of the body.
fn check_length(headers: &HeaderMap, length: usize) -> Result<(), String> {
    let announced = text(headers, &CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
    if length > MAX_BODY_BYTES {
        Err("the answer is longer than 1 MiB".to_owned())
    } else if announced.is_some_and(|announced| announced > length) {
        Err("the answer ended early".to_owned())
    } else {
        Ok(())
    }
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn describe(error: &Error) -> String {
    match error.kind() {
        ErrorKind::Io(error) => describe_io(error),
        ErrorKind::ConnectError { status_code, .. } => {
            format!("the proxy refused the connection with http status {}", status_code.as_u16())
        }
        ErrorKind::InvalidResponse(what) => format!("the answer is not HTTP ({what})"),
        _ => error.to_string(),
    }
}

/// A read that takes too long is `WouldBlock` or `TimedOut`, depending on which clock notices first.
fn describe_io(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => "timed out".to_owned(),
        _ => error.to_string(),
    }
}
