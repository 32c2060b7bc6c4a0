//! What the configuration says about the redirect listeners.

use pizauth_common::config::{Config, Listeners, RedirectPeer};

/// Everything that the listeners need to know of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
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
    pub fn new(config: &Config) -> Self {
        let uris = || config.accounts.iter().map(|account| &account.redirect_uri.parsed);
        Self {
            listeners: config.listeners.clone(),
            has_localhost_redirect: uris().any(|uri| uri.host_str() == Some("localhost")),
            https_hosts: uris()
                .filter(|uri| uri.scheme() == "https")
                .filter_map(|uri| uri.host_str())
                .map(|host| host.trim_matches(['[', ']']).to_owned())
                .collect(),
            redirect_peer: config.redirect_peer,
        }
    }
}
