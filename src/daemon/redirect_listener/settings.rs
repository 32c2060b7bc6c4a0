//! What the configuration says about the redirect listeners.

use std::net::IpAddr;

use pizauth_common::config::{Config, Listeners, RedirectPeer, Scheme};

use super::binding::is_localhost;

/// Everything that the listeners need to know of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// `http_listen` and `https_listen`.
    pub listeners: Listeners,
    /// Whether an account has a redirect URI whose host is `localhost`: then both halves of it are held.
    pub has_localhost_redirect: bool,
    /// The hosts of the accounts' https redirect URIs: the certificate names them.
    pub https_hosts: Vec<String>,
    /// `redirect_peer`.
    pub redirect_peer: RedirectPeer,
}

impl Settings {
    /// Those of a configuration.
    pub(crate) fn new(config: &Config) -> Self {
        let uris = || config.accounts.iter().filter_map(|account| account.grant.redirect_uri());
        Self {
            listeners: config.listeners.clone(),
            has_localhost_redirect: uris().any(|uri| uri.host() == "localhost"),
            https_hosts: uris()
                .filter(|uri| uri.scheme() == Scheme::Https)
                .map(|uri| uri.host().trim_matches(['[', ']']).to_owned())
                .collect(),
            redirect_peer: config.redirect_peer,
        }
    }

    /// The hosts of `*_listen` that have to be looked up.
    pub(super) fn names(&self) -> Vec<String> {
        let hosts = [self.listeners.http(), self.listeners.https()].into_iter().flatten();
        let hosts = hosts.map(|address| &address.host);
        hosts.filter(|host| !is_localhost(host) && host.parse::<IpAddr>().is_err()).cloned().collect()
    }
}
