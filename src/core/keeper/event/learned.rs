//! What there is to tell of an issuer that accounts ask for endpoints.

use alloc::sync::Arc;
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

/// What became known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Learned {
    /// Nothing yet: it has been asked.
    Asked,
    /// Where its endpoints are.
    Metadata,
    /// It does not list the way of PKCE that we use.
    NoS256,
    /// Nothing: it is asked again.
    Nothing {
        /// Why.
        reason: Reason,
        /// The pause before that.
        pause: Duration,
    },
    /// What it says cannot be used before somebody has mended something.
    Unusable {
        /// Why.
        reason: Reason,
    },
}
