//! Performs one request, by attohttpc, in the calling thread.

use std::ffi::OsString;
use std::io::{self, Write};
use std::mem;

use attohttpc::RequestBuilder;
use attohttpc::body::{Body, BodyKind};
use attohttpc::header::{ACCEPT_ENCODING, PROXY_AUTHORIZATION, USER_AGENT};
use pizauth_common::deadline::Deadline;
use pizauth_common::secret::Secret;
use pizauth_core::http::{Answer, Method, Request};
use url::Url;

use super::RequestLimits;
use super::answer;
use super::attempt::Attempt;
use super::dialers::{Dialers, Turn, patience};
use super::failure::{Failure, Trouble};
use super::proxy::Proxies;
use super::roots::Roots;
use super::route::Route;
use super::signer::{Sign, Signed};

#[cfg(test)]
mod tests;

/// How requests get to a server: directly or by proxy, and which certificates are trusted.
pub(super) struct Transport {
    limits: RequestLimits,
    sign: Sign,
    proxies: Proxies,
    roots: Roots,
    dialers: Dialers,
}

impl Transport {
    /// `variable` reads the environment.
    pub(super) fn new(
        limits: RequestLimits,
        sign: Sign,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Self {
        Self {
            limits,
            sign,
            proxies: Proxies::from_environment(&variable),
            roots: Roots::from_environment(&variable),
            dialers: Dialers::default(),
        }
    }

    /// Sends the request, once, and brings back its answer. Takes at most the total time limit, but for name lookups,
    /// which nobody can interrupt.
    ///
    /// # Errors
    /// There is no answer. What was sent meanwhile, the attempt knows.
    pub(super) fn perform(&self, request: &Request, attempt: &Attempt) -> Result<Answer, Failure> {
        let deadline = Deadline::after(self.limits.total);
        let url = Url::parse(&request.uri).map_err(|_| Failure::NoUri)?;
        let direct = Route { url: &url, proxy: None };
        let route = match self.proxies.for_url(&url) {
            Ok(proxy) => Route { proxy, ..direct },
            Err(unusable) => return Err(direct.failure(Trouble::Proxy(unusable), attempt)),
        };
        let Signed { body, added } = (self.sign)(request).map_err(Failure::Unsigned)?;
        let answer = self.ask(&route, request, &body, attempt, deadline).map_err(|trouble| {
            // A connection that is shut down because the time is up looks as if the other side had done it.
            let trouble = if deadline.left().is_err() { Trouble::TimedOut } else { trouble };
            route.failure(trouble, attempt)
        })?;
        Ok(Answer { signed: added, ..answer })
    }

    fn ask(
        &self,
        route: &Route<'_>,
        request: &Request,
        body: &Secret,
        attempt: &Attempt,
        deadline: Deadline,
    ) -> Result<Answer, Trouble> {
        let addresses = route.addresses()?;
        let turn = Some(self.dialers.turn(addresses, deadline)?);
        let mut builder = self.builder(route, request, deadline)?;
        builder = builder.connect_timeout(patience(addresses, self.limits.connect));
        // Held until the end, so that those who ask meanwhile need not load them.
        let roots = if route.has_tls() { Some(self.roots.load().map_err(Trouble::Roots)?) } else { None };
        for root in roots.iter().flat_map(|roots| roots.iter()) {
            builder = builder.add_root_certificate(root.clone());
        }
        let body = body.expose().as_bytes();
        let payload = Payload { body, method: request.method, attempt, turn, is_prepared: false };
        answer::read(builder.body(payload).send()?, route.is_secure())
    }

    /// Nothing is followed, and the environment is not asked a second time.
    fn builder(
        &self,
        route: &Route<'_>,
        request: &Request,
        deadline: Deadline,
    ) -> Result<RequestBuilder, Trouble> {
        let method = match request.method {
            Method::Get => attohttpc::Method::GET,
            Method::Post => attohttpc::Method::POST,
        };
        let mut builder = RequestBuilder::try_new(method, route.url)?
            .follow_redirects(false)
            .proxy_settings(route.proxy_settings())
            .timeout(deadline.left()?)
            // Later than that: the socket's own time limit would be for each read anew.
            .read_timeout(self.limits.total * 2)
            // Not for deflate, whose end cannot always be told from a broken connection.
            .try_header(ACCEPT_ENCODING, "gzip")?
            .try_header(USER_AGENT, concat!("pizauth/", env!("CARGO_PKG_VERSION")))?;
        if let Some(credentials) = route.proxy_authorization() {
            builder = builder.try_header(PROXY_AUTHORIZATION, credentials)?;
        }
        for (name, value) in &request.headers {
            builder = builder.try_header(*name, value.expose())?;
        }
        Ok(builder)
    }
}

/// The body, which tells the attempt before its first byte is handed out: an error of attohttpc does not say whether
/// anything was sent. Where that is refused the head may leave nevertheless, which alone means nothing to a server.
struct Payload<'a> {
    body: &'a [u8],
    method: Method,
    attempt: &'a Attempt,
    /// Needed no more once there is a connection.
    turn: Option<Turn<'a>>,
    is_prepared: bool,
}

impl Body for Payload<'_> {
    /// Asked for the head, in which a GET tells no length, and again when the head has been written: only what has a
    /// length is written then.
    fn kind(&mut self) -> io::Result<BodyKind> {
        let is_for_head = !mem::replace(&mut self.is_prepared, true);
        match self.method {
            Method::Get if is_for_head => Ok(BodyKind::Empty),
            Method::Get | Method::Post => Ok(BodyKind::KnownLength(self.body.len() as u64)),
        }
    }

    fn write<W: Write>(&mut self, mut writer: W) -> io::Result<()> {
        self.turn = None;
        self.attempt.begin_sending()?;
        writer.write_all(self.body)
    }
}
