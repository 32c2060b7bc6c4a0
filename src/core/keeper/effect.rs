//! What the keeper wants done in the world.

use alloc::sync::Arc;

use pizauth_common::account_name::AccountName;

use super::event::{AccountEvent, IssuerEvent};
use super::waiters::{Waited, WaiterId};
use crate::http;
use crate::snapshot::Snapshot;

/// The ticket for one piece of outside work. An answer counts only while an account still holds its ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

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
    /// Run the command that prints a client's secret, and report what came of it to [`super::Keeper::secret_told`], once.
    /// There is one at a time.
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
    /// Tell a caller that has waited how that ends.
    Answer {
        /// Its ticket.
        waiter: WaiterId,
        /// How.
        how: Waited,
    },
}
