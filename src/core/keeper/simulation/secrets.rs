//! Clients' secrets that commands print, as the rules tell it: one command at a time, no request without its secret,
//! and after a failure none for an hour but by somebody's own act.

use std::collections::BTreeMap;

use pizauth_common::account_name::AccountName;
use pizauth_common::config::{Account, ClientAuth, ClientSecret, Grant};
use pizauth_common::secret::Secret;
use zeroize::Zeroizing;

use super::dice::Dice;
use super::model::{Model, Phase};
use super::revocation::Concluded;
use super::world::World;
use crate::keeper::entry::SecretWait;
use crate::keeper::purpose::Meaning;
use crate::keeper::tests::bench::seconds;
use crate::keeper::{AccountEvent, Happened, JobId, RevocationEnd};
use crate::moment::{Moment, Now};
use crate::oauth::client_secret::Printed;
use crate::oauth::outcome::Reason;

const HOUR: u64 = 3600;

/// Whose a secret is: command, client, and host and port of the server.
type SecretOf = (String, String, (String, u16));

#[derive(Debug)]
enum Known {
    Told { secret: Secret, anew_at: Option<Moment> },
    Doubted(Secret),
    Failed { reason: Reason, until: Moment },
}

/// A server has refused the secret of a request.
struct Doubt {
    job: JobId,
    sent: Secret,
    meaning: Meaning,
}

#[derive(Default)]
pub(super) struct Secrets {
    known: BTreeMap<SecretOf, Known>,
    running: Option<(JobId, SecretOf)>,
    doubts: BTreeMap<String, Doubt>,
}

fn secret_of(account: &Account) -> Option<SecretOf> {
    let (command, uri) = (account.client_auth.secret_cmd()?, &account.token_uri.anchor());
    Some((command.to_string(), account.client_id.to_string(), (uri.host().to_owned(), uri.port())))
}

/// The account with its secret in its configuration, or printed by one of a few commands.
pub(super) fn with_any_secret(account: Account, dice: &mut Dice) -> Account {
    let command = ["c1", "c2"][dice.below(2)];
    let client_auth = match dice.chance(50) {
        true => ClientAuth::Post(ClientSecret::OfCommand(command.into())),
        false => account.client_auth.clone(),
    };
    Account { client_auth, ..account }
}

impl World {
    /// What the command of an account has told.
    pub(super) fn told_secret(&self, account: &Account) -> Option<&Secret> {
        match self.secrets.known.get(&secret_of(account)?)? {
            Known::Told { secret, .. } => Some(secret),
            Known::Doubted(_) | Known::Failed { .. } => None,
        }
    }

    fn failure(&self, name: &str) -> Option<(Reason, Moment)> {
        match self.secrets.known.get(&secret_of(&self.accounts[name])?)? {
            Known::Failed { reason, until } if *until > self.now.moment => Some((reason.clone(), *until)),
            _ => None,
        }
    }

    /// Until when `show` has no server asked for codes.
    pub(super) fn no_secret_until(&self, name: &str) -> Option<Moment> {
        let is_on_device = matches!(self.accounts[name].grant, Grant::DeviceCode { .. });
        self.failure(name).filter(|_| is_on_device).map(|(_, until)| until)
    }

    /// Somebody has done something by their own will.
    pub(super) fn retry_secret(&mut self, name: &str) {
        let Some(of) = secret_of(&self.accounts[name]) else { return };
        match self.secrets.known.get_mut(&of) {
            Some(Known::Told { anew_at, .. }) => *anew_at = None,
            Some(Known::Failed { .. }) => drop(self.secrets.known.remove(&of)),
            Some(Known::Doubted(_)) | None => {}
        }
    }

    /// A command is to be run: none runs, it is the account's own, and the account cannot go on without it.
    pub(super) fn command_asked(&mut self, job: JobId, account: &AccountName, command: &str) {
        let name = account.as_str();
        let of = secret_of(&self.accounts[name]).expect("its secret is a command's");
        assert_eq!(of.0, command);
        assert!(self.secrets.running.is_none() && !self.is_stopping, "two commands at once");
        assert!(self.told_secret(&self.accounts[name]).is_none(), "{name} has a secret");
        assert_eq!(self.failure(name), None, "the command of {name} is run again within the hour");
        assert!(self.models[name].waits_for_secret || self.doubt(name).is_some(), "{name} needs none");
        self.secrets.running = Some((job, of));
    }

    fn doubt(&self, name: &str) -> Option<&Doubt> {
        self.secrets.doubts.get(name).filter(|doubt| self.models[name].awaits(doubt.job))
    }

    /// Who waits for a secret is for the keeper to say; whether they may is checked.
    pub(super) fn look_who_waits(&mut self) {
        for (name, entry) in &self.keeper.entries {
            let model = self.models.get_mut(name.as_str()).expect("every account has a model");
            let waits = matches!(entry.secret_wait, SecretWait::ToSend);
            if waits && !model.waits_for_secret {
                let wanted = model.wants_request_at();
                assert!(wanted.is_some_and(|at| at <= self.now.moment), "{name} waits for no request");
                assert!(entry.account.client_auth.secret_cmd().is_some(), "{name} needs no command");
            }
            model.waits_for_secret = waits;
        }
    }

    /// Whoever waits for a secret has a command run, or will.
    pub(super) fn check_secrets(&self) {
        for (name, entry) in &self.keeper.entries {
            let doubts = matches!(entry.secret_wait, SecretWait::ToSendAgain { .. });
            assert_eq!(doubts, self.doubt(name.as_str()).is_some(), "the doubt of {name}");
            let waits = doubts || self.models[name.as_str()].waits_for_secret;
            assert!(
                !waits || self.is_stopping || self.secrets.running.is_some(),
                "{name} waits for no command"
            );
        }
    }

    pub(super) fn waits_for_secret(&self, name: &str) -> bool {
        self.models[name].waits_for_secret || self.doubt(name).is_some()
    }

    /// What is made of an answer by which a server refuses the client's secret; gives its meaning back where that
    /// holds.
    pub(super) fn doubted(
        &mut self,
        name: &str,
        job: JobId,
        sent: Option<&Secret>,
        meaning: Meaning,
    ) -> Option<Meaning> {
        let refuses = meaning.refusal().is_some_and(Reason::refuses_client);
        let of = secret_of(&self.accounts[name]).filter(|_| refuses && self.models[name].awaits(job));
        let (Some(of), Some(sent)) = (of, sent) else { return Some(meaning) };
        let now = self.now;
        match self.secrets.known.get(&of) {
            Some(Known::Told { secret, .. }) if secret != sent => {
                self.send_again(name);
                return None;
            }
            Some(Known::Told { anew_at: Some(at), .. }) if now.moment.since(*at) < seconds(HOUR) => {
                return Some(meaning);
            }
            Some(Known::Failed { .. }) => return Some(meaning),
            Some(Known::Told { .. }) => drop(self.secrets.known.insert(of, Known::Doubted(sent.clone()))),
            Some(Known::Doubted(_)) | None => {}
        }
        self.secrets.doubts.insert(name.to_owned(), Doubt { job, sent: sent.clone(), meaning });
        self.model(name).expected.event(Happened::SecretRefused);
        None
    }

    /// What was in flight is due again: a code, too, since it was not looked at.
    fn send_again(&mut self, name: &str) {
        let now = self.now;
        if let Phase::Exchanging { code, .. } = &self.models[name].phase {
            self.spent.excuse(code);
        }
        self.model(name).send_again(now);
    }

    /// The configuration was read again. What is not told yet is asked for anew where another command, or none, has it.
    pub(super) fn forget_secrets(&mut self, before: &BTreeMap<String, Account>) {
        self.secrets.known.clear();
        for (name, account) in before {
            if secret_of(account) == secret_of(&self.accounts[name]) {
                continue;
            }
            self.model(name).waits_for_secret = false;
            if self.doubt(name).is_some() {
                self.send_again(name);
            }
            self.secrets.doubts.remove(name);
        }
    }

    pub(super) fn has_command(&self) -> bool {
        self.secrets.running.is_some()
    }

    /// The command that runs has ended, somehow.
    pub(super) fn command_ends(&mut self) {
        let Some((job, of)) = self.secrets.running.take() else { return };
        let last = match self.secrets.known.get(&of) {
            Some(Known::Doubted(secret)) => Some(secret.clone()),
            _ => None,
        };
        let printed = self.random_print(last.as_ref());
        let theirs: Vec<String> = self.accounts.keys().cloned().collect();
        let theirs = theirs.into_iter().filter(|name| secret_of(&self.accounts[name]).as_ref() == Some(&of));
        let theirs: Vec<String> = theirs.collect();
        if !self.is_stopping && !theirs.is_empty() {
            let told = printed.secret(last.as_ref());
            let anew_at = last.map(|_| self.now.moment);
            let known = match &told {
                Ok(secret) => Known::Told { secret: secret.clone(), anew_at },
                Err(reason) => {
                    Known::Failed { reason: reason.clone(), until: self.now.moment.plus(seconds(HOUR)) }
                }
            };
            self.secrets.known.insert(of, known);
            theirs.iter().for_each(|name| self.secret_told(name, &told));
        }
        self.keeper.secret_told(job, &printed, self.now);
        self.absorb();
    }

    fn random_print(&mut self, last: Option<&Secret>) -> Printed {
        let secret = match last {
            Some(last) if self.dice.chance(40) => last.expose().to_owned(),
            _ => format!("told-{}", self.serial()),
        };
        match self.dice.below(10) {
            0..2 => Printed { output: Zeroizing::default(), failure: Some("failed (exit 2): no".to_owned()) },
            2 => Printed { output: Zeroizing::default(), failure: None },
            _ => Printed { output: Zeroizing::new(secret.into_bytes()), failure: None },
        }
    }

    fn secret_told(&mut self, name: &str, told: &Result<Secret, Reason>) {
        let is_doubted = self.doubt(name).is_some();
        let doubt = self.secrets.doubts.remove(name).filter(|_| is_doubted);
        let (now, remind_at, account) = (self.now, self.remind_at(), self.accounts[name].clone());
        match (doubt, told) {
            (None, Err(reason)) if self.models[name].waits_for_secret => {
                self.model(name).has_no_secret(reason.clone(), now);
            }
            (None, _) => {}
            (Some(Doubt { sent, .. }), Ok(secret)) if *secret != sent => self.send_again(name),
            (Some(Doubt { meaning, .. }), Ok(_)) => self.model(name).take(meaning, &account, remind_at, now),
            (Some(Doubt { meaning, .. }), Err(reason)) => {
                let refusal = meaning.refusal().expect("it has refused");
                let text = format!("{reason}; the secret that it has told before is refused: {refusal}");
                self.model(name).has_no_secret(Reason::with_cause(reason.cause(), &text), now);
            }
        }
    }

    /// A request that came due within the hour of a failure has failed with it.
    pub(super) fn told_of_no_secret(&mut self, event: &AccountEvent) {
        let (Happened::NeedsAttention { reason, .. } | Happened::AuthorizationFailed { reason, .. }) =
            &event.what
        else {
            return;
        };
        let (name, now) = (event.account.as_str(), self.now);
        if reason.cause() != "client_secret_cmd" || self.models[name].expected.awaits_any() {
            return;
        }
        self.assert_no_secret(name, reason);
        let wanted = self.models[name].wants_request_at();
        assert!(wanted.is_some_and(|at| at <= now.moment), "{name} has sent nothing");
        self.model(name).has_no_secret(reason.clone(), now);
    }

    /// The same for a revocation.
    pub(super) fn answered_without_secret(&mut self, name: &str, how: &RevocationEnd) {
        let RevocationEnd::NotRevoked(reason) = how else { return };
        if reason.cause() == "client_secret_cmd" && self.models[name].concluded.is_none() {
            self.assert_no_secret(name, reason);
            self.model(name).conclude(Concluded::NotRevoked(reason.clone()));
        }
    }

    fn assert_no_secret(&self, name: &str, reason: &Reason) {
        assert_eq!(self.failure(name).map(|(reason, _)| reason).as_ref(), Some(reason), "{name}");
    }
}

impl Model {
    fn send_again(&mut self, now: Now) {
        if let Some(revocation) = self.revocation.as_mut().filter(|revocation| revocation.job.is_some()) {
            revocation.job = None;
            return;
        }
        self.request = None;
        match &mut self.phase {
            Phase::Exchanging { due, .. } => *due = now.moment,
            Phase::OnDevice { codes, .. } => {
                codes.poll_later(now.moment);
                self.end_if_over(now);
            }
            Phase::Active(session) | Phase::Fetching(session) => session.is_due(now.moment),
            Phase::Empty | Phase::Starting { .. } | Phase::Pending(_) => {}
        }
    }

    /// What it has to send fails.
    pub(super) fn has_no_secret(&mut self, reason: Reason, now: Now) {
        let is_to_revoke =
            self.revocation.as_ref().is_some_and(|it| it.job.is_some() || self.request.is_none());
        if is_to_revoke {
            return self.conclude(Concluded::NotRevoked(reason));
        }
        self.request = None;
        match self.phase {
            Phase::Active(_) | Phase::Fetching(_) => self.attention_needed(reason, now),
            _ => self.authorization_failed(reason, now),
        }
    }
}
