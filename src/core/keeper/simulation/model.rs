//! What must be true of one account: a second, slower and simpler telling of the rules.

use std::collections::BTreeSet;
use std::time::Duration;

use pizauth_common::config::Account;
use pizauth_common::ipc::message::{AccountStatus, Method, State};

use super::device::Codes;
use super::expected::Expected;
use super::revocation::{Concluded, Revocation};
use super::session::{Session, Wait};
use crate::keeper::tests::bench::seconds;
use crate::keeper::{AccountEvent, Happened, JobId, WayOut};
use crate::moment::{Moment, Now};
use crate::oauth::outcome::Reason;

#[derive(Clone, Debug, Default)]
#[expect(clippy::large_enum_variant, reason = "there are few of them")]
pub(super) enum Phase {
    #[default]
    Empty,
    /// Codes have been asked for, or will be.
    Starting {
        /// The user waits for them.
        is_known: bool,
        /// Back if it fails.
        kept: Option<Session>,
    },
    Pending(SignIn),
    /// The user signs in on another device.
    OnDevice {
        sign_in: SignIn,
        codes: Codes,
        /// Back if it fails.
        kept: Option<Session>,
    },
    Exchanging {
        code: String,
        tries: u32,
        due: Moment,
        /// Back if it fails.
        kept: Option<Session>,
    },
    Active(Session),
    /// A client that signs in by itself has no token yet; all that there is of the session is its renewal.
    Fetching(Session),
}

/// The user has to visit a URL.
#[derive(Clone, Debug)]
pub(super) struct SignIn {
    pub(super) url: String,
    /// To be typed there.
    pub(super) user_code: Option<String>,
    pub(super) remind_at: Moment,
    pub(super) is_told: bool,
}

/// A request that a bucket is for.
#[derive(Clone, Debug)]
struct Sent {
    signs_in: bool,
    at: Moment,
    /// After so long it is forgotten.
    counts: Duration,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    pub(super) phase: Phase,
    /// The request that the account waits for.
    pub(super) request: Option<JobId>,
    /// Its requests that the buckets are for.
    sent: Vec<Sent>,
    /// The URL of the authorization request that was used last, and whether that still means anything.
    pub(super) used_url: Option<(String, bool)>,
    /// When it was last heard how something ended, and what was wrong with it.
    pub(super) heard_at: Option<Moment>,
    pub(super) last_error: Option<Reason>,
    /// When the user was told of a URL.
    told_at: Option<Moment>,
    pub(super) last_was_sign_in: bool,
    /// When the last code was made that nobody has used.
    pub(super) code_made_at: Option<Moment>,
    /// When it was last asked about one.
    pub(super) polled_at: Option<Moment>,
    /// Whether the next effect must be the question whether a failure is transient.
    pub(super) must_ask: bool,
    pub(super) expected: Expected,
    /// Whether the user knows that there is no valid access token.
    is_out: bool,
    /// Its refresh token is not sent earlier, since it may not be saved yet.
    pub(super) hold_until: Option<Moment>,
    /// How many callers wait for it.
    pub(super) waiters: usize,
    /// What its server is asked to do, or will be.
    pub(super) revocation: Option<Revocation>,
    /// How one has ended in this step.
    pub(super) concluded: Option<Concluded>,
    /// The client signs in by itself.
    pub(super) by_itself: bool,
    /// It has something to send, and no secret.
    pub(super) waits_for_secret: bool,
}

impl Model {
    /// That of an account which nothing has happened to.
    pub(super) fn of(account: &Account) -> Self {
        Self { by_itself: account.grant.application().is_some(), ..Self::default() }
    }

    pub(super) fn session(&mut self) -> Option<&mut Session> {
        match &mut self.phase {
            Phase::Active(session) | Phase::Fetching(session) => Some(session),
            _ => None,
        }
    }

    /// A first token is to be fetched.
    pub(super) fn fetch(&mut self, now: Now) {
        self.phase = Phase::Fetching(Session { by_itself: true, ..Session::beginning(now) });
    }

    /// The session, also while something is about to take its place.
    pub(super) fn held(&self) -> Option<&Session> {
        match &self.phase {
            Phase::Active(session) => Some(session),
            Phase::Exchanging { kept, .. } | Phase::Starting { kept, .. } | Phase::OnDevice { kept, .. } => {
                kept.as_ref()
            }
            Phase::Empty | Phase::Pending(_) | Phase::Fetching(_) => None,
        }
    }

    pub(super) fn held_mut(&mut self) -> Option<&mut Session> {
        match &mut self.phase {
            Phase::Active(session) => Some(session),
            Phase::Exchanging { kept, .. } | Phase::Starting { kept, .. } | Phase::OnDevice { kept, .. } => {
                kept.as_mut()
            }
            Phase::Empty | Phase::Pending(_) | Phase::Fetching(_) => None,
        }
    }

    pub(super) fn sign_in(&self) -> Option<&SignIn> {
        match &self.phase {
            Phase::Pending(sign_in) => Some(sign_in),
            Phase::Active(session) => session.sign_in.as_ref(),
            _ => None,
        }
    }

    /// What the user has to do, in a browser or on another device.
    pub(super) fn waits(&self) -> Option<&SignIn> {
        match &self.phase {
            Phase::OnDevice { sign_in, .. } => Some(sign_in),
            _ => self.sign_in(),
        }
    }

    pub(super) fn waits_mut(&mut self) -> Option<&mut SignIn> {
        match &mut self.phase {
            Phase::Pending(sign_in) | Phase::OnDevice { sign_in, .. } => Some(sign_in),
            Phase::Active(session) => session.sign_in.as_mut(),
            Phase::Empty | Phase::Starting { .. } | Phase::Exchanging { .. } | Phase::Fetching(_) => None,
        }
    }

    /// The URL has been used, or has become needless.
    pub(super) fn sign_in_is_used(&mut self) {
        if let Some(sign_in) = self.sign_in() {
            self.used_url = Some((sign_in.url.clone(), true));
        }
    }

    /// One of [`super::coverage::STATES`].
    pub(super) fn state(&self, now: Now) -> &'static str {
        match &self.phase {
            Phase::Empty => "empty",
            Phase::Starting { .. } if self.request.is_none() => "request for codes waits",
            Phase::Starting { .. } => "request for codes in flight",
            Phase::OnDevice { .. } if self.request.is_none() => "pending on a device",
            Phase::OnDevice { .. } => "poll in flight",
            Phase::Pending(_) => "pending",
            Phase::Exchanging { kept: Some(_), .. } => "exchange beside",
            Phase::Exchanging { .. } if self.request.is_none() => "exchange waits",
            Phase::Exchanging { .. } => "exchange in flight",
            Phase::Fetching(_) if self.request.is_none() => "fetch waits",
            Phase::Fetching(_) => "fetch in flight",
            Phase::Active(_) if self.request.is_some() => "refresh in flight",
            Phase::Active(session) if session.sign_in.is_some() => "sign-in beside",
            Phase::Active(session) => match (session.is_refreshable(), session.has_expired(now.moment)) {
                (false, false) => "valid, final",
                (false, true) => "expired, final",
                (true, false) => "valid, idle",
                (true, true) => "expired, idle",
            },
        }
    }

    /// The session, if there is one, which gives way to a code that is exchanged now.
    pub(super) fn stepped_aside(&mut self, now: Now) -> Option<Session> {
        let request = self.request.take();
        let session = self.session()?;
        session.steps_aside(request.is_some(), now.moment);
        Some(Session { sign_in: None, ..session.clone() })
    }

    /// The user has to visit this URL, and hears of it a second after the last one at the earliest.
    pub(super) fn pending(&mut self, url: String, next_reminder: Moment, now: Now) {
        self.invite(url, now);
        self.remind(next_reminder, now);
    }

    pub(super) fn new_sign_in(&self, url: String, user_code: Option<String>, now: Now) -> SignIn {
        let remind_at = self.told_at.map_or(now.moment, |told| told.plus(seconds(1)).max(now.moment));
        SignIn { url, user_code, remind_at, is_told: false }
    }

    pub(super) fn remind(&mut self, next_reminder: Moment, now: Now) {
        if let Some(SignIn { url, user_code, remind_at, is_told }) = self.waits_mut()
            && *remind_at <= now.moment
        {
            let (url, user_code) = (url.clone(), user_code.clone());
            let what = match is_told {
                true => Happened::AuthorizationReminded { url, user_code },
                false => {
                    let is_late = user_code.is_some();
                    Happened::AuthorizationPending { url, user_code, is_known: false, is_late }
                }
            };
            (*remind_at, *is_told) = (next_reminder, true);
            self.told_at = Some(now.moment);
            self.expected.event(what);
        }
    }

    /// The session or the exchange is over, and with it all that was known of it; tells whether it was a session.
    pub(super) fn forget(&mut self) -> bool {
        self.conclude(Concluded::Overtaken);
        self.last_error = None;
        self.code_made_at = None;
        self.expected.forget_reported();
        if let Some((_, means_something)) = &mut self.used_url {
            *means_something = false;
        }
        self.end()
    }

    /// The session or the exchange is over; tells whether it was a session.
    pub(super) fn end(&mut self) -> bool {
        self.request = None;
        let was_held = self.held().is_some();
        self.phase = Phase::Empty;
        was_held
    }

    pub(super) fn failed(&mut self, reason: &Reason, now: Now) {
        self.heard_at = Some(now.moment);
        self.last_error = Some(reason.clone());
        self.last_was_sign_in = !matches!(self.phase, Phase::Active(_)) && !self.by_itself;
    }

    /// A hook or a server has ended the session.
    pub(super) fn session_ended(&mut self, reason: Reason, now: Now) {
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
    pub(super) fn attention_needed(&mut self, reason: Reason, now: Now) {
        if let Some(session) = self.session() {
            (session.failures, session.answered_failures) = (0, 0);
            (session.counted, session.question) = ((0, None), None);
            (session.wait, session.due) = (Wait::Person, now.moment.plus(seconds(3600)));
        }
        self.failed(&reason, now);
        self.expected.error(reason, |reason, is_news| Happened::NeedsAttention { reason, is_news });
    }

    /// An authorization or its exchange has come to nothing.
    pub(super) fn authorization_failed(&mut self, reason: Reason, now: Now) {
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

    /// Whether an event is about an outage; then it must be one that begins or ends.
    pub(super) fn told_of_outage(&mut self, event: &AccountEvent, now: Moment) -> bool {
        match &event.what {
            Happened::Outage { reason, way_out } => {
                assert!(!self.is_out && self.misses_token(now), "an outage that is none");
                assert_eq!(*way_out, self.way_out());
                if *way_out != WayOut::SignIn {
                    assert_eq!(Some(reason), self.last_error.as_ref());
                }
                assert!(event.error_message().is_some());
                self.is_out = true;
            }
            Happened::OutageOver => {
                assert!(self.is_out && self.has_token(now), "it goes on");
                assert_eq!(event.error_message(), None);
                self.is_out = false;
            }
            _ => return false,
        }
        true
    }

    fn way_out(&self) -> WayOut {
        match self.held() {
            Some(session) if !session.is_refreshable() => WayOut::SignIn,
            Some(session) if session.wait == Wait::Person => WayOut::Attention,
            _ => WayOut::Refresh,
        }
    }

    /// The user knows of every outage, and of its end.
    pub(super) fn check_outage(&self, now: Moment) {
        assert!(self.is_out || !self.misses_token(now), "a token has expired in silence: {self:?}");
        assert!(!self.is_out || !self.has_token(now), "nobody was told that it works again: {self:?}");
    }

    fn has_token(&self, now: Moment) -> bool {
        self.held().is_some_and(|session| session.valid_token(now).is_some())
    }

    /// An access token has expired, and no refresh is under way or about to begin.
    fn misses_token(&self, now: Moment) -> bool {
        let Phase::Active(session) = &self.phase else { return false };
        let waits = self.request.is_none() && session.wait != Wait::Fresh && session.due > now;
        session.has_expired(now) && (waits || !session.is_refreshable())
    }

    fn signs_in(&self) -> bool {
        matches!(self.phase, Phase::Exchanging { .. } | Phase::Starting { .. })
    }

    /// The refresh that was sent last has reached no server.
    pub(super) fn not_reached(&mut self) {
        self.sent.last_mut().expect("a refresh was sent").counts = seconds(2);
    }

    /// Three sign-ins at once, and then one every ten seconds; of refreshes the same, but where no server is reached one
    /// every two seconds.
    fn bucket_allows_at(&self) -> Moment {
        let signs_in = self.signs_in();
        let alike = self.sent.iter().rev().filter(|sent| sent.signs_in == signs_in);
        let full_at = alike.scan(Duration::ZERO, |counted, sent| {
            *counted += sent.counts;
            Some(sent.at.plus(*counted))
        });
        full_at.max().unwrap_or(Moment::LONG_AGO).minus(seconds(20))
    }

    /// When the next token request may leave, as far as it is for the account.
    pub(super) fn wants_request_at(&self) -> Option<Moment> {
        if self.waits_for_secret {
            return None;
        }
        if let Some(revocation) = self.revocation.as_ref().filter(|_| self.request.is_none()) {
            return revocation.job.is_none().then_some(Moment::LONG_AGO);
        }
        let due = match &self.phase {
            _ if self.request.is_some() => return None,

            Phase::OnDevice { codes, .. } => return Some(codes.due),
            Phase::Starting { .. } => Moment::LONG_AGO,
            Phase::Exchanging { due, .. } => *due,
            Phase::Active(session) | Phase::Fetching(session) if session.is_refreshable() => {
                session.due.max(self.hold_until.unwrap_or(Moment::LONG_AGO))
            }
            _ => return None,
        };
        Some(due.max(self.bucket_allows_at()))
    }

    /// Until the refresh that is wanted may begin.
    pub(super) fn refresh_in(&self, now: Now) -> Duration {
        self.wants_request_at().unwrap_or(now.moment).since(now.moment)
    }

    /// Whether it waits for the answer to this request.
    pub(super) fn awaits(&self, job: JobId) -> bool {
        let revocation = self.revocation.as_ref().and_then(|revocation| revocation.job);
        self.request == Some(job) || revocation == Some(job)
    }

    /// Why the last try of the exchange that goes on failed, if one did.
    pub(super) fn exchange_error(&self) -> Option<Reason> {
        let under_way = u32::from(self.request.is_some());
        let has_failed = matches!(self.phase, Phase::Exchanging { tries, .. } if tries > under_way);
        self.last_error.clone().filter(|_| has_failed)
    }

    /// A token request leaves: there is no other one for the account, it is due, and the bucket allows it.
    pub(super) fn request_sent(&mut self, job: JobId, now: Now) {
        assert_eq!(self.request, None, "two requests at once");
        let wanted = self.wants_request_at();
        assert!(
            wanted.is_some_and(|at| at <= now.moment),
            "a request that waits for {wanted:?}, not {now:?}"
        );
        if let Some(revocation) = &mut self.revocation {
            assert_eq!(revocation.job.replace(job), None, "two revocations at once");
            return;
        }
        self.request = Some(job);
        match self.phase {
            Phase::OnDevice { .. } => self.poll_sent(now.moment),
            _ => self.sent.push(Sent { signs_in: self.signs_in(), at: now.moment, counts: seconds(10) }),
        }
        if let Phase::Exchanging { tries, .. } = &mut self.phase {
            *tries += 1;
        }
    }

    /// What is sent by the refresh that goes on.
    pub(super) fn refresh_token_in_flight(&self) -> Option<String> {
        let Phase::Active(session) = &self.phase else { return None };
        session.refresh_token.clone().filter(|_| self.request.is_some())
    }

    /// What `status` has to say.
    pub(super) fn status(&self, account: &str, now: Now) -> AccountStatus {
        let session = self.held();
        let is_active = matches!(self.phase, Phase::Active(_) | Phase::Fetching(_));
        let wall = |moment| now.wall_at(moment);
        AccountStatus {
            account: account.to_owned(),
            state: match &self.phase {
                Phase::Empty => State::Empty,
                Phase::Starting { .. } => State::Starting,
                Phase::Pending(_) | Phase::OnDevice { .. } => State::Pending,
                Phase::Exchanging { .. } => State::Exchanging,
                Phase::Active(_) => State::Active,
                Phase::Fetching(_) => State::Fetching,
            },
            method: match &self.phase {
                Phase::Starting { .. } | Phase::OnDevice { .. } => Some(Method::Device),
                Phase::Exchanging { .. } => Some(Method::Browser),
                _ => self.sign_in().map(|_| Method::Browser),
            },
            obtained: session.map(|session| wall(session.obtained_at)),
            expires: session.filter(|session| !session.is_endless()).map(|session| wall(session.expires_at)),
            refreshable: session.is_some_and(Session::is_refreshable)
                || matches!(self.phase, Phase::Fetching(_)),
            in_flight: self.request.is_some(),
            waits_for_secret: false,
            next_refresh: self
                .wants_request_at()
                .filter(|_| is_active && self.revocation.is_none())
                .map(|at| wall(at.max(now.moment))),
            last_refresh: self.heard_at.map(wall),
            last_was_sign_in: self.last_was_sign_in,
            last_error: self.last_error.as_ref().map(|reason| reason.as_str().to_owned()),
            needs_attention: self.needs_attention(),
            signed_in_as: None,
            user: None,
            usable: self.has_token(now.moment),
            needs_user: match &self.phase {
                Phase::Empty => !self.by_itself,
                Phase::Starting { .. } | Phase::Pending(_) | Phase::OnDevice { .. } => true,
                Phase::Exchanging { .. } => false,
                Phase::Fetching(_) => self.needs_attention(),
                Phase::Active(session) => self.needs_attention() || session.is_spent(now.moment),
            },
        }
    }

    pub(super) fn needs_attention(&self) -> bool {
        let waits = matches!(&self.phase,
            Phase::Active(session) | Phase::Fetching(session) if session.wait == Wait::Person);
        waits && self.request.is_none()
    }
}

/// Codes that may have been seen by the server: none of them may be sent again.
#[derive(Default)]
pub(super) struct SpentCodes(BTreeSet<String>);

impl SpentCodes {
    pub(super) fn spend(&mut self, code: &str) {
        self.0.insert(code.to_owned());
    }

    /// The server has refused the client, and has not looked at the code.
    pub(super) fn excuse(&mut self, code: &str) {
        self.0.remove(code);
    }

    pub(super) fn assert_unspent(&self, code: &str) {
        assert!(!self.0.contains(code), "the code {code} was sent twice");
    }
}
