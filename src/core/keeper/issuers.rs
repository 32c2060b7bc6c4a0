//! The issuers that accounts ask for endpoints, one entry for each, however many accounts ask: what is known of it, and
//! when it is asked again. It is asked as seldom as a token endpoint is, and of what is known already once an hour at
//! most.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use core::time::Duration;

use pizauth_common::config::{Account, Uri};

use super::agenda::Schedule;
use super::bucket::Bucket;
use super::entry::Entry;
use super::pace::{self, Failure};
use super::renewal::{Haste, Pause};
use super::tickets::JobId;
use crate::moment::Moment;
use crate::oauth::metadata::{Metadata, MetadataRequest};
use crate::oauth::outcome::Reason;

/// What is known is doubted no more often.
pub(super) const BETWEEN_DOUBTS: Duration = Duration::from_secs(60 * 60);

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Issuers {
    all: BTreeMap<Arc<Uri>, Issuer>,
    agenda: Schedule<Arc<Uri>>,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Issuer {
    uri: Arc<Uri>,
    /// What it has said last that could be used.
    pub(super) metadata: Option<Arc<Metadata>>,
    fetch: Fetch,
    bucket: Bucket,
    /// Failures in a row for which it was reached.
    answered: u32,
    /// Until then nobody has it asked again because an endpoint seems to have moved.
    settled_until: Moment,
    /// Why the last try came to nothing.
    pub(super) last_error: Option<Reason>,
    /// Between tries while it is not reached: the shortest `refresh_retry` of its accounts.
    retry: Duration,
}

#[derive(Debug)]
enum Fetch {
    /// What is known is enough.
    Idle,
    /// It is asked when that is due.
    Waiting { due: Moment, pause: Pause },
    /// It has been asked. After a failure it is asked again at once where something `was_mended` since.
    InFlight { job: JobId, request: MetadataRequest, was_mended: bool },
}

impl Issuers {
    /// Those of these accounts; each is to be asked.
    pub(super) fn of(accounts: &[Account]) -> Self {
        let mut issuers = Self::default();
        issuers.reload(accounts);
        issuers
    }

    /// There are other accounts. What is known stays until it is known better.
    pub(super) fn reload(&mut self, accounts: &[Account]) {
        let mut old = core::mem::take(&mut self.all);
        self.agenda = Schedule::default();
        for account in accounts {
            let Some(uri) = account.asks() else { continue };
            let retry = account.refresh_retry;
            let issuer = self.all.entry(Arc::clone(uri)).or_insert_with(|| {
                let known = old.remove(uri);
                let mut issuer = known.unwrap_or_else(|| Issuer::new(Arc::clone(uri)));
                issuer.retry = retry;
                issuer.ask_again(Moment::LONG_AGO);
                issuer
            });
            issuer.retry = issuer.retry.min(retry);
        }
        for (uri, issuer) in &self.all {
            self.agenda.file(uri, None, issuer.due());
        }
    }

    /// What is known of those that have answered.
    pub(super) fn known(&self) -> BTreeMap<Arc<Uri>, Arc<Metadata>> {
        let known = |(uri, issuer): (&Arc<Uri>, &Issuer)| Some((Arc::clone(uri), issuer.metadata.clone()?));
        self.all.iter().filter_map(known).collect()
    }

    pub(super) fn get(&self, uri: &Uri) -> Option<&Issuer> {
        self.all.get(uri)
    }

    /// Changes one, and files when it is due.
    pub(super) fn change<T>(&mut self, uri: &Uri, step: impl FnOnce(&mut Issuer) -> T) -> Option<T> {
        let issuer = self.all.get_mut(uri)?;
        let before = issuer.due();
        let done = step(issuer);
        self.agenda.file(&issuer.uri, before, issuer.due());
        Some(done)
    }

    /// Somebody wants something of an account: what it lacks for that is asked for as soon as may be.
    pub(super) fn hasten(&mut self, entry: &Entry, haste: Haste, now: Moment) {
        if let Some(uri) = entry.account.asks().filter(|_| entry.served().is_none()) {
            self.change(uri, |issuer| issuer.hasten(haste, now));
        }
    }

    /// When the next one is due.
    pub(super) fn next(&self) -> Option<Moment> {
        self.agenda.next()
    }

    pub(super) fn take_due(&mut self, now: Moment) -> Option<Arc<Uri>> {
        self.agenda.take_due(now)
    }
}

impl Issuer {
    fn new(uri: Arc<Uri>) -> Self {
        Self {
            uri,
            metadata: None,
            fetch: Fetch::Idle,
            bucket: Bucket::full(),
            answered: 0,
            settled_until: Moment::LONG_AGO,
            last_error: None,
            retry: Duration::ZERO,
        }
    }

    /// When it may be asked.
    pub(super) fn due(&self) -> Option<Moment> {
        match &self.fetch {
            Fetch::Waiting { due, .. } => Some((*due).max(self.bucket.next_allowed())),
            Fetch::Idle | Fetch::InFlight { .. } => None,
        }
    }

    /// Whether a person has to mend something before it is of use.
    pub(super) fn needs_attention(&self) -> bool {
        matches!(self.fetch, Fetch::Waiting { pause: Pause::Attention, .. })
    }

    /// Why nothing new is known of it, where it has been asked in vain.
    pub(super) fn nowhere(&self) -> Option<Nowhere> {
        let (needs_person, reached) = (self.needs_attention(), self.answered > 0);
        Some(Nowhere { reason: self.last_error.clone()?, needs_person, reached })
    }

    fn ask_again(&mut self, due: Moment) {
        match &mut self.fetch {
            Fetch::InFlight { was_mended, .. } => *was_mended = true,
            Fetch::Idle | Fetch::Waiting { .. } => self.rest(due, Pause::Fresh),
        }
    }

    /// Waiting → in flight: the question to send.
    pub(super) fn begin(&mut self, job: JobId, now: Moment) -> Option<MetadataRequest> {
        let Fetch::Waiting { .. } = &self.fetch else { return None };
        let request = MetadataRequest::new(Arc::clone(&self.uri));
        self.bucket.take(now);
        self.fetch = Fetch::InFlight { job, request: request.clone(), was_mended: false };
        Some(request)
    }

    /// What it was asked with this ticket, where that is the last that it was asked.
    pub(super) fn asked(&self, job: JobId) -> Option<&MetadataRequest> {
        match &self.fetch {
            Fetch::InFlight { job: held, request, .. } if *held == job => Some(request),
            _ => None,
        }
    }

    /// It has said all that there is to know.
    pub(super) fn answered(&mut self, metadata: Arc<Metadata>) {
        self.metadata = Some(metadata);
        (self.fetch, self.answered, self.last_error) = (Fetch::Idle, 0, None);
    }

    /// There is one more place to look at, at once: that is part of the same question.
    pub(super) fn look_elsewhere(&mut self, request: MetadataRequest, job: JobId) {
        if let Fetch::InFlight { job: held, request: asked, .. } = &mut self.fetch {
            (*held, *asked) = (job, request);
        }
    }

    /// It has said what is of no use, or does not do for all who ask: until a person has mended something.
    pub(super) fn refused(&mut self, reason: Reason, now: Moment) {
        (self.answered, self.last_error) = (0, Some(reason));
        self.rest(now.plus(pace::ATTENTION_RETRY), Pause::Attention);
    }

    /// It was not reached, or has not answered the question. `is_awaited`: callers wait for what needs it. Gives the
    /// pause, for which `dice` is any random number.
    pub(super) fn failed(&mut self, failure: Failure, is_awaited: bool, dice: u64, now: Moment) -> Duration {
        let Failure { reason, retry_after, reached } = failure;
        self.answered = if reached { self.answered.saturating_add(1) } else { 0 };
        self.last_error = Some(reason);
        if !reached {
            self.bucket.refund();
        }
        let pause = pace::pause(self.retry, self.answered, is_awaited, dice);
        let (due, not_before) = pace::after_pause(now, pause, retry_after);
        self.rest(due, Pause::Retry { not_before });
        self.due().map_or(Duration::ZERO, |due| due.since(now))
    }

    fn rest(&mut self, due: Moment, pause: Pause) {
        let was_mended = matches!(self.fetch, Fetch::InFlight { was_mended: true, .. });
        let (due, pause) = if was_mended { (Moment::LONG_AGO, Pause::Fresh) } else { (due, pause) };
        self.fetch = Fetch::Waiting { due, pause };
    }

    /// Somebody waits for what it says.
    pub(super) fn hasten(&mut self, haste: Haste, now: Moment) {
        if let Fetch::Waiting { due, pause } = &mut self.fetch {
            *due = pause.brought_forward(*due, haste, now);
        }
    }

    /// What it has said seems to be true no longer.
    pub(super) fn doubt(&mut self, now: Moment) {
        if matches!(self.fetch, Fetch::Idle) && self.settled_until <= now {
            self.settled_until = now.plus(BETWEEN_DOUBTS);
            self.ask_again(now);
        }
    }
}

/// Why an account still has nobody to ask for a token.
#[derive(Clone, Debug)]
pub(super) struct Nowhere {
    pub(super) reason: Reason,
    /// Whether a person has to mend something first.
    pub(super) needs_person: bool,
    /// Whether the issuer can have been reached.
    pub(super) reached: bool,
}
