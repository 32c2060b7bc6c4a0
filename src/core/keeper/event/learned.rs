//! What there is to tell of an issuer that accounts ask for endpoints.

use alloc::sync::Arc;
use core::fmt::Display;
use core::time::Duration;

use pizauth_common::config::Uri;

use crate::oauth::outcome::Reason;

/// Something that became known of an issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerEvent {
    /// What it is called.
    pub issuer: Arc<Uri>,
    /// What became known.
    pub what: Learned,
}

crate::event_table! {
    /// What became known of it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub Learned
    /// Every kind of event of an issuer.
    ISSUER_EVENTS

    Error DiscoveryUnusable {
        /// Why.
        reason: Reason
    } "discovery_unusable" "what an issuer says of itself cannot be used until a person mends something"
    Warning DiscoveryFailed {
        /// Why.
        reason: Reason,
        /// The pause before it is asked again.
        pause: Duration
    } "discovery_failed" "an issuer has not said where its endpoints are: it will be asked again"
    Warning DiscoveryPkceUnlisted "discovery_pkce_unlisted"
        "an issuer lists ways of PKCE, and not the one that is used all the same"
    Info Discovered "discovered" "an issuer has said where its endpoints are"
    Debug DiscoveryStarted "discovery_started" "an issuer was asked where its endpoints are"
}

impl Learned {
    /// The facts that a log line has besides the issuer, each with its key.
    pub fn each_fact(&self, mut tell: impl FnMut(&'static str, &dyn Display)) {
        match self {
            Self::DiscoveryUnusable { reason } => tell("reason", reason),
            Self::DiscoveryFailed { reason, pause } => {
                tell("retry_in", &pause.as_secs());
                tell("reason", reason);
            }
            Self::DiscoveryPkceUnlisted | Self::Discovered | Self::DiscoveryStarted => {}
        }
    }
}
