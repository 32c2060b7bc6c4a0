//! The redirect listeners: accept, read one request head, ask the event loop, show a page (RFC 8252 §7.3).
//!
//! One thread accepts for all of them, a short-lived one serves each connection. What a request means is not
//! decided here: `Host`, parameters and `state` are the keeper's.

mod acceptor;
mod acceptor_thread;
mod answer;
mod binding;
mod certificate;
mod connection;
mod connections;
mod error;
pub mod head;
mod peer;
mod refusals;
mod settings;
#[cfg(test)]
mod tests;
mod timed;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use pizauth_common::config::RedirectPeer;
use pizauth_core::keeper::ListenerPorts;
use rustix::process::{Resource, Rlimit, getrlimit};

use crate::log::{self, What};
use crate::mailbox::Mailbox;
use crate::name_lookup::Addresses;
use acceptor::{Listening, Plan};
use acceptor_thread::AcceptorThread;
use binding::{Binding, Bound, ListenSpec};
use certificate::Certificate;
use connection::Timeouts;
use connections::Connections;
pub(crate) use error::BindError;
pub(crate) use settings::Settings;

/// How many connections may be open at a time, where there are descriptors enough.
const MAX_CONNECTIONS: usize = 64;
/// What a daemon with both listeners on both halves of localhost has open itself.
const DESCRIPTORS_OF_THE_DAEMON: u64 = 22;
/// What is being answered when the listeners stop gets this long to end.
const STOP_PATIENCE: Duration = Duration::from_secs(1);

/// Half of the descriptors that are left: any page can make a browser connect as often as it likes, and callers, token
/// requests and hooks need some, too.
fn places(descriptors: Rlimit) -> usize {
    let left = descriptors.current.map(|limit| limit.saturating_sub(DESCRIPTORS_OF_THE_DAEMON) / 2);
    left.and_then(|left| usize::try_from(left).ok())
        .map_or(MAX_CONNECTIONS, |left| left.clamp(1, MAX_CONNECTIONS))
}

/// The redirect listeners of a daemon. They stop when this is dropped.
pub(crate) struct RedirectListener {
    settings: Settings,
    bindings: Bindings,
    acceptor: AcceptorThread,
    connections: Arc<Connections>,
    timeouts: Timeouts,
    mailbox: Mailbox,
}

/// What is bound at a time.
#[derive(Clone, Default)]
struct Bindings {
    http: Option<Binding>,
    https: Option<(Binding, Arc<Certificate>)>,
}

impl RedirectListener {
    /// Binds what `settings` ask for, and serves it. Requests go to `mailbox`.
    ///
    /// A host name (other than `localhost`) is looked up, which takes as long as the system takes.
    ///
    /// # Errors
    /// An address cannot be bound, or the system is out of something. Nothing is left behind.
    pub(crate) fn bind(settings: Settings, mailbox: Mailbox) -> Result<Self, BindError> {
        Self::with_timeouts(settings, mailbox, Timeouts::default())
    }

    fn with_timeouts(settings: Settings, mailbox: Mailbox, timeouts: Timeouts) -> Result<Self, BindError> {
        let addresses = Addresses::look_up(settings.names());
        let held = Bindings::default().changed_to(&settings, &addresses)?;
        let connections = Arc::new(Connections::new(places(getrlimit(Resource::Nofile)), timeouts.notice));
        let acceptor = AcceptorThread::start(Arc::clone(&connections), timeouts, mailbox.clone())?;
        let mut listener =
            Self { settings, bindings: Bindings::default(), acceptor, connections, timeouts, mailbox };
        listener.serve(held)?;
        Ok(listener)
    }

    /// The host names whose addresses [`RedirectListener::reconfigure`] needs for these settings.
    pub(crate) fn names_to_look_up(&self, settings: &Settings) -> Vec<String> {
        if self.serves(settings) { Vec::new() } else { settings.names() }
    }

    /// Follows a reload: rebinds what has changed and keeps the rest, ports and key included. A port that was
    /// picked freely stays while it can. An acceptor that an error has ended is started again. Does not wait.
    ///
    /// # Errors
    /// An address cannot be bound. Everything stays as it was.
    pub(crate) fn reconfigure(&mut self, settings: Settings, addresses: &Addresses) -> Result<(), BindError> {
        if self.serves(&settings) {
            return Ok(());
        }
        let held = self.bindings.changed_to(&settings, addresses)?;
        if !self.acceptor.is_running() {
            let connections = Arc::clone(&self.connections);
            self.acceptor = AcceptorThread::start(connections, self.timeouts, self.mailbox.clone())?;
        }
        let before = std::mem::replace(&mut self.settings, settings);
        self.serve(held).inspect_err(|_| self.settings = before)
    }

    fn serves(&self, settings: &Settings) -> bool {
        *settings == self.settings && self.acceptor.is_running()
    }

    /// The ports of the listeners.
    pub(crate) fn ports(&self) -> ListenerPorts {
        ListenerPorts {
            http: self.bindings.http.as_ref().map(|binding| binding.port),
            https: self.bindings.https.as_ref().map(|(binding, _)| binding.port),
        }
    }

    /// The raw public key of the HTTPS listener's certificate, as upper-case hex with colons.
    pub(crate) fn https_public_key(&self) -> Option<String> {
        self.bindings.https.as_ref().map(|(_, certificate)| certificate.public_key())
    }

    /// The SHA-256 of the HTTPS listener's certificate, as upper-case hex with colons.
    pub(crate) fn https_fingerprint(&self) -> Option<String> {
        self.bindings.https.as_ref().map(|(_, certificate)| certificate.fingerprint())
    }

    /// Stops: the ports are free when this returns. What is being answered gets a second to end.
    pub(crate) fn stop(self) {
        drop(self);
    }

    /// Hands the acceptor what is held.
    fn serve(&mut self, held: Bindings) -> Result<(), BindError> {
        let checks_peers = self.settings.redirect_peer == RedirectPeer::SameUser;
        self.acceptor.follow(Plan { listening: held.listening(), checks_peers })?;
        held.log_what_is_new_since(&self.bindings);
        self.bindings = held;
        Ok(())
    }
}

impl Drop for RedirectListener {
    fn drop(&mut self) {
        self.acceptor.end();
        self.bindings = Bindings::default();
        self.connections.end(STOP_PATIENCE);
    }
}

impl fmt::Debug for RedirectListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedirectListener").field("ports", &self.ports()).finish_non_exhaustive()
    }
}

impl Bindings {
    /// What `settings` ask for, made of what is held where it fits. What is held is not touched.
    fn changed_to(&self, settings: &Settings, addresses: &Addresses) -> Result<Self, BindError> {
        let sockets: Vec<Bound> = self.bindings().flat_map(|binding| binding.sockets.clone()).collect();
        let is_for_localhost = settings.has_localhost_redirect;
        let http = match settings.listeners.http() {
            Some(address) => {
                let spec = ListenSpec { option: "http_listen", address, is_for_localhost, addresses };
                Some(spec.bind(&sockets, self.http.as_ref().map(|binding| binding.port))?)
            }
            None => None,
        };
        let https = match settings.listeners.https() {
            Some(address) => {
                let spec = ListenSpec { option: "https_listen", address, is_for_localhost, addresses };
                let sockets: Vec<Bound> = sockets.into_iter().filter(|bound| !bound.is_of(&http)).collect();
                let before = self.https.as_ref().map(|(binding, _)| binding.port);
                Some((spec.bind(&sockets, before)?, self.certificate_for(&settings.https_hosts)?))
            }
            None => None,
        };
        Ok(Self { http, https })
    }

    fn certificate_for(&self, hosts: &[String]) -> Result<Arc<Certificate>, BindError> {
        match &self.https {
            Some((_, certificate)) => certificate.for_hosts(hosts),
            None => Certificate::new(hosts).map(Arc::new),
        }
    }

    fn bindings(&self) -> impl Iterator<Item = &Binding> {
        self.http.iter().chain(self.https.iter().map(|(binding, _)| binding))
    }

    fn listening(&self) -> Vec<Listening> {
        let plain = self.http.iter().map(|binding| (binding, None));
        let tls = self.https.iter().map(|(binding, certificate)| (binding, Some(certificate.config())));
        plain
            .chain(tls)
            .flat_map(|(binding, tls)| {
                binding.sockets.iter().map(move |bound| Listening {
                    socket: Arc::clone(&bound.socket),
                    port: binding.port,
                    tls: tls.map(Arc::clone),
                })
            })
            .collect()
    }

    fn log_what_is_new_since(&self, before: &Self) {
        let known: Vec<_> = before.bindings().flat_map(|binding| &binding.sockets).collect();
        for bound in self.bindings().flat_map(|binding| &binding.sockets) {
            if known.iter().any(|old| Arc::ptr_eq(&old.socket, &bound.socket)) {
                continue;
            }
            log::event(What::Listening).field("address", bound.address).write();
            if !bound.address.ip().is_loopback() {
                log::event(What::ConfigWarning)
                    .field("address", bound.address)
                    .field("warning", "the redirect listener can be reached from other machines")
                    .write();
            }
        }
    }
}
