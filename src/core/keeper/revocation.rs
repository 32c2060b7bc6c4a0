//! Revoking at the server (RFC 7009): the server is asked first, and nothing is forgotten before it has said yes.
//! Meanwhile it holds the account's one place for a request; what is in flight when it begins is waited for, since that
//! may bring the token that is to be revoked.

use pizauth_common::config::Uri;
use pizauth_common::secret::Secret;

use super::effect::{Effect, RevocationEnd};
use super::entry::{Entry, Revocation, RevocationStage};
use super::event::{Happened, REVOKED};
use super::outbox::Outbox;
use super::renewal::Haste;
use super::tickets::{JobId, WaiterId};
use super::{Keeper, UnknownAccount};
use crate::moment::{Moment, Now};
use crate::oauth::client_auth::Client;
use crate::oauth::outcome::Reason;
use crate::oauth::provider_hints::page_of_grants;
use crate::oauth::revocation::{RevocationRequest, Revoked, TokenKind};
use crate::oauth::served::{Served, has_none};
use crate::prelude::*;

/// Why a server cannot be asked: there is no revocation endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRevocation {
    /// What people call the provider, and the page on which its users take access back, where both are known.
    pub by_hand: Option<(&'static str, &'static str)>,
}

impl Keeper {
    /// Has the server revoke the tokens of an account. The caller waits until `until`, and is told by
    /// [`Effect::AnswerRevoker`] how it went, once; a request that has not left by then does not leave any more.
    ///
    /// # Errors
    /// There is no such account, or nobody to ask.
    pub fn revoke_remotely(
        &mut self,
        account: &str,
        waiter: WaiterId,
        until: Moment,
        now: Now,
    ) -> Result<Result<(), NoRevocation>, UnknownAccount> {
        let entry = self.entries.get(account).ok_or(UnknownAccount)?;
        if entry.served().is_some_and(|served| served.revocation_uri().is_none()) {
            return Ok(Err(NoRevocation {
                by_hand: page_of_grants(entry.account.token_uri.anchor().written()),
            }));
        }
        self.secrets.retry(&entry.account);
        self.issuers.hasten(entry, Haste::Refresh, now.moment);
        self.change(account, now, |entry, _| {
            entry.waiters.add_revoker(waiter, until);
            entry.revocation.get_or_insert_with(|| Box::new(Revocation::begun()));
        })?;
        Ok(Ok(()))
    }

    /// Who revokes the tokens of an account, where somebody does.
    pub fn revocation_host(&self, account: &str) -> Option<&str> {
        self.entries.get(account)?.served()?.revocation_uri().map(Uri::host)
    }
}

/// The request of an account whose turn it is, now in flight.
pub(super) fn begin(entry: &mut Entry, told: Option<&Secret>, job: JobId) -> Option<RevocationRequest> {
    let (kind, token) = to_revoke(entry)?;
    let served = Served::new(&entry.account, entry.metadata.as_deref()).ok()?;
    let uri = served.revocation_uri()?;
    let request = RevocationRequest::new(Client::of(served, told)?, uri, kind, &token);
    let revocation = entry.revocation.as_mut()?;
    (revocation.stage, revocation.host) =
        (RevocationStage::InFlight { job, kind }, Some(uri.host().to_owned()));
    Some(request)
}

/// The refresh token, or the access token where there is none or the server does not take it.
fn to_revoke(entry: &Entry) -> Option<(TokenKind, Secret)> {
    let is_refused = entry.revocation.as_ref().is_some_and(|revocation| revocation.refused.is_some());
    let token = entry.state.token()?;
    let refresh_token = token.renewal.renewer().and_then(|renewer| renewer.by.refresh_token());
    match refresh_token.filter(|_| !is_refused) {
        Some(refresh_token) => Some((TokenKind::RefreshToken, refresh_token.clone())),
        None => Some((TokenKind::AccessToken, token.access_token.clone()?)),
    }
}

/// The server has answered, or the request was lost.
pub(super) fn answered(entry: &mut Entry, revoked: Revoked, outbox: &mut Outbox) {
    match revoked {
        Revoked::Done => {
            let host = entry.revocation.as_mut().and_then(|revocation| revocation.host.take());
            forget(entry, host, outbox);
        }
        Revoked::OtherKindsOnly(reason) => match entry.revocation.as_deref_mut() {
            Some(Revocation {
                stage: stage @ RevocationStage::InFlight { kind: TokenKind::RefreshToken, .. },
                refused,
                ..
            }) => {
                (*stage, *refused) = (RevocationStage::Waiting, Some(reason));
            }
            _ => give_up(entry, reason, outbox),
        },
        Revoked::NotDone(reason) => give_up(entry, reason, outbox),
    }
}

pub(super) fn give_up(entry: &mut Entry, reason: Reason, outbox: &mut Outbox) {
    entry.revocation = None;
    answer_revokers(entry, &RevocationEnd::NotRevoked(reason), outbox);
}

/// After a step: what has lost its purpose is over.
pub(super) fn settle(entry: &mut Entry, outbox: &mut Outbox) {
    let Some(revocation) = &entry.revocation else {
        // Whatever has ended the session was quicker.
        return answer_revokers(entry, &RevocationEnd::Overtaken, outbox);
    };
    if !revocation.is_waiting() {
        return;
    }
    let refused = revocation.refused.clone();
    if !entry.waiters.has_revokers() {
        entry.revocation = None;
    } else if entry.served().is_some_and(|served| served.revocation_uri().is_none()) {
        let reason = match entry.account.asks() {
            Some(issuer) => has_none(issuer, "revocation_endpoint"),
            None => Reason::new(super::CONFIGURATION_CHANGED),
        };
        give_up(entry, reason, outbox);
    } else if to_revoke(entry).is_none() && !entry.is_in_flight() {
        match refused {
            Some(reason) => give_up(entry, reason, outbox),
            // There is nothing that a server could know of.
            None => forget(entry, None, outbox),
        }
    }
}

fn answer_revokers(entry: &mut Entry, how: &RevocationEnd, outbox: &mut Outbox) {
    while let Some(waiter) = entry.waiters.first_revoker() {
        entry.waiters.remove(waiter);
        outbox.put(Effect::AnswerRevoker { waiter, how: how.clone() });
    }
}

fn forget(entry: &mut Entry, host: Option<String>, outbox: &mut Outbox) {
    answer_revokers(entry, &RevocationEnd::Revoked { host }, outbox);
    forget_tokens(entry, outbox);
}

/// Here at least there are no tokens any more, nor anything that would bring some.
pub(super) fn forget_tokens(entry: &mut Entry, outbox: &mut Outbox) {
    let had_token = entry.drop_session().token().is_some();
    entry.forgotten = Some(REVOKED);
    outbox.tell(entry, Happened::TokenRevoked { had_token });
}
