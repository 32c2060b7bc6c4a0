//! The redirect listeners: accept, read one request head, ask the event loop, show a page (RFC 8252 §7.3).
//!
//! One thread accepts for all of them, a short-lived one serves each connection. What a request means is not
//! decided here: `Host`, parameters and `state` are the keeper's.

mod acceptor;
mod acceptor_thread;
mod answer;
mod binding;
mod bindings;
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

use pizauth_common::config::{ListenAddress, RedirectPeer, Scheme};
use pizauth_core::keeper::ListenerPorts;
use pizauth_core::moment::Moment;
use rustix::process::{Resource, Rlimit, getrlimit};

use crate::mailbox::Mailbox;
use crate::name_lookup::Addresses;
use acceptor::Plan;
use acceptor_thread::AcceptorThread;
use bindings::Bindings;
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
/// An address that cannot be listened on is tried again after this time, which doubles each time.
const TRY_AGAIN: Duration = Duration::from_secs(1);
const LONGEST_TRY_AGAIN: Duration = Duration::from_secs(5 * 60);

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
    addresses: Addresses,
    bindings: Bindings,
    /// Set while an address cannot be listened on.
    again: Option<Again>,
    acceptor: AcceptorThread,
    connections: Arc<Connections>,
    timeouts: Timeouts,
    mailbox: Mailbox,
}

/// When an address that cannot be listened on is tried again.
#[derive(Clone, Copy, Debug)]
struct Again {
    pause: Duration,
    /// Absent until the pause has begun.
    at: Option<Moment>,
}

impl RedirectListener {
    /// Binds what `settings` ask for, and serves it. Requests go to `mailbox`. An address that somebody else has taken
    /// keeps nobody from being served: it is tried again ([`RedirectListener::handle_timeout`]).
    ///
    /// A host name (other than `localhost`) is looked up, which takes as long as the system takes.
    ///
    /// # Errors
    /// An address can never be bound, or the system is out of something. Nothing is left behind.
    pub(crate) fn bind(settings: Settings, mailbox: Mailbox) -> Result<Self, BindError> {
        Self::with_timeouts(settings, mailbox, Timeouts::default())
    }

    fn with_timeouts(settings: Settings, mailbox: Mailbox, timeouts: Timeouts) -> Result<Self, BindError> {
        let addresses = Addresses::look_up(settings.names());
        let held = Bindings::default().changed_to(&settings, &addresses)?;
        let connections = Arc::new(Connections::new(places(getrlimit(Resource::Nofile)), timeouts.notice));
        let acceptor = AcceptorThread::start(Arc::clone(&connections), timeouts, mailbox.clone())?;
        let mut listener = Self {
            settings,
            addresses,
            bindings: Bindings::default(),
            again: None,
            acceptor,
            connections,
            timeouts,
            mailbox,
        };
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
    /// An address can never be bound. Everything stays as it was.
    pub(crate) fn reconfigure(&mut self, settings: Settings, addresses: Addresses) -> Result<(), BindError> {
        if self.serves(&settings) {
            return Ok(());
        }
        let held = self.bindings.changed_to(&settings, &addresses)?;
        if !self.acceptor.is_running() {
            let connections = Arc::clone(&self.connections);
            self.acceptor = AcceptorThread::start(connections, self.timeouts, self.mailbox.clone())?;
        }
        let before = std::mem::replace(&mut self.settings, settings);
        self.serve(held).inspect_err(|_| self.settings = before)?;
        self.addresses = addresses;
        Ok(())
    }

    /// When [`RedirectListener::handle_timeout`] has something to do.
    pub(crate) fn poll_timeout(&self) -> Option<Moment> {
        self.again.map(|again| again.at.unwrap_or(Moment::LONG_AGO))
    }

    /// Tries again what cannot be listened on, if it is time to. Gives the schemes that are served again.
    pub(crate) fn handle_timeout(&mut self, now: Moment) -> Vec<Scheme> {
        let Some(Again { pause, at }) = &mut self.again else { return Vec::new() };
        let is_due = at.is_some_and(|at| at <= now);
        if is_due {
            *pause = (*pause * 2).min(LONGEST_TRY_AGAIN);
        }
        if is_due || at.is_none() {
            *at = Some(now.plus(*pause));
        }
        if is_due { self.try_again() } else { Vec::new() }
    }

    /// Tries again what cannot be listened on. Gives the schemes that are served again.
    pub(crate) fn try_again(&mut self) -> Vec<Scheme> {
        let before = self.bindings.missing.clone();
        if !before.is_empty()
            && let Ok(held) = self.bindings.changed_to(&self.settings, &self.addresses)
            && held.missing.len() < before.len()
        {
            // An acceptor that has ended has said so, and a reload starts it again.
            let _ = self.serve(held);
        }
        let schemes = before.into_iter().map(|missing| missing.scheme);
        schemes.filter(|scheme| self.why_missing(*scheme).is_none()).collect()
    }

    /// Why nobody can come back to a redirect URI of this scheme now, if nobody can.
    pub(crate) fn why_missing(&self, scheme: Scheme) -> Option<&str> {
        let missing = self.bindings.missing.iter().find(|missing| missing.scheme == scheme);
        missing.map(|missing| missing.why.as_str())
    }

    /// What cannot be listened on now, for whoever starts the daemon or reloads.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let warning = |why: &str| format!("{why}; it is tried again, and meanwhile nobody can sign in there");
        self.bindings.missing.iter().map(|missing| warning(&missing.why)).collect()
    }

    fn serves(&self, settings: &Settings) -> bool {
        *settings == self.settings && self.acceptor.is_running()
    }

    /// The ports of the listeners that listen.
    pub(crate) fn ports(&self) -> ListenerPorts {
        ListenerPorts { http: self.bindings.port(Scheme::Http), https: self.bindings.port(Scheme::Https) }
    }

    /// The ports that redirect URIs have: also those of listeners that cannot listen yet.
    pub(crate) fn ports_of_redirects(&self) -> ListenerPorts {
        let Self { settings, bindings, .. } = self;
        let port = |scheme, address: Option<&ListenAddress>| {
            bindings.port(scheme).or(address.map(|address| address.port))
        };
        ListenerPorts {
            http: port(Scheme::Http, settings.listeners.http()),
            https: port(Scheme::Https, settings.listeners.https()),
        }
    }

    /// The raw public key of the HTTPS listener's certificate, as upper-case hex with colons.
    pub(crate) fn https_public_key(&self) -> Option<String> {
        self.bindings.certificate.as_ref().map(|certificate| certificate.public_key())
    }

    /// The SHA-256 of the HTTPS listener's certificate, as upper-case hex with colons.
    pub(crate) fn https_fingerprint(&self) -> Option<String> {
        self.bindings.certificate.as_ref().map(|certificate| certificate.fingerprint())
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
        self.again =
            (!held.missing.is_empty()).then(|| self.again.unwrap_or(Again { pause: TRY_AGAIN, at: None }));
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
