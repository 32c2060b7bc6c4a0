//! Client secrets that commands print (`client_secret_cmd`): which are known, whose command runs, and who waits for
//! one. A command may ask its user for something, so that it is run when a request needs it and not before, one at a
//! time, and after a failure not again for an hour, unless somebody asks for it.

mod known;

use alloc::collections::VecDeque;
use alloc::sync::Arc;

use pizauth_common::account_name::AccountName;
use pizauth_common::config::Account;
use pizauth_common::secret::Secret;

use super::answers::{act_on, needs_attention_as_told};
use super::effect::Effect;
use super::entry::{Entry, Refused, Revocation, SecretWait};
use super::event::Happened;
use super::outbox::Outbox;
use super::purpose::Meaning;
use super::renewal::Pause;
use super::sign_in_failure::sign_in_failed;
use super::tickets::JobId;
use super::token_state::{ExchangeStage, StartsBy, TokenState};
use super::{Keeper, Settings, device, revocation, step_of};
use crate::moment::{Moment, Now};
use crate::oauth::client_secret::Printed;
use crate::oauth::outcome::Reason;
use crate::prelude::*;
pub(super) use known::SecretOf;
use known::{Doubt, KnownSecrets, NoSecret};

/// A command that runs.
#[derive(Debug)]
struct Run {
    job: JobId,
    of: SecretOf,
}

/// All that is known of secrets which commands print.
#[derive(Debug, Default)]
pub(super) struct ClientSecrets {
    known: KnownSecrets,
    running: Option<Run>,
    /// Accounts in the order in which they have begun to wait for a secret. Some may wait no longer.
    waiting: VecDeque<AccountName>,
}

impl ClientSecrets {
    /// What a command has told for the client of an account.
    pub(super) fn get(&self, account: &Account) -> Option<&Secret> {
        self.known.get(account)
    }

    /// Why the account's requests have none, where they take one that a command prints.
    pub(super) fn lack(&self, account: &Account, now: Moment) -> Option<NoSecret> {
        self.known.lack(account, now)
    }

    /// Until when a command that has failed is not run.
    pub(super) fn no_secret_until(&self, account: &Account, now: Moment) -> Option<Moment> {
        self.known.failure(account, now).map(|(_, until)| until)
    }

    /// Somebody asks for something of this account, and may be there to type what its command asks for: a command that
    /// has failed may run again.
    pub(super) fn retry(&mut self, account: &Account) {
        self.known.retry(account);
    }

    /// The configuration was read again. A command that runs goes on, since two at a time are too many.
    pub(super) fn forget(&mut self) {
        self.known.forget();
    }
}

impl Keeper {
    /// What came of an [`Effect::AskSecret`]. It counts while an account has that client.
    pub fn secret_told(&mut self, job: JobId, printed: &Printed, now: Now) {
        let Some(Run { of, .. }) = self.secrets.running.take_if(|run| run.job == job) else { return };
        if self.is_stopping {
            return;
        }
        let is_theirs = |entry: &Entry| SecretOf::account(&entry.account).as_ref() == Some(&of);
        if self.entries.values().any(is_theirs) {
            let told = self.secrets.known.take(of.clone(), printed, now.moment);
            let settings = self.settings;
            self.step_each(is_theirs, now, |entry, outbox| go_on(entry, &told, &settings, now, outbox));
        }
        self.ask_for_next_secret();
        self.start_due_requests(now);
    }

    /// Acts on the answer to the request with this ticket. Where it refuses the client's secret, and there may be a new
    /// one, the command is run first, or the request sent again.
    pub(super) fn take_or_doubt(
        &mut self,
        name: &AccountName,
        job: JobId,
        sent: Option<&Secret>,
        meaning: Meaning,
        now: Now,
    ) {
        let Some(entry) = self.entries.get_mut(name) else {
            // The request of an account that is gone has left its place to others.
            return self.start_due_requests(now);
        };
        let settings = self.settings;
        let refused = sent.zip(meaning.refusal_of_client().cloned()).filter(|_| entry.awaits(job));
        let known = &mut self.secrets.known;
        let doubt = match &refused {
            Some((sent, _)) => known.doubt(&entry.account, sent, now.moment),
            None => Doubt::None,
        };
        let is_asked = matches!(doubt, Doubt::Ask);
        let step = |entry: &mut Entry, outbox: &mut Outbox| {
            let is_awaited = entry.awaits(job);
            outbox.tell(entry, Happened::RequestEnded { outcome: meaning.as_str(), is_awaited });
            match (doubt, refused) {
                _ if !is_awaited => {}
                (Doubt::Ask, Some((sent, why))) => {
                    let refused = Refused { job, sent: sent.clone(), why, meaning };
                    entry.secret_wait = SecretWait::ToSendAgain(Box::new(refused));
                    outbox.tell(entry, Happened::SecretRefused);
                }
                (Doubt::HasAnother, _) => send_again(entry, now, outbox),
                _ => act_on(entry, meaning, &settings, now, outbox),
            }
        };
        step_of(entry, &mut self.saving, &mut self.agenda, &mut self.outbox, now, step);
        self.start_due_requests(now);
        if is_asked {
            self.wait_for_secret(name.clone());
        }
    }

    /// Puts an account in line whose `secret_wait` has just begun: it has no secret to send ([`go_without`]), or the
    /// one that it has sent was refused.
    pub(super) fn wait_for_secret(&mut self, name: AccountName) {
        self.secrets.waiting.push_back(name);
        self.ask_for_next_secret();
    }

    /// Has the command run of whoever has waited for longest, unless one runs.
    fn ask_for_next_secret(&mut self) {
        while !self.is_stopping && self.secrets.running.is_none() {
            let Some(name) = self.secrets.waiting.pop_front() else { return };
            let waiting = self.entries.get(name.as_str()).filter(|entry| !entry.secret_wait.is_over());
            let Some(of) = waiting.and_then(|entry| SecretOf::account(&entry.account)) else { continue };
            let job = self.outbox.new_job();
            self.outbox.put(Effect::AskSecret { job, account: name, command: Arc::clone(&of.command) });
            self.secrets.running = Some(Run { job, of });
        }
    }
}

/// A request is due, and there is no secret to send with it: the account waits for one, or the request has failed.
pub(super) fn go_without(entry: &mut Entry, why: NoSecret, now: Now, outbox: &mut Outbox) {
    match why {
        NoSecret::NotAsked => entry.secret_wait = SecretWait::ToSend,
        NoSecret::Failed(reason) => fail(entry, reason, now, outbox),
    }
}

/// After a step: an account that has nothing to send any more waits for no secret.
pub(super) fn settle(entry: &mut Entry) {
    let is_in_vain = match &entry.secret_wait {
        SecretWait::No => false,
        SecretWait::ToSend => !entry.has_something_to_send(),
        SecretWait::ToSendAgain(refused) => !entry.awaits(refused.job),
    };
    if is_in_vain {
        entry.secret_wait = SecretWait::No;
    }
}

/// The configuration names another command for the secret now, or none: what was refused is sent again.
pub(super) fn start_over(entry: &mut Entry, now: Now, outbox: &mut Outbox) {
    if let SecretWait::ToSendAgain(_) = core::mem::take(&mut entry.secret_wait) {
        send_again(entry, now, outbox);
    }
}

/// The command has ended. What the account has waited with is sent, or fails for want of the secret.
fn go_on(
    entry: &mut Entry,
    told: &Result<Secret, Reason>,
    settings: &Settings,
    now: Now,
    outbox: &mut Outbox,
) {
    match (core::mem::take(&mut entry.secret_wait), told) {
        (SecretWait::No, _) | (SecretWait::ToSend, Ok(_)) => {}
        (SecretWait::ToSend, Err(reason)) => fail(entry, reason.clone(), now, outbox),
        (SecretWait::ToSendAgain(refused), Ok(secret)) if *secret != refused.sent => {
            send_again(entry, now, outbox)
        }
        (SecretWait::ToSendAgain(refused), Ok(_)) => act_on(entry, refused.meaning, settings, now, outbox),
        (SecretWait::ToSendAgain(refused), Err(reason)) => {
            let text = format!("{reason}; the secret that it has told before is refused: {}", refused.why);
            fail(entry, reason.clone().with_text(&text), now, outbox);
        }
    }
}

/// What was in flight is due again.
fn send_again(entry: &mut Entry, now: Now, outbox: &mut Outbox) {
    if let Some(revocation) = entry.revocation.as_mut().filter(|revocation| !revocation.is_waiting()) {
        return revocation.send_again();
    }
    match &mut entry.state {
        TokenState::Exchanging(exchange) => exchange.stage = ExchangeStage::Waiting { due: now.moment },
        TokenState::Starting(starting) => starting.by = StartsBy::Codes,
        TokenState::OnDevice(sign_in) => {
            sign_in.poll_later(now.moment);
            device::end_if_over(entry, now, outbox);
        }
        TokenState::Active(_) | TokenState::Fetching(_) => {
            if let Some(renewal) = entry.state.renewal_mut() {
                renewal.rest(now.moment, Pause::Fresh);
            }
        }
        TokenState::Empty | TokenState::Pending(_) => {}
    }
}

/// There is no secret: what the account has to send has failed.
fn fail(entry: &mut Entry, reason: Reason, now: Now, outbox: &mut Outbox) {
    let is_to_revoke = |revocation: &Revocation| !revocation.is_waiting() || !entry.is_in_flight();
    if entry.revocation.as_deref().is_some_and(is_to_revoke) {
        return revocation::give_up(entry, reason, outbox);
    }
    match &entry.state {
        TokenState::Exchanging(_) | TokenState::Starting(_) | TokenState::OnDevice(_) => {
            sign_in_failed(entry, reason, now, outbox);
        }
        TokenState::Active(_) | TokenState::Fetching(_) => {
            needs_attention_as_told(entry, reason, now, outbox)
        }
        TokenState::Empty | TokenState::Pending(_) => {}
    }
}
