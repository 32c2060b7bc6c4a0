//! Endpoints that an issuer is asked for (RFC 8414): one question for all accounts that need them, and what its answer
//! is to each. While nothing is known no request of theirs begins; what is known is not forgotten for an answer that is
//! of no use.

mod of_account;

use alloc::sync::Arc;

use pizauth_common::account_name::AccountName;
use pizauth_common::config::Uri;

use super::Keeper;
use super::effect::Effect;
use super::entry::Entry;
use super::event::Learned;
use super::issuers::Issuer;
use super::pace::Failure;
use super::places::{Errand, Flight, Host, Requester, Turn};
use super::purpose::Purpose;
use super::tickets::JobId;
use crate::http::{Answer, Lost};
use crate::moment::Now;
use crate::oauth::metadata::{Found, Metadata, MetadataRequest};
use crate::oauth::outcome::Reason;
use crate::oauth::served::has_none;
use crate::prelude::*;
use of_account::{is_nobody_there, stay, take_metadata};

impl Keeper {
    /// Asks an issuer whose turn it is, or has it wait for a place.
    pub(super) fn ask_or_wait(&mut self, uri: &Arc<Uri>, now: Now) {
        let due = self.issuers.get(uri).and_then(|issuer| issuer.due());
        let (requester, host) = (Requester::Issuer(Arc::clone(uri)), Host::of(uri));
        if due.is_some_and(|due| due <= now.moment)
            && self.places.is_free_or_wait(&host, &requester, Turn::First)
        {
            let job = self.outbox.new_job();
            let request = self.issuers.change(uri, |issuer| issuer.begin(job, now.moment)).flatten();
            if let Some(request) = request {
                self.send_question(uri, &request, job);
            }
        }
    }

    fn send_question(&mut self, uri: &Arc<Uri>, request: &MetadataRequest, job: JobId) {
        self.outbox.tell_of(uri, Learned::DiscoveryStarted);
        self.outbox.put(Effect::Http { job, request: request.http() });
        let errand = Errand::OfIssuer(Arc::clone(uri));
        self.places.take(job, Flight { errand, host: Host::of(uri) });
    }

    /// What an issuer has answered counts only while it is the answer to what it was asked last.
    pub(super) fn issuer_answered(
        &mut self,
        uri: &Arc<Uri>,
        job: JobId,
        result: Result<Answer, Lost>,
        now: Now,
    ) {
        let asked = self.issuers.get(uri).and_then(|issuer| issuer.asked(job)).cloned();
        if let Some(asked) = asked.filter(|_| !self.is_stopping) {
            self.take_found(uri, &asked, asked.outcome(result), now);
        }
        self.start_due_requests(now);
    }

    fn take_found(&mut self, uri: &Arc<Uri>, asked: &MetadataRequest, found: Found, now: Now) {
        match found {
            Found::Metadata(metadata) => self.learn(uri, Arc::new(*metadata), now),
            Found::NotHere(reason) => match asked.elsewhere() {
                Some(elsewhere) => {
                    let job = self.outbox.new_job();
                    self.issuers.change(uri, |issuer| issuer.look_elsewhere(elsewhere.clone(), job));
                    self.send_question(uri, &elsewhere, job);
                }
                None => self.learn_nothing(uri, &without_metadata(uri, &reason), now),
            },
            Found::Unusable(reason) => self.learn_nothing(uri, &reason, now),
            Found::Transient { reason, retry_after, reached } => {
                self.ask_later(uri, Failure { reason, retry_after, reached }, now);
            }
        }
    }

    /// It has not answered, or not to the question.
    fn ask_later(&mut self, uri: &Arc<Uri>, failure: Failure, now: Now) {
        let is_awaited = self.asking(uri).any(|entry| !entry.waiters.is_empty());
        let (reason, dice) = (failure.reason.clone(), self.outbox.random());
        let failed = |issuer: &mut Issuer| issuer.failed(failure, is_awaited, dice, now.moment);
        let Some(pause) = self.issuers.change(uri, failed) else { return };
        self.outbox.tell_of(uri, Learned::DiscoveryFailed { reason, pause });
        self.disappoint(uri, now);
    }

    /// The issuer has said where its endpoints are. It is asked again where that does not do for all.
    fn learn(&mut self, uri: &Arc<Uri>, metadata: Arc<Metadata>, now: Now) {
        let lacks_s256 = metadata.lacks_s256;
        self.issuers.change(uri, |issuer| issuer.answered(Arc::clone(&metadata)));
        self.outbox.tell_of(uri, Learned::Discovered);
        if lacks_s256 {
            self.outbox.tell_of(uri, Learned::DiscoveryPkceUnlisted);
        }
        let (settings, mut lacking) = (self.settings, None);
        // Nothing starts before all know better: it would go to an old endpoint.
        let asks_it = |entry: &Entry| asks(entry, uri);
        self.step_each(asks_it, now, |entry, outbox| {
            let taken = take_metadata(entry, &metadata, &settings, now, outbox);
            lacking = lacking.or(taken.err());
        });
        self.know_hosts();
        if let Some(lacking) = lacking {
            self.learn_nothing(uri, &has_none(uri, lacking), now);
        }
    }

    /// Requests go to wherever the accounts' endpoints are.
    pub(super) fn know_hosts(&mut self) {
        for served in self.entries.values().filter_map(Entry::served) {
            served.endpoints().for_each(|endpoint| self.places.add_host(endpoint));
        }
    }

    fn learn_nothing(&mut self, uri: &Arc<Uri>, reason: &Reason, now: Now) {
        self.issuers.change(uri, |issuer| issuer.refused(reason.clone(), now.moment));
        self.outbox.tell_of(uri, Learned::DiscoveryUnusable { reason: reason.clone() });
        self.disappoint(uri, now);
    }

    /// Those who still do not know where to go hear why.
    fn disappoint(&mut self, uri: &Uri, now: Now) {
        let Some(why) = self.issuers.get(uri).and_then(Issuer::nowhere) else { return };
        let settings = self.settings;
        let is_at_a_loss = |entry: &Entry| asks(entry, uri) && entry.served().is_none();
        self.step_each(is_at_a_loss, now, |entry, outbox| stay(entry, &why, &settings, now, outbox));
    }

    /// New accounts, or such as ask somebody else now, take what is known already.
    pub(super) fn share_metadata(&mut self, now: Now) {
        let (known, settings) = (self.issuers.known(), self.settings);
        let lacks_them = |entry: &Entry| entry.metadata.is_none() && entry.account.asks().is_some();
        self.step_each(lacks_them, now, |entry, outbox| {
            if let Some(metadata) = entry.account.asks().and_then(|issuer| known.get(issuer)) {
                // Where they do not suffice, the issuer is about to be asked again: that answer will say so.
                let _ = take_metadata(entry, metadata, &settings, now, outbox);
            }
        });
    }

    /// The request may have found nobody at its endpoint. The issuer is asked again, if it was the one to name that:
    /// the endpoint may have moved.
    pub(super) fn doubt(
        &mut self,
        account: &AccountName,
        purpose: &Purpose,
        result: &Result<Answer, Lost>,
        now: Now,
    ) {
        if !is_nobody_there(result) {
            return;
        }
        let asked = self.entries.get(account).and_then(|entry| purpose.endpoint(&entry.account)?.issuer());
        if let Some(uri) = asked.cloned() {
            self.issuers.change(&uri, |issuer| issuer.doubt(now.moment));
        }
    }

    /// Renewals that are due have failed, where they have no endpoint to go to and the issuer was asked for it in vain.
    pub(super) fn strand(&mut self, now: Now) {
        let settings = self.settings;
        while let Some(name) = self.agenda.stranded.take_due(now.moment) {
            let uri = self.entries.get(&name).and_then(|entry| entry.account.asks());
            let Some(why) = uri.and_then(|uri| self.issuers.get(uri)).and_then(Issuer::nowhere) else {
                continue;
            };
            // What is filed for an account that is gone needs nothing more.
            let _ = self.step(name.as_str(), now, |entry, outbox| {
                stay(entry, &why, &settings, now, outbox);
            });
        }
    }

    fn asking<'a>(&'a self, uri: &'a Uri) -> impl Iterator<Item = &'a Entry> {
        self.entries.values().filter(move |entry| asks(entry, uri))
    }
}

fn asks(entry: &Entry, uri: &Uri) -> bool {
    entry.account.asks().is_some_and(|asked| **asked == *uri)
}

fn without_metadata(uri: &Uri, reason: &Reason) -> Reason {
    let text = format!("{} says nothing of its endpoints: {reason}", uri.written());
    Reason::with_cause("metadata", &text)
}
