//! What leaves the keeper: effects, with the tickets and the randomness that they need.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;

use pizauth_common::account_name::AccountName;
use pizauth_common::config::Uri;

use super::Entropy;
use super::effect::Effect;
use super::entry::Entry;
use super::event::{AccountEvent, Happened, IssuerEvent, Learned};
use super::tickets::JobId;
use crate::http::Stamp;
use crate::moment::Now;

/// A place among the effects.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark(usize);

/// Effects in the order in which they are to be performed.
pub(super) struct Outbox {
    effects: VecDeque<Effect>,
    /// `transient_error_if_cmd`s that have been handed out and not been answered.
    questions: BTreeMap<JobId, AccountName>,
    entropy: Entropy,
    last_job: u64,
}

impl Outbox {
    pub(super) fn new(entropy: Entropy) -> Self {
        Self { effects: VecDeque::new(), questions: BTreeMap::new(), entropy, last_job: 0 }
    }

    pub(super) fn put(&mut self, effect: Effect) {
        self.effects.push_back(effect);
    }

    /// Has `transient_error_if_cmd` asked; its verdict comes with the ticket.
    pub(super) fn ask_if_transient(&mut self, account: AccountName) -> JobId {
        let job = self.new_job();
        self.questions.insert(job, account.clone());
        self.put(Effect::AskIfTransient { job, account });
        job
    }

    /// Whom the question was about, once.
    pub(super) fn take_question(&mut self, job: JobId) -> Option<AccountName> {
        self.questions.remove(&job)
    }

    /// Tells everybody who listens what happened to the account.
    pub(super) fn tell(&mut self, entry: &Entry, what: Happened) {
        self.put(Effect::Tell(AccountEvent { account: entry.account.name.clone(), what }));
    }

    /// Tells what there is to know of an issuer.
    pub(super) fn tell_of(&mut self, issuer: &Arc<Uri>, what: Learned) {
        self.put(Effect::TellOfIssuer(IssuerEvent { issuer: Arc::clone(issuer), what }));
    }

    /// A place among the effects: what is put from now on comes behind it.
    pub(super) fn mark(&self) -> Mark {
        Mark(self.effects.len())
    }

    /// What has been told since then, within one step: nothing is taken meanwhile.
    pub(super) fn told(&self, since: Mark) -> impl Iterator<Item = &AccountEvent> {
        self.effects.range(since.0..).filter_map(|effect| match effect {
            Effect::Tell(event) => Some(event),
            _ => None,
        })
    }

    pub(super) fn has_told(&self, since: Mark) -> bool {
        self.told(since).next().is_some()
    }

    pub(super) fn take(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    pub(super) fn new_job(&mut self) -> JobId {
        self.last_job += 1;
        JobId(self.last_job)
    }

    pub(super) fn entropy(&mut self) -> &mut dyn FnMut(&mut [u8]) {
        &mut *self.entropy
    }

    /// For something that is signed now.
    pub(super) fn stamp(&mut self, now: Now) -> Stamp {
        let mut id = [0; 16];
        (self.entropy)(&mut id);
        Stamp { issued: now.wall, id }
    }

    pub(super) fn random(&mut self) -> u64 {
        let mut bytes = [0; 8];
        (self.entropy)(&mut bytes);
        u64::from_le_bytes(bytes)
    }
}
