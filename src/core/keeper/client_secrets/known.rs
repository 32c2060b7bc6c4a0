//! What is known of the secrets that commands print.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;

use pizauth_common::config::Account;
use pizauth_common::secret::Secret;

use crate::keeper::pace;
use crate::keeper::places::Host;
use crate::moment::Moment;
use crate::oauth::client_secret::Printed;
use crate::oauth::outcome::Reason;

/// Whose secret it is. Accounts of one client at one server share it, where the same command prints it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::keeper) struct SecretOf {
    pub(super) command: Arc<str>,
    client_id: Arc<str>,
    server: Host,
}

impl SecretOf {
    /// That of an account, where a command prints it.
    pub(in crate::keeper) fn account(account: &Account) -> Option<Self> {
        Some(Self {
            command: Arc::clone(account.client_auth.secret_cmd()?),
            client_id: Arc::clone(&account.client_id),
            server: Host::of(account.token_uri.anchor()),
        })
    }
}

/// What is known of a secret. Where nothing is, its command is to be run.
#[derive(Debug)]
enum Known {
    /// The secret, and when it was told anew after a server had refused the one before.
    Told { secret: Secret, anew_at: Option<Moment> },
    /// A server has refused this one: its command is to be run again.
    Doubted(Secret),
    /// The command has failed, and is not run again before `until`.
    Failed { reason: Reason, until: Moment },
}

/// All that is known.
#[derive(Debug, Default)]
pub(super) struct KnownSecrets(BTreeMap<SecretOf, Known>);

/// Why a request has no secret of its client to go with.
pub(in crate::keeper) enum NoSecret {
    /// The command is to be run.
    NotAsked,
    /// It has failed.
    Failed(Reason),
}

/// What is to be done about a server that refuses the client's secret.
pub(super) enum Doubt {
    /// Nothing: its verdict holds.
    None,
    /// There is another secret already.
    HasAnother,
    /// The command is to be run again.
    Ask,
}

impl KnownSecrets {
    /// What there is to send for a client.
    pub(super) fn get(&self, account: &Account) -> Option<&Secret> {
        match self.0.get(&SecretOf::account(account)?)? {
            Known::Told { secret, .. } => Some(secret),
            Known::Doubted(_) | Known::Failed { .. } => None,
        }
    }

    /// Why the command is not run, and until when.
    pub(super) fn failure(&self, account: &Account, now: Moment) -> Option<(&Reason, Moment)> {
        match self.0.get(&SecretOf::account(account)?)? {
            Known::Failed { reason, until } if *until > now => Some((reason, *until)),
            _ => None,
        }
    }

    /// Why the account's requests have none, where they take one that a command prints.
    pub(super) fn lack(&self, account: &Account, now: Moment) -> Option<NoSecret> {
        match self.0.get(&SecretOf::account(account)?) {
            Some(Known::Told { .. }) => None,
            Some(Known::Failed { reason, until }) if *until > now => Some(NoSecret::Failed(reason.clone())),
            Some(Known::Doubted(_) | Known::Failed { .. }) | None => Some(NoSecret::NotAsked),
        }
    }

    pub(super) fn retry(&mut self, account: &Account) {
        let Some(of) = SecretOf::account(account) else { return };
        match self.0.get_mut(&of) {
            Some(Known::Told { anew_at, .. }) => *anew_at = None,
            Some(Known::Failed { .. }) => drop(self.0.remove(&of)),
            Some(Known::Doubted(_)) | None => {}
        }
    }

    /// The configuration was read again.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }

    pub(super) fn doubt(&mut self, account: &Account, sent: &Secret, now: Moment) -> Doubt {
        let Some(of) = SecretOf::account(account) else { return Doubt::None };
        match self.0.get_mut(&of) {
            Some(Known::Told { secret, .. }) if secret != sent => Doubt::HasAnother,
            Some(Known::Told { anew_at: Some(at), .. }) if at.plus(pace::ATTENTION_RETRY) > now => {
                Doubt::None
            }
            Some(known @ Known::Told { .. }) => {
                *known = Known::Doubted(sent.clone());
                Doubt::Ask
            }
            Some(Known::Doubted(_)) | None => Doubt::Ask,
            Some(Known::Failed { .. }) => Doubt::None,
        }
    }

    /// Takes what a command has printed.
    pub(super) fn take(&mut self, of: SecretOf, printed: &Printed, now: Moment) -> Result<Secret, Reason> {
        let doubted = match self.0.remove(&of) {
            Some(Known::Doubted(secret)) => Some(secret),
            _ => None,
        };
        let told = printed.secret(doubted.as_ref());
        let known = match &told {
            Ok(secret) => Known::Told { secret: secret.clone(), anew_at: doubted.map(|_| now) },
            Err(reason) => Known::Failed { reason: reason.clone(), until: now.plus(pace::ATTENTION_RETRY) },
        };
        self.0.insert(of, known);
        told
    }
}
