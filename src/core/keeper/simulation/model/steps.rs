//! How an account goes from one phase to another, and what has to be told of it.

use super::{Model, Phase, SignIn};
use crate::keeper::Happened;
use crate::keeper::simulation::revocation::Concluded;
use crate::keeper::simulation::session::{Session, Wait};
use crate::keeper::tests::bench::seconds;
use crate::moment::{Moment, Now};
use crate::oauth::outcome::Reason;

impl Model {
    /// A first token is to be fetched.
    pub(in crate::keeper::simulation) fn fetch(&mut self, now: Now) {
        self.phase = Phase::Fetching(Session { by_itself: true, ..Session::beginning(now) });
    }

    /// The user has to visit this URL, and hears of it a second after the last one at the earliest.
    pub(in crate::keeper::simulation) fn pending(&mut self, url: String, next_reminder: Moment, now: Now) {
        self.invite(url, now);
        self.remind(next_reminder, now);
    }

    pub(in crate::keeper::simulation) fn new_sign_in(
        &self,
        url: String,
        user_code: Option<String>,
        now: Now,
    ) -> SignIn {
        let remind_at = self.told_at.map_or(now.moment, |told| told.plus(seconds(1)).max(now.moment));
        SignIn { url, user_code, remind_at, is_told: false }
    }

    pub(in crate::keeper::simulation) fn remind(&mut self, next_reminder: Moment, now: Now) {
        if let Some(SignIn { url, user_code, remind_at, is_told }) = self.waits_mut()
            && *remind_at <= now.moment
        {
            let (url, user_code) = (url.clone(), user_code.clone());
            let what = match is_told {
                true => Happened::AuthorizationReminded { url, user_code },
                false => Happened::AuthorizationPending { url, user_code, is_known: false },
            };
            (*remind_at, *is_told) = (next_reminder, true);
            self.told_at = Some(now.moment);
            self.expected.event(what);
        }
    }

    /// The URL has been used, or has become needless.
    pub(in crate::keeper::simulation) fn sign_in_is_used(&mut self) {
        if let Some(sign_in) = self.sign_in() {
            self.used_url = Some((sign_in.url.clone(), true));
        }
    }

    /// The session, if there is one, which gives way to a code that is exchanged now.
    pub(in crate::keeper::simulation) fn stepped_aside(&mut self, now: Now) -> Option<Session> {
        let request = self.request.take();
        let session = self.session()?;
        session.steps_aside(request.is_some(), now.moment);
        Some(Session { sign_in: None, ..session.clone() })
    }

    /// The session or the exchange is over, and with it all that was known of it; tells whether it was a session.
    pub(in crate::keeper::simulation) fn forget(&mut self) -> bool {
        self.conclude(Concluded::Overtaken);
        self.last_error = None;
        self.code_made_at = None;
        self.expected.forget_reported();
        self.used_url_means_nothing();
        self.end()
    }

    pub(in crate::keeper::simulation) fn used_url_means_nothing(&mut self) {
        if let Some((_, means_something)) = &mut self.used_url {
            *means_something = false;
        }
    }

    /// The session or the exchange is over; tells whether it was a session.
    pub(in crate::keeper::simulation) fn end(&mut self) -> bool {
        self.request = None;
        let was_held = self.held().is_some();
        self.phase = Phase::Empty;
        was_held
    }

    pub(in crate::keeper::simulation) fn failed(&mut self, reason: &Reason, now: Now) {
        self.heard_at = Some(now.moment);
        self.last_error = Some(reason.clone());
        self.last_was_sign_in = !matches!(self.phase, Phase::Active(_)) && !self.by_itself;
    }

    /// A hook or a server has ended the session.
    pub(in crate::keeper::simulation) fn session_ended(&mut self, reason: Reason, now: Now) {
        if self.by_itself {
            return self.attention_needed(reason, now);
        }
        self.failed(&reason, now);
        let sign_in = self.session().and_then(|session| session.sign_in.take());
        self.end();
        self.phase = sign_in.map_or(Phase::Empty, Phase::Pending);
        self.expected.error(reason, |reason, is_news| Happened::SessionEnded { reason, is_news });
    }

    /// Nothing is tried for an hour, and the failures before count no more.
    pub(in crate::keeper::simulation) fn attention_needed(&mut self, reason: Reason, now: Now) {
        if let Some(session) = self.session() {
            (session.failures, session.answered_failures) = (0, 0);
            (session.counted, session.question) = ((0, None), None);
            (session.wait, session.due) = (Wait::Person, now.moment.plus(seconds(3600)));
        }
        self.failed(&reason, now);
        self.expected.error(reason, |reason, is_news| Happened::NeedsAttention { reason, is_news });
    }

    /// An authorization or its exchange has come to nothing.
    pub(in crate::keeper::simulation) fn authorization_failed(&mut self, reason: Reason, now: Now) {
        if let Phase::Exchanging { .. } = self.phase {
            self.used_url_means_nothing();
        }
        let (request, kept) = match std::mem::take(&mut self.phase) {
            Phase::Active(session) => (self.request, Some(session)),
            Phase::Exchanging { kept, .. } | Phase::Starting { kept, .. } | Phase::OnDevice { kept, .. } => {
                (None, kept)
            }
            Phase::Empty | Phase::Pending(_) | Phase::Fetching(_) => (None, None),
        };
        self.failed(&reason, now);
        self.request = request;
        self.phase = kept.map_or(Phase::Empty, |kept| Phase::Active(Session { sign_in: None, ..kept }));
        self.expected.error(reason, |reason, is_news| Happened::AuthorizationFailed { reason, is_news });
    }
}
