//! What the keeper wants done in the world.

use alloc::sync::Arc;

use pizauth_common::account_name::AccountName;
use pizauth_common::secret::Secret;

use super::event::{AccountEvent, IssuerEvent};
use super::tickets::{JobId, WaiterId};
use crate::http;
use crate::oauth::outcome::Reason;
use crate::prelude::*;
use crate::snapshot::Snapshot;

/// One thing to do.
#[derive(Debug)]
pub enum Effect {
    /// Perform a request, once, and report what came of it to [`super::Keeper::answered`], once.
    Http {
        /// The ticket to report with.
        job: JobId,
        /// What to send.
        request: http::Request,
    },
    /// Run `transient_error_if_cmd` and report its verdict to [`super::Keeper::command_finished`].
    AskIfTransient {
        /// The ticket to report with.
        job: JobId,
        /// `PIZAUTH_ACCOUNT`.
        account: AccountName,
    },
    /// Run the command that prints a client's secret, and report what came of it to [`super::Keeper::secret_told`],
    /// once. There is one at a time.
    AskSecret {
        /// The ticket to report with.
        job: JobId,
        /// `PIZAUTH_ACCOUNT`: whose request needs it first.
        account: AccountName,
        /// The command.
        command: Arc<str>,
    },
    /// Store these tokens in place of what was stored before, and report what came of it to [`super::Keeper::saved`].
    /// There is one at a time.
    Save {
        /// The ticket to report with.
        job: JobId,
        /// The tokens.
        snapshot: Snapshot,
    },
    /// Tell whoever listens: the log, hooks, browsers.
    Tell(AccountEvent),
    /// Tell the log.
    TellOfIssuer(IssuerEvent),
    /// Tell a caller that has waited for an access token, or for another stage of a sign-in, how that ends.
    Answer {
        /// Its ticket.
        waiter: WaiterId,
        /// How.
        how: Waited,
    },
    /// Tell a caller that wants a server to revoke tokens how that ends.
    AnswerRevoker {
        /// Its ticket.
        waiter: WaiterId,
        /// How.
        how: RevocationEnd,
    },
}

/// How waiting for an access token, or for another stage of a sign-in, ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waited {
    /// The access token is there.
    Token(Secret),
    /// The account is at another stage.
    OtherStage,
    /// It does not come by itself any more: why, for people.
    Failed(String),
    /// It has not come meanwhile.
    Dismissed(Dismissal),
}

/// How waiting for a server to revoke tokens ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RevocationEnd {
    /// The tokens are forgotten; the host that has revoked them, where there was something to revoke.
    Revoked {
        /// Its name.
        host: Option<String>,
    },
    /// They are not revoked, and nothing has changed.
    NotRevoked(Reason),
    /// Somebody else has ended the session meanwhile.
    Overtaken,
    /// It has not been decided meanwhile.
    Dismissed(Dismissal),
}

/// Why a caller waits no longer, whatever it has waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dismissal {
    /// Its time is up.
    TimeIsUp,
    /// The configuration has no such account any more.
    UnknownAccount,
    /// The daemon stops.
    Stopping,
}
