//! Whether an account waits for the secret of its client, which a command prints.

use pizauth_common::secret::Secret;

use crate::keeper::purpose::Meaning;
use crate::keeper::tickets::JobId;
use crate::oauth::outcome::Reason;
use crate::prelude::*;

/// Whether an account waits for the secret of its client.
#[derive(Debug, Default)]
pub(in crate::keeper) enum SecretWait {
    #[default]
    No,
    /// It has something to send.
    ToSend,
    /// It may have to send again what was refused with the secret that it knew.
    ToSendAgain(Box<Refused>),
}

/// A request whose secret the server has refused.
#[derive(Debug)]
pub(in crate::keeper) struct Refused {
    pub(in crate::keeper) job: JobId,
    pub(in crate::keeper) sent: Secret,
    pub(in crate::keeper) why: Reason,
    /// What holds if there is no other secret.
    pub(in crate::keeper) meaning: Meaning,
}

impl SecretWait {
    pub(in crate::keeper) fn is_over(&self) -> bool {
        matches!(self, Self::No)
    }
}
