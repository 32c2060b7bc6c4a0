//! The way to a server: which URL, and by which proxy.

use std::fmt;
use std::io;
use std::net::ToSocketAddrs as _;

use attohttpc::ProxySettings;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pizauth_common::config::Scheme;
use url::{Host, Url};

use super::attempt::Attempt;
use super::failure::{Failure, Trouble};

/// Where a request goes.
pub(super) struct Route<'a> {
    pub(super) url: &'a Url,
    pub(super) proxy: Option<&'a Url>,
}

impl Route<'_> {
    /// Whether certificates matter.
    pub(super) fn has_tls(&self) -> bool {
        self.is_secure() || self.proxy.is_some_and(|proxy| Scheme::of(proxy) == Some(Scheme::Https))
    }

    /// Whether the server itself is spoken to by TLS.
    pub(super) fn is_secure(&self) -> bool {
        Scheme::of(self.url) == Some(Scheme::Https)
    }

    /// This proxy or none, whatever the environment says.
    pub(super) fn proxy_settings(&self) -> ProxySettings {
        let proxy = self.proxy.cloned();
        ProxySettings::builder().http_proxy(proxy.clone()).https_proxy(proxy).build()
    }

    /// The value of `Proxy-Authorization`, for a proxy that forwards. One that opens a tunnel is given it by attohttpc.
    pub(super) fn proxy_authorization(&self) -> Option<String> {
        let proxy = self.proxy.filter(|proxy| !self.is_secure() && has_credentials(proxy))?;
        let (name, password) = (proxy.username(), proxy.password().unwrap_or_default());
        Some(format!("Basic {}", STANDARD.encode(format!("{name}:{password}"))))
    }

    /// Why there is no answer by this way.
    pub(super) fn failure(&self, trouble: Trouble, attempt: &Attempt) -> Failure {
        let server = self.to_string();
        if attempt.has_been_sent() {
            Failure::Unanswered { server, trouble }
        } else {
            Failure::Unreachable { server, trouble }
        }
    }

    /// How many addresses there are to connect to. The lookup happens in this thread, which is given up if it takes too
    /// long.
    ///
    /// # Errors
    /// The name has none.
    pub(super) fn addresses(&self) -> Result<usize, Trouble> {
        let first = self.proxy.unwrap_or(self.url);
        match first.host() {
            Some(Host::Domain(name)) => {
                let port = first.port_or_known_default().unwrap_or_default();
                Ok((name, port).to_socket_addrs().map_err(|error| self.of_lookup(error))?.count())
            }
            _ => Ok(1),
        }
    }

    /// That a proxy has no address says nothing of the server. Neither does what has a number, which is the system's:
    /// it may have no descriptor left. What those who are asked for a name say has none (`EAI_SYSTEM` of RFC 3493 §6.1
    /// is the only one of theirs that means `errno`).
    fn of_lookup(&self, error: io::Error) -> Trouble {
        let is_of_server = self.proxy.is_none() && error.raw_os_error().is_none();
        if is_of_server { Trouble::Unresolved(error) } else { error.into() }
    }
}

fn has_credentials(proxy: &Url) -> bool {
    !proxy.username().is_empty() || proxy.password().is_some()
}

impl fmt::Display for Route<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.host_str().unwrap_or_default())?;
        match self.proxy.and_then(Url::host_str) {
            Some(proxy) => write!(f, " through the proxy {proxy}"),
            None => Ok(()),
        }
    }
}
