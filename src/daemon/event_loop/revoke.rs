//! Forgetting the tokens of an account: at once, or after its server has revoked them.

use std::collections::HashMap;
use std::time::Duration;

use pizauth_common::account_name::as_argument;
use pizauth_common::ipc::message::{Answer, Refusal, Response, Revoke};
use pizauth_core::keeper::{Dismissal, NoRevocation, RevocationEnd, UnknownAccount, WaiterId};
use pizauth_core::moment::Now;

use super::answers::{Refused, busy, restoring, stopping};
use super::crowd::Crowd;
use super::{EventLoop, Rooms};
use crate::ipc_listener::{AnyCaller, CallerId};

/// So long a caller waits for its server. The command waits a little longer for us.
const PATIENCE: Duration = Duration::from_secs(35);

/// Callers that wait for a server to revoke the tokens of an account.
#[derive(Debug, Default)]
pub(super) struct Revokers(HashMap<WaiterId, (CallerId, String)>);

impl Revokers {
    /// How many they are.
    pub(super) fn crowd(&self) -> Crowd {
        Crowd::of(self.0.values().map(|(caller, _)| AnyCaller::Own(*caller)))
    }

    /// Forgets one that has gone. Gives the account whose tokens it wanted revoked.
    pub(super) fn remove(&mut self, waiter: WaiterId) -> Option<String> {
        self.0.remove(&waiter).map(|(_, account)| account)
    }
}

impl EventLoop {
    /// No answer, where the server is asked first.
    pub(super) fn revoke(
        &mut self,
        caller: CallerId,
        Revoke { account, remote }: &Revoke,
        now: Now,
    ) -> Result<Option<Answer>, Refused> {
        if self.comes_too_early(caller, account, now) {
            return Err(restoring("what it brings back is not there to be revoked yet"));
        }
        if *remote {
            return self.revoke_remotely(caller, account, now);
        }
        match self.rooms.keeper.revoke(account, now) {
            Ok(()) => Ok(Some(Response::Revoked { remote: None }.into())),
            Err(UnknownAccount) => Err(self.rooms.unknown(account)),
        }
    }

    fn revoke_remotely(
        &mut self,
        caller: CallerId,
        account: &str,
        now: Now,
    ) -> Result<Option<Answer>, Refused> {
        if self.stage.is_stopping() {
            return Err(stopping());
        }
        let own = AnyCaller::Own(caller);
        if !self.rooms.ipc_listener.is_there(own) {
            return Ok(None);
        }
        if !self.has_room_for(own) {
            return Err(busy());
        }
        let (waiter, until) = (WaiterId(own.number()), now.moment.plus(PATIENCE));
        let begun = self.rooms.keeper.revoke_remotely(account, waiter, until, now);
        begun
            .map_err(|UnknownAccount| self.rooms.unknown(account))?
            .map_err(|nobody| no_revocation(account, nobody))?;
        self.revokers.0.insert(waiter, (caller, account.to_owned()));
        Ok(None)
    }

    /// Answers one that has waited for a revocation.
    pub(super) fn revocation_is_over(&mut self, waiter: WaiterId, how: RevocationEnd) {
        let Some((caller, account)) = self.revokers.0.remove(&waiter) else { return };
        let answer = self.rooms.end_of_revocation(&account, how).unwrap_or_else(Response::from);
        self.rooms.ipc_listener.answer(caller, &answer.into());
    }
}

impl Rooms {
    /// How it has ended.
    fn end_of_revocation(&self, account: &str, how: RevocationEnd) -> Result<Response, Refused> {
        let host = || self.keeper.revocation_host(account).unwrap_or("its server");
        let name = as_argument(account);
        let why = match how {
            RevocationEnd::Revoked { host } => return Ok(Response::Revoked { remote: host }),
            RevocationEnd::NotRevoked(reason) => format!(
                "not revoked: {reason}; {name} is still signed in. Try again, or \"pizauth revoke {name}\" forgets it \
                 here only"
            ),
            RevocationEnd::Dismissed(Dismissal::TimeIsUp) => format!(
                "not revoked: {} has said nothing within {} s; {name} is still signed in, as far as is known. Try \
                 again, or \"pizauth revoke {name}\" forgets it here only",
                host(),
                PATIENCE.as_secs()
            ),
            RevocationEnd::Overtaken => format!(
                "{name} was forgotten here meanwhile; whether {} has revoked its tokens is not known",
                host()
            ),
            RevocationEnd::Dismissed(Dismissal::UnknownAccount) => return Err(self.unknown(account)),
            RevocationEnd::Dismissed(Dismissal::Stopping) => return Err(stopping()),
        };
        Err(Refused(Refusal::NotRevoked, why))
    }
}

fn no_revocation(account: &str, NoRevocation { by_hand }: NoRevocation) -> Refused {
    let name = as_argument(account);
    let why = match by_hand {
        Some((provider, page)) => format!(
            "{provider} has no revocation endpoint; remove the application on your account's page ({page}), then \
             \"pizauth revoke {name}\""
        ),
        None => format!(
            "{name} has no revocation endpoint: set revocation_uri, if its server has one (RFC 7009), or \
             \"pizauth revoke {name}\" forgets it here only"
        ),
    };
    Refused(Refusal::NoRevocation, why)
}
