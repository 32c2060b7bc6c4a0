//! One account as the keeper holds it: its configuration, its token state, its buckets.

mod due;
mod renewing;
mod revocation;
mod secret_wait;
mod stage;
mod told;
mod used_state;
mod waiters;
mod whom;

use alloc::sync::Arc;
use core::mem;

use pizauth_common::config::Account;
use pizauth_common::secret::Secret;

use super::bucket::Bucket;
use super::renewal::{Pause, Renewal, Renewer, Streak};
use super::token_state::{ActiveToken, TokenState};
use crate::moment::Moment;
use crate::oauth::id_token::somebody_else;
use crate::oauth::metadata::Metadata;
use crate::oauth::outcome::Reason;
use crate::prelude::*;
use crate::snapshot::Fingerprint;
pub(super) use revocation::{Revocation, RevocationStage};
pub(super) use secret_wait::{Refused, SecretWait};
use told::Told;
pub(super) use used_state::StateDigest;
pub use waiters::Demand;
use waiters::Waiters;
pub(super) use waiters::{Waiter, Who};

/// One account.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) account: Account,
    /// Of that account: what a dump says, and what a restore and a reload compare.
    pub(super) fingerprint: Fingerprint,
    /// What its issuer has said of its endpoints, where it asks one: the last answer with all that the account needs.
    pub(super) metadata: Option<Arc<Metadata>>,
    pub(super) state: TokenState,
    /// For sign-ins: exchanges, and requests for a user's code. Apart from that for refreshes, since an authorization
    /// code may be good for seconds only.
    exchanges: Bucket,
    refreshes: Bucket,
    /// When a token request was last answered.
    pub(super) answered_at: Option<Moment>,
    /// Whether that was an answer, or a refusal through the browser, to a sign-in.
    pub(super) last_was_sign_in: bool,
    /// What that answer said, if it was no success.
    pub(super) last_error: Option<Reason>,
    /// What has gone wrong, and which scopes were narrower, as far as the user has been told of it.
    pub(super) told: Told,
    /// Whether the user has been told that there is no valid access token.
    pub(super) is_out: bool,
    /// When the user was last told of a URL to visit. Hooks hear of the next one a second later at the earliest: one
    /// that brings about the next URL must not run itself in a tight loop.
    pub(super) told_at: Option<Moment>,
    /// No refresh before this: the refresh token is new, and not saved yet. Were it used and we died, the next start
    /// would send an older one, which a server may take for theft.
    pub(super) hold_until: Option<Moment>,
    /// When the server last gave a code for another device, if nothing has succeeded since. `show` asks for no further
    /// one for a while: nobody may be there to type it.
    pub(super) code_made_at: Option<Moment>,
    /// Why the last session or sign-in was forgotten, where that was at somebody's word.
    pub(super) forgotten: Option<&'static str>,
    /// Who has signed in in place of the one that `login_hint` names, or `user`.
    pub(super) somebody_else: Option<String>,
    /// Of the `state` that was used last, to recognise a reload of the browser's page.
    used_state: Option<StateDigest>,
    /// What the server has been asked to do, or will be: other requests wait until that is over.
    pub(super) revocation: Option<Box<Revocation>>,
    /// Whether it waits for the secret of its client.
    pub(super) secret_wait: SecretWait,
    /// The callers that wait for an access token of it, for its end, or for another stage of a sign-in.
    pub(super) waiters: Waiters,
}

impl Entry {
    pub(super) fn new(account: Account) -> Self {
        Self {
            fingerprint: Fingerprint::of_account(&account),
            account,
            metadata: None,
            state: TokenState::Empty,
            exchanges: Bucket::full(),
            refreshes: Bucket::full(),
            answered_at: None,
            last_was_sign_in: false,
            last_error: None,
            told: Told::default(),
            is_out: false,
            somebody_else: None,
            told_at: None,
            hold_until: None,
            code_made_at: None,
            forgotten: None,
            used_state: None,
            revocation: None,
            secret_wait: SecretWait::No,
            waiters: Waiters::default(),
        }
    }

    /// Takes the account as it is configured now. True where something security-relevant has changed. An account that
    /// has not changed at all stays where it is, so that a reload costs little and leaves no holes in memory.
    pub(super) fn configure(&mut self, account: Account) -> bool {
        if self.account == account {
            return false;
        }
        let before = mem::replace(&mut self.fingerprint, Fingerprint::of_account(&account));
        if self.account.asks() != account.asks() {
            self.metadata = None;
        }
        self.account = account;
        if let Some(renewer) = self.state.token_mut().and_then(|token| token.renewal.renewer_mut()) {
            renewer.settings_changed();
        }
        self.fingerprint != before
    }

    /// Takes the request that now leaves out of its bucket.
    pub(super) fn spend(&mut self, now: Moment) {
        match self.state {
            // A person has asked for it.
            _ if self.revocation.is_some() => {}
            TokenState::Starting(_) | TokenState::Exchanging(_) => self.exchanges.take(now),
            TokenState::Active(_) | TokenState::Fetching(_) => self.refreshes.take(now),
            // Polls have a law of their own: a bucket would be empty all the time.
            TokenState::Pending(_) | TokenState::OnDevice(_) | TokenState::Empty => {}
        }
    }

    /// The refresh that was sent has reached no server: most of what it took out of the bucket is put back.
    pub(super) fn not_reached(&mut self) {
        self.refreshes.refund();
    }

    /// What renews the access token, where there is one and something does.
    pub(super) fn renewer_mut(&mut self) -> Option<&mut Renewer> {
        self.state.renewal_mut()?.renewer_mut()
    }

    /// The transient failures of its renewal in a row, where there are any.
    pub(super) fn streak_mut(&mut self) -> Option<&mut Streak> {
        self.renewer_mut()?.streak.as_deref_mut()
    }

    /// The access token, while it is good for something.
    pub(super) fn valid_token(&self, now: Moment) -> Option<&Secret> {
        self.state.token()?.valid(now)
    }

    /// When the next refresh may begin, from `now` on; none where it is under way or impossible.
    pub(super) fn next_refresh(&self, now: Moment) -> Option<Moment> {
        self.state.renewal().filter(|_| self.revocation.is_none() && self.secret_wait.is_over())?;
        self.due_request().map(|due| due.max(now))
    }

    /// The tokens, if there are any and nothing is about to take their place.
    pub(super) fn active(&self) -> Option<&ActiveToken> {
        match &self.state {
            TokenState::Active(token) => Some(token),
            _ => None,
        }
    }

    /// Why the last try of the exchange that goes on failed, if one did.
    pub(super) fn exchange_error(&self) -> Option<Reason> {
        let TokenState::Exchanging(exchange) = &self.state else { return None };
        self.last_error.clone().filter(|_| exchange.has_failed())
    }

    /// Whether there is no valid access token and nothing that will bring one but an authorization.
    pub(super) fn needs_authorization(&self, now: Moment) -> bool {
        !self.signs_in_by_itself() && self.lacks_token(now)
    }

    /// Whether the client needs no user.
    pub(super) fn signs_in_by_itself(&self) -> bool {
        self.account.grant.application().is_some()
    }

    /// Whether there is no valid access token, and nothing has begun that will bring one without a user.
    pub(super) fn lacks_token(&self, now: Moment) -> bool {
        match &self.state {
            TokenState::Empty | TokenState::Pending(_) => true,
            TokenState::Starting(_) | TokenState::OnDevice(_) => self.valid_token(now).is_none(),
            TokenState::Exchanging(_) | TokenState::Fetching(_) => false,
            TokenState::Active(token) => token.is_spent(now),
        }
    }

    /// Whether a person has to mend something before a refresh can succeed.
    pub(super) fn needs_attention(&self) -> bool {
        matches!(self.state.renewal(), Some(Renewal::Idle { pause: Pause::Attention, .. }))
    }

    /// Lets go of an access token that has expired: it is good for nothing but to be found in our memory.
    pub(super) fn wipe_expired(&mut self, now: Moment) {
        if let Some(token) = self.state.token_mut()
            && token.has_expired(now)
        {
            token.access_token = None;
        }
    }

    /// Notes a success: what was reported may be reported again when it comes back.
    pub(super) fn succeeded(&mut self, now: Moment) {
        self.answered_at = Some(now);
        let is_first = self.active().is_some_and(|token| token.lineage.generation == 0);
        self.last_was_sign_in = is_first && !self.signs_in_by_itself();
        self.last_error = None;
        self.code_made_at = None;
        self.forgotten = None;
        self.told.forget_causes();
    }

    /// Notes a failure, of a refresh while there is a session and else of a sign-in.
    pub(super) fn failed(&mut self, reason: &Reason, now: Moment) {
        self.answered_at = Some(now);
        self.last_was_sign_in = self.active().is_none() && !self.signs_in_by_itself();
        self.last_error = Some(reason.clone());
    }

    /// Who of these users is another than `login_hint` names, or `user` where there is none.
    pub(super) fn somebody_else_of(&self, users: &[String]) -> Option<String> {
        let fields = self.account.grant.auth_uri_fields();
        let hint = fields.iter().find(|(name, _)| name == "login_hint").map(|(_, hint)| hint.as_str());
        let meant = hint.or(self.account.user.as_deref())?;
        somebody_else(meant, users).map(str::to_owned)
    }

    /// Takes a token from a dump.
    pub(super) fn take_restored(&mut self, token: ActiveToken) {
        // The page of a sign-in that has become needless may say so.
        let pending = self.pending_digest();
        self.clear();
        self.used_state = pending;
        self.state = TokenState::Active(token);
    }

    /// Takes out the tokens that there are besides a sign-in, which is over.
    pub(super) fn take_tokens(&mut self) -> Option<ActiveToken> {
        match mem::replace(&mut self.state, TokenState::Empty).without_sign_in() {
            TokenState::Active(token) => Some(token),
            _ => None,
        }
    }

    /// Back to empty, whatever is under way included. Gives what there was.
    pub(super) fn drop_session(&mut self) -> TokenState {
        let had = mem::replace(&mut self.state, TokenState::Empty);
        self.clear();
        had
    }

    /// Forgets everything about the session, the errors included.
    pub(super) fn clear(&mut self) {
        self.state = TokenState::Empty;
        self.revocation = None;
        self.secret_wait = SecretWait::No;
        self.last_error = None;
        self.somebody_else = None;
        self.used_state = None;
        self.code_made_at = None;
        self.forgotten = None;
        self.told.forget_causes();
    }
}
