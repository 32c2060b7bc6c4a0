//! What is listened on at a time, and what should be and cannot.

use std::sync::Arc;

use pizauth_common::config::{ListenAddress, Scheme};

use super::acceptor::Listening;
use super::binding::{Binding, Bound, ListenSpec};
use super::certificate::Certificate;
use super::error::BindError;
use super::settings::Settings;
use crate::log::{self, What};
use crate::name_lookup::Addresses;

/// What is bound at a time.
#[derive(Clone, Default)]
pub(super) struct Bindings {
    http: Option<Binding>,
    https: Option<Binding>,
    /// For HTTPS, also while that cannot listen.
    pub(super) certificate: Option<Arc<Certificate>>,
    pub(super) missing: Vec<Missing>,
}

/// A listener that cannot listen for now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) scheme: Scheme,
    pub(super) why: String,
}

impl Bindings {
    /// What `settings` ask for, made of what is held where it fits. What is held is not touched.
    pub(super) fn changed_to(&self, settings: &Settings, addresses: &Addresses) -> Result<Self, BindError> {
        let mut made = Self::default();
        if settings.listeners.https().is_some() {
            made.certificate = Some(self.certificate_for(&settings.https_hosts)?);
        }
        let asked_for =
            [(Scheme::Http, settings.listeners.http()), (Scheme::Https, settings.listeners.https())];
        for (scheme, address) in asked_for {
            let Some(address) = address else { continue };
            match self.bind(scheme, address, settings, addresses, &made) {
                Ok(binding) => *made.of_mut(scheme) = Some(binding),
                Err(error) if error.may_pass() && !made.has_port(address.port) => {
                    made.missing.push(Missing { scheme, why: error.to_string() });
                }
                Err(error) => return Err(error),
            }
        }
        Ok(made)
    }

    /// The port of the listener of this scheme, if it listens.
    pub(super) fn port(&self, scheme: Scheme) -> Option<u16> {
        self.of(scheme).map(|binding| binding.port)
    }

    pub(super) fn listening(&self) -> Vec<Listening> {
        let plain = self.http.iter().map(|binding| (binding, None));
        let tls = self.https.iter().zip(&self.certificate);
        plain
            .chain(tls.map(|(binding, certificate)| (binding, Some(certificate.config()))))
            .flat_map(|(binding, tls)| {
                binding.sockets.iter().map(move |bound| Listening {
                    socket: Arc::clone(&bound.socket),
                    port: binding.port,
                    tls: tls.map(Arc::clone),
                })
            })
            .collect()
    }

    pub(super) fn log_what_is_new_since(&self, before: &Self) {
        for missing in self.missing.iter().filter(|missing| !before.missing.contains(missing)) {
            log::event(What::ListenerFailed).field("reason", &missing.why).write();
        }
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

    /// Binds one address, by the sockets that are held and that `made` has not got already.
    fn bind(
        &self,
        scheme: Scheme,
        address: &ListenAddress,
        settings: &Settings,
        addresses: &Addresses,
        made: &Self,
    ) -> Result<Binding, BindError> {
        let option = match scheme {
            Scheme::Http => "http_listen",
            Scheme::Https => "https_listen",
        };
        let held = self.bindings().flat_map(|binding| binding.sockets.clone());
        let held: Vec<Bound> = held.filter(|bound| !bound.is_of(&made.http)).collect();
        let is_for_localhost = settings.has_localhost_redirect;
        ListenSpec { option, address, is_for_localhost, addresses }.bind(&held, self.port(scheme))
    }

    fn has_port(&self, port: u16) -> bool {
        self.bindings().any(|binding| binding.port == port)
    }

    fn of(&self, scheme: Scheme) -> Option<&Binding> {
        match scheme {
            Scheme::Http => self.http.as_ref(),
            Scheme::Https => self.https.as_ref(),
        }
    }

    fn of_mut(&mut self, scheme: Scheme) -> &mut Option<Binding> {
        match scheme {
            Scheme::Http => &mut self.http,
            Scheme::Https => &mut self.https,
        }
    }

    fn certificate_for(&self, hosts: &[String]) -> Result<Arc<Certificate>, BindError> {
        match &self.certificate {
            Some(certificate) => certificate.for_hosts(hosts),
            None => Certificate::new(hosts).map(Arc::new),
        }
    }

    fn bindings(&self) -> impl Iterator<Item = &Binding> {
        self.http.iter().chain(&self.https)
    }
}
