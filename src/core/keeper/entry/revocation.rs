//! A revocation of an account's tokens at their server: how far it is.

use crate::keeper::tickets::JobId;
use crate::oauth::outcome::Reason;
use crate::oauth::revocation::TokenKind;
use crate::prelude::*;

/// A revocation that somebody waits for.
#[derive(Debug)]
pub(in crate::keeper) struct Revocation {
    pub(in crate::keeper) stage: RevocationStage,
    /// Why the server does not revoke the refresh token, where it has said so: the access token comes next.
    pub(in crate::keeper) refused: Option<Reason>,
    /// Who has been asked.
    pub(in crate::keeper) host: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::keeper) enum RevocationStage {
    /// For a place, or for an answer to something else.
    Waiting,
    InFlight {
        job: JobId,
        kind: TokenKind,
    },
}

impl Revocation {
    pub(in crate::keeper) fn begun() -> Self {
        Self { stage: RevocationStage::Waiting, refused: None, host: None }
    }

    pub(in crate::keeper) fn is_waiting(&self) -> bool {
        self.stage == RevocationStage::Waiting
    }

    /// What was in flight waits again.
    pub(in crate::keeper) fn send_again(&mut self) {
        self.stage = RevocationStage::Waiting;
    }

    pub(in crate::keeper) fn awaits(&self, job: JobId) -> bool {
        matches!(self.stage, RevocationStage::InFlight { job: held, .. } if held == job)
    }
}
