//! Revoking at the server as the rules tell it: nothing is forgotten before the server has said yes.

use pizauth_common::config::Account;
use pizauth_common::secret::Secret;

use super::coverage::Coverage;
use super::hosts::{HOSTS, Host};
use super::model::Model;
use super::waiters::Waiting;
use super::world::World;
use crate::http::Answer;
use crate::keeper::tests::bench::seconds;
use crate::keeper::{Dismissal, Happened, JobId, NoRevocation, RevocationEnd, WaiterId};
use crate::moment::{Moment, Now};
use crate::oauth::client_auth::Client;
use crate::oauth::outcome::Reason;
use crate::oauth::revocation::{RevocationRequest, Revoked, TokenKind};
use crate::testing::{json_answer, uri};

/// What a server is asked to do, or will be.
#[derive(Clone, Debug, Default)]
pub(super) struct Revocation {
    /// Its request, once it is sent.
    pub(super) job: Option<JobId>,
    /// Who was asked.
    pub(super) host: Option<String>,
    /// Why the server revokes no refresh tokens, if it has said so.
    refused: Option<Reason>,
    /// How many callers wait for it.
    pub(super) waiters: usize,
}

/// How one of this step has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Concluded {
    Revoked(Option<String>),
    NotRevoked(Reason),
    Overtaken,
}

impl Model {
    /// What would be revoked now, and whether it is a refresh token.
    pub(super) fn to_revoke(&self, now: Moment) -> Option<(TokenKind, String)> {
        let is_refused = self.revocation.as_ref().is_some_and(|it| it.refused.is_some());
        let session = self.held()?;
        match session.refresh_token.as_ref().filter(|_| !is_refused) {
            Some(token) => Some((TokenKind::RefreshToken, token.clone())),
            None => Some((TokenKind::AccessToken, session.valid_token(now)?.to_owned())),
        }
    }

    /// The server has answered.
    pub(super) fn revocation_answered(&mut self, revoked: Revoked) {
        match revoked {
            Revoked::Done => {
                let host = self.revocation.as_ref().and_then(|revocation| revocation.host.clone());
                self.revoked(host);
            }
            Revoked::OtherKindsOnly(reason) => {
                let had_refresh_token = self.held().is_some_and(|session| session.refresh_token.is_some());
                match &mut self.revocation {
                    Some(Revocation { job, refused: refused @ None, .. }) if had_refresh_token => {
                        (*job, *refused) = (None, Some(reason));
                    }
                    _ => self.conclude(Concluded::NotRevoked(reason)),
                }
            }
            Revoked::NotDone(reason) => self.conclude(Concluded::NotRevoked(reason)),
        }
    }

    /// Nobody is asked who could not know of anything, and nobody where nobody waits for it.
    pub(super) fn settle(&mut self, account: &Account, now: Now) {
        let Some(Revocation { job: None, waiters, refused, .. }) = self.revocation.clone() else { return };
        if waiters == 0 {
            self.revocation = None;
        } else if account.revocation_uri.is_none() {
            self.conclude(Concluded::NotRevoked(Reason::new("the configuration changed")));
        } else if self.request.is_none() && self.to_revoke(now.moment).is_none() {
            match refused {
                Some(reason) => self.conclude(Concluded::NotRevoked(reason)),
                None => self.revoked(None),
            }
        }
    }

    fn revoked(&mut self, host: Option<String>) {
        let has_refresh_token = self.held().is_some_and(|session| session.refresh_token.is_some());
        assert!(host.is_some() || !has_refresh_token, "a refresh token is lost that nobody has revoked");
        self.conclude(Concluded::Revoked(host));
        let had_token = self.forget();
        self.expected.event(Happened::TokenRevoked { had_token });
    }

    pub(super) fn conclude(&mut self, how: Concluded) {
        if self.revocation.take().is_some() {
            self.concluded = Some(how);
        }
    }
}

impl World {
    pub(super) fn revoke_remotely(&mut self, name: &str, coverage: &mut Coverage) {
        let until = self.now.moment.plus(seconds(self.dice.pick(&[1, 35, 35, 600])));
        let id = WaiterId(self.serial());
        if self.is_stopping {
            return;
        }
        let can = self.accounts[name].revocation_uri.is_some();
        if can {
            self.count(name, "revoke at the server", coverage);
            self.retry_secret(name);
            let model = self.model(name);
            model.waiters += 1;
            model.revocation.get_or_insert_default().waiters += 1;
            self.waiting.insert(id, Waiting::of(name, None, self.now.moment, None, until));
        }
        let begun = self.keeper.revoke_remotely(name, id, until, self.now).expect("the account exists");
        assert_eq!(begun, if can { Ok(()) } else { Err(NoRevocation { by_hand: None }) });
        self.absorb();
    }

    /// Somebody who waited for it has been told.
    pub(super) fn revoker_answered(&mut self, name: &str, until: Moment, how: RevocationEnd) {
        let (now, is_stopping) = (self.now.moment, self.is_stopping);
        let concluded = self.model(name).concluded.clone();
        match how {
            RevocationEnd::Revoked { host } => {
                assert_eq!(concluded, Some(Concluded::Revoked(host)), "{name}")
            }
            RevocationEnd::NotRevoked(why) => {
                assert_eq!(concluded, Some(Concluded::NotRevoked(why)), "{name}")
            }
            RevocationEnd::Overtaken => assert_eq!(concluded, Some(Concluded::Overtaken), "{name}"),
            RevocationEnd::Dismissed(Dismissal::TimeIsUp) => {
                assert!(until <= now && concluded.is_none(), "{name}")
            }
            RevocationEnd::Dismissed(Dismissal::Stopping) => assert!(is_stopping),
            RevocationEnd::Dismissed(Dismissal::UnknownAccount) => panic!("{name} is known"),
        }
    }

    pub(super) fn random_revocation_answer(&mut self) -> Answer {
        match self.dice.below(10) {
            0..5 => json_answer(200, ""),
            5 => json_answer(400, r#"{"error":"invalid_token"}"#),
            6..8 => json_answer(400, r#"{"error":"unsupported_token_type"}"#),
            8 => json_answer(401, r#"{"error":"invalid_client"}"#),
            _ => Answer { retry_after: Some("60".to_owned()), ..json_answer(503, "<html>") },
        }
    }
}

/// What an account has to send; never to another server than its own.
pub(super) fn request(client: Client, model: &Model, now: Moment) -> RevocationRequest {
    let (kind, token) = model.to_revoke(now).expect("there is something to revoke");
    let uri = client.account().revocation_uri.as_ref().expect("there is somebody to ask").anchor();
    RevocationRequest::new(client, uri, kind, &Secret::from(token.as_str()))
}

/// Where an account's tokens are revoked.
pub(super) fn revocation_host_of(account: &Account) -> Option<Host> {
    let written = account.revocation_uri.as_ref()?.anchor().written();
    Some(HOSTS.iter().find(|host| at(host) == written).expect("every account is at a known host"))
}

pub(super) fn with_revocation_at(account: Account, host: Option<Host>) -> Account {
    Account { revocation_uri: host.map(|host| uri(&at(host)).into()), ..account }
}

fn at(host: &str) -> String {
    host.replace("/token", "/revoke")
}
