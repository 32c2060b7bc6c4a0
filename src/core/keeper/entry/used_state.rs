//! The `state` parameters that belong to an account (RFC 6749 §10.12): of the authorization request that is pending,
//! and of the last one that was used.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::Entry;

impl Entry {
    /// Whether `state` belongs to the authorization request that is pending. Takes the same time whatever
    /// it is compared with.
    pub(in crate::keeper) fn is_pending_with(&self, state: &str) -> bool {
        let pending = self.state.pending();
        pending.is_some_and(|it| it.request.state.expose().as_bytes().ct_eq(state.as_bytes()).into())
    }

    /// Whether the `state` belongs to the authorization request that was used last.
    pub(in crate::keeper) fn has_used(&self, state: &StateDigest) -> bool {
        self.used_state.as_ref().is_some_and(|used| used.0.ct_eq(&state.0).into())
    }

    /// Remembers that `state` has been used.
    pub(in crate::keeper) fn remember_used(&mut self, state: &str) {
        self.used_state = Some(StateDigest::of(state));
    }

    /// The one that was used counts no more.
    pub(in crate::keeper) fn forget_used(&mut self) {
        self.used_state = None;
    }

    /// An authorization that is pending has become needless: its page may say so.
    pub(in crate::keeper) fn remember_pending(&mut self) {
        if let Some(digest) = self.pending_digest() {
            self.used_state = Some(digest);
        }
    }

    /// Of the authorization request that is pending.
    pub(super) fn pending_digest(&self) -> Option<StateDigest> {
        self.state.pending().map(|pending| StateDigest::of(pending.request.state.expose()))
    }
}

/// SHA-256 of a `state` parameter.
#[derive(Debug)]
pub(in crate::keeper) struct StateDigest([u8; 32]);

impl StateDigest {
    pub(in crate::keeper) fn of(state: &str) -> Self {
        Self(Sha256::digest(state).into())
    }
}
